/**
 * Where the files are: the interface that the commands work on. It knows no protocol and no session.
 *
 * Paths are lists of names below the served folder; an empty list is the folder itself. Every method throws a
 * `DiskError` for what can be foreseen: among others `not_found`, `denied`, and `outside` for a path that a symbolic link
 * leads out of the served folder.
 *
 * @module
 */

import type { PartialOwner } from "../../disk/names.ts";
import type { DiskError } from "../../disk/errors.ts";
import type { Collision } from "../../disk/claim.ts";
import type { SmallFile } from "../../disk/small_file.ts";
import type { TouchOptions } from "../../disk/touch.ts";

/** Names from the served folder down. */
export type Path = readonly string[];

/** What stands under a name. A link that stays inside shows what it leads to; any other one is `link`. */
export interface Item {
  /** Its name; in a recursive listing the path below the listed folder. */
  name: string;
  /** What it is. */
  kind: "file" | "folder" | "link" | "other";
  /** Bytes; 0 for all but files. */
  size: number;
  /** Time of the last change, in milliseconds since 1970. */
  modified: number;
  /** Its rights: the lowest nine bits of its mode. */
  mode: number;
  /** Whether it was reached through a symbolic link. */
  link: boolean;
  /** Whether its name is not valid Unicode: `name` has U+FFFD for what is none, and leads nowhere. */
  lossy?: boolean;
  /** Why it cannot be looked at; of a folder, beside what was told of that itself, why it cannot be looked into. */
  unreadable?: "denied" | "changed" | "failed";
}

/** What a folder holds. */
export interface Usage {
  /** Bytes of all files. */
  size: number;
  /** How many files. */
  files: number;
  /** How many folders, itself not counted. */
  folders: number;
}

/** What was removed. */
export interface Removed {
  /** How many files, links and the like. */
  files: number;
  /** How many folders, the one that was named not counted. */
  folders: number;
}

/** An open file to read from, front to back. */
export interface OpenFile {
  /** What it is. */
  readonly item: Item;
  /** Bytes. */
  readonly size: number;
  /** Fills a part of `into`; returns how many bytes, 0 at the end. */
  read(into: Uint8Array<ArrayBuffer>): number | Promise<number>;
  /** Goes on reading from another place, in bytes from the start. */
  seek(offset: number): void;
  /** Reads from a place, and goes on from there; returns how many bytes, fewer than asked for only at the end. */
  readAt(at: number, into: Uint8Array): Promise<number>;
  /**
   * Goes back to the first byte if the file was written to since it was opened; returns the error that this is, unless the same
   * can be read once more.
   */
  rewindIfChanged(): Error | undefined;
  /** Must be called in the end. */
  close(): void;
}

/** Reads many small files. */
export interface SmallFileReader {
  /**
   * Reads a file.
   *
   * @param into has room for it
   * @returns its content is a part of `into`, unless that is too small
   */
  read(path: Path, into: Uint8Array<ArrayBuffer>): SmallFile | "too large";
  /** Must be called in the end. */
  close(): void;
}

/** What an interrupted upload left. */
export interface Interrupted {
  /** How many bytes. */
  readonly size: number;
  /** Reads from a place in it; returns how many bytes. */
  readAt(at: number, into: Uint8Array): Promise<number>;
  /** Must be called in the end. */
  close(): void;
}

/** Room on the disk, in bytes. */
export interface Room {
  /** All of it. */
  size: number;
  /** What can still be used. */
  free: number;
}

/** How a file is begun. */
export interface CreateOptions {
  /** The rights of what it is a copy of; those of a new file by default. */
  mode?: number;
  /** What to do when its name is taken. */
  collision: Collision;
  /** How many bytes it will have, where that is known. */
  size?: number;
  /** Who may go on with it after an interruption. */
  owner?: PartialOwner;
  /** How many bytes of what the owner's last attempt left are to be kept. */
  offset: number;
  /** Whether an earlier attempt may have stored the same file: then it is not stored again. */
  again?: boolean;
}

/** A file on its way in: invisible until it is published. */
export interface NewFile {
  /** Appends bytes. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Makes it durable and, unless the signal has come by then, visible; returns the path it got. */
  publish(options: { modified?: number; signal?: AbortSignal }): Promise<Path>;
  /** Leaves no trace of it, unless it was published. */
  discard(): void;
  /** Leaves it for its owner to go on with; without an owner, the same as `discard`. */
  keep(): void;
}

/** How many small files are stored at once. */
export interface StoreOptions {
  /** What to do when a name is taken. */
  collision: Collision;
  /** Whether an earlier attempt may have stored the same files: those that it did are not stored again. */
  again: boolean;
}

/** Small files on their way in, invisible until all of them are published. */
export interface NewFiles {
  /**
   * Writes one.
   *
   * @param content may be used again afterwards
   */
  add(path: Path, content: Uint8Array<ArrayBuffer>, options: { modified: number; mode: number }): void;
  /** Makes all of them durable and visible; returns for each, in order, the path that it got, or why it was not stored. */
  publish(): Promise<(Path | DiskError)[]>;
  /** Leaves no trace of those that were not published. */
  discard(): void;
}

/** A tree of files and folders. */
export interface Storage {
  /** What stands under a path. */
  stat(path: Path): Item;
  /** A path with all of its symbolic links resolved. */
  real(path: Path): Path;
  /** What a folder holds, in no order, many at a time. Without `hidden`, names that start with a dot are left out. */
  list(path: Path, options: { recursive: boolean; hidden: boolean }): AsyncIterable<Item[]>;
  /** The sum of a file or of everything below a folder. */
  usage(path: Path, signal: AbortSignal): Promise<Usage>;
  /** Opens a file for reading. */
  open(path: Path): OpenFile;
  /** Reads many small files, one after the other: those of one folder, in a row, faster than by themselves. */
  reader(): SmallFileReader;
  /** Begins a file, or goes on with one; the folder it is to stand in must exist. */
  create(path: Path, options: CreateOptions): Promise<NewFile>;
  /** Begins many small files at once. */
  store(options: StoreOptions): NewFiles;
  /** What an interrupted upload to a path left; `undefined` when there is nothing, `held` when somebody else is writing it. */
  interrupted(path: Path, owner: PartialOwner): Promise<Interrupted | "held" | undefined>;
  /** Copies a file under a free name. */
  copy(from: Path, to: Path, signal: AbortSignal): Promise<void>;
  /** Room on the disk that holds a path. */
  room(path: Path): Promise<Room>;
  /**
   * Removes a file or a link; with `recursive` a folder too, with all that is in it. Links are not followed. What is known to
   * prevent it is found before anything is gone.
   */
  remove(path: Path, options: { recursive: boolean; signal: AbortSignal }): Promise<Removed>;
  /** Sets the time of a file, and the rights of a file or folder. */
  touch(path: Path, options: TouchOptions): void;
  /** Makes a folder in an existing one; `mode`: the rights of what it is a copy of. */
  makeFolder(path: Path, mode?: number): void;
  /** Removes what interrupted uploads left, and nobody has written to since a time in milliseconds since 1970. */
  sweep(before: number): Promise<number>;
  /** Removes an empty folder. */
  removeFolder(path: Path): void;
  /** Gives a file or folder another name, which must be free. */
  move(from: Path, to: Path): void;
}
