/**
 * Folders that are held open.
 *
 * @module
 */

import { HeldFolder } from "./held_folder.ts";
import type { Listed } from "./list_folder.ts";
import { goesUp, libc } from "./libc.ts";
import type { Stat, Version } from "./stat.ts";
import { NamedFolder } from "./named_folder.ts";
import { under } from "./path.ts";
import { movedMeanwhile, whyNotPlain } from "./plain.ts";
import type { NewSmallFile, SmallFile } from "./small_file.ts";

/**
 * A folder in which several things are to be done. Names are single ones. All of it throws what the system throws, unless it says
 * otherwise.
 */
export interface OpenFolder extends Disposable {
  /** Its path when it was opened; its real one where the path that was asked for goes up. */
  readonly path: string;
  /** Whether no part of that may be a symbolic link. */
  readonly plain: boolean;
  /**
   * What the system says of something in it.
   *
   * @param follow whether of what a symbolic link leads to
   */
  stat(name: string, follow?: boolean): Stat;
  /** The names in it, some hundreds at a time. */
  list(): Generator<Listed[]>;
  /**
   * Reads a file.
   *
   * @param into has room for it
   * @param shown what it is called in messages; asked for only when there is one
   * @param known what it was when it was looked at, where that was not long ago: it need not be looked at again
   * @returns its content is a part of `into`, unless that is too small; of a symbolic link nothing is read
   * @throws {DiskError} `changed` when it was written to meanwhile, `is_folder` and others
   */
  readFile(
    name: string,
    into: Uint8Array<ArrayBuffer>,
    shown: () => string,
    known?: Version,
  ): SmallFile | "too large" | "link";
  /**
   * Creates a file and writes it. It is gone again when that fails.
   *
   * @returns whether it is flushed
   */
  writeFile(name: string, file: NewSmallFile): boolean;
  /**
   * Makes a folder where nothing is.
   *
   * @param mode the rights that it gets, less what the umask takes
   */
  makeFolder(name: string, mode: number): void;
  /** Sets the rights of a file, where the file system knows any. */
  setMode(name: string, mode: number): void;
  /** Gives a file a second name, which must be free. */
  link(name: string, to: OpenFolder, wanted: string): void;
  /** Moves something within its file system. It replaces a file; a folder replaces an empty one. */
  move(name: string, to: OpenFolder, wanted: string): void;
  /**
   * Moves something within its file system to a name that must be free.
   *
   * @returns `false`, and nothing is done, where that cannot be done in one step
   */
  moveToFreeName(name: string, to: OpenFolder, wanted: string): boolean;
  /** Removes a file, or whatever is no folder; or an empty folder. */
  remove(name: string, kind: "file" | "folder"): void;
}

/**
 * Opens a folder. What is done in it is done in that very folder, whoever moves it meanwhile, or puts a link in its place. Where
 * there is no C library, it is known by its path only; where it must be plain, that is looked at each time.
 *
 * @param path of the folder
 * @param plain whether no part of the path may be a symbolic link
 * @throws {DiskError} `changed` when there is a link in a path that must be plain; what the system throws
 */
export function openFolder(path: string, plain = false): OpenFolder {
  const calls = libc();
  if (!calls || plain && !calls.refusesLinks) return new NamedFolder(path, plain);
  const folder = calls.openFolder(path, plain);
  if (folder >= 0) return new HeldFolder(calls, path, folder, plain);
  const error = calls.error();
  if (plain) throw whyNotPlain(error);
  if (!goesUp(path)) throw error;
  return openFolder(Deno.realPathSync(path)); // to Deno such a path may lead elsewhere than to the system
}

/**
 * To be called right before names are given in a folder that has been open for some time: where it was moved meanwhile, nobody
 * would look for them there.
 *
 * @param folder that is open
 * @throws {DiskError} `changed` when its path leads to another folder by now; what the system throws
 */
export function requireInPlace(folder: OpenFolder): void {
  using now = openFolder(folder.path, folder.plain);
  const [there, own] = [now.stat("."), folder.stat(".")];
  if (there.dev !== own.dev || there.ino !== own.ino) throw movedMeanwhile();
}

/**
 * Opens a file in a folder, to read and to write. Deno opens by a path only, so it is looked at whether that led to the very file.
 *
 * @param folder that is open
 * @param name of the file
 * @throws {DiskError} `changed` when it is no file, or another one was opened; what the system throws
 */
export function openFileIn(folder: OpenFolder, name: string): Deno.FsFile {
  const there = folder.stat(name);
  if (there.kind !== "file") throw movedMeanwhile();
  // Always for both: to open a pipe for one of the two, which may have come into its place, waits for who has the other.
  const file = Deno.openSync(under(folder.path, name), { read: true, write: true });
  let isIt = false;
  try {
    const { dev, ino } = file.statSync();
    isIt = dev === there.dev && ino === there.ino;
  } finally {
    if (!isIt) file.close();
  }
  if (!isIt) throw movedMeanwhile();
  return file;
}

/** The two folders that were used last, held open: what is done to many files is done to those of one folder in a row. */
export class OpenFolders implements Disposable {
  readonly #plain: boolean;
  /** By the paths that were asked for, the one that was used last first. */
  #open: { path: string; folder: OpenFolder }[] = [];

  /**
   * None yet.
   *
   * @param plain whether no part of their paths may be a symbolic link
   */
  constructor(plain: boolean) {
    this.#plain = plain;
  }

  /**
   * The folder of a path, to be used before the next but one is asked for.
   *
   * @throws {DiskError} {@linkcode openFolder}
   */
  get(path: string): OpenFolder {
    const [first, second] = this.#open;
    if (first?.path === path) return first.folder;
    if (second?.path === path) {
      this.#open.reverse();
      return second.folder;
    }
    const folder = openFolder(path, this.#plain);
    second?.folder[Symbol.dispose]();
    this.#open = first ? [{ path, folder }, first] : [{ path, folder }];
    return folder;
  }

  /** Closes them; whatever is asked for after that is opened anew. */
  [Symbol.dispose](): void {
    for (const { folder } of this.#open) folder[Symbol.dispose]();
    this.#open = [];
  }
}
