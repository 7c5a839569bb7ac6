/**
 * A storage on the local disk (or whatever is mounted there), confined to one folder.
 *
 * @module
 */

import { DiskError, diskError, errnoOf } from "../../disk/errors.ts";
import { exists, isFolder } from "../../disk/exists.ts";
import { FileBatch } from "../../disk/file_batch.ts";
import { FileSource } from "../../disk/file_source.ts";
import { lstat, type Stat } from "../../disk/stat.ts";
import { NEW_FOLDER_MODE } from "../../disk/mode.ts";
import { movePathToFreeName } from "../../disk/move.ts";
import { isPartialName, type PartialOwner } from "../../disk/names.ts";
import { makeFolder } from "../../disk/new_folder.ts";
import { PartialFile } from "../../disk/partial_file.ts";
import { type OpenFolder, openFolder } from "../../disk/open_folder.ts";
import { split, under } from "../../disk/path.ts";
import { requireRoom, roomOf } from "../../disk/room.ts";
import { touch, type TouchOptions } from "../../disk/touch.ts";
import { LARGEST_COMPARED_BYTES } from "../../disk/same_file.ts";
import { copyContent } from "./copy.ts";
import { describe, itemAt, list, usage } from "./list.ts";
import { removeTree } from "./remove_tree.ts";
import { areInOneFolder, attempt, FRESH_MS, reserved, ServedFolder, show } from "./served_folder.ts";
import type {
  CreateOptions,
  Interrupted,
  Item,
  NewFile,
  NewFiles,
  OpenFile,
  Path,
  Removed,
  Room,
  SmallFileReader,
  Storage,
  StoreOptions,
  Usage,
} from "./storage.ts";
import { sweep } from "./sweep.ts";
import { holdsPartialsOnly } from "./walk.ts";

/** Files below one folder of this machine. */
export class LocalStorage implements Storage {
  readonly #served: ServedFolder;
  readonly #sync: boolean;

  /**
   * @param root the folder to serve
   * @param options `sync`: whether a published file is flushed to disk first
   * @throws {DiskError} when the folder is missing, is none, or cannot be read
   */
  constructor(root: string, options: { sync: boolean }) {
    this.#served = new ServedFolder(root);
    this.#sync = options.sync;
  }

  stat(path: Path): Item {
    return itemAt(this.#served, path);
  }

  real(path: Path): Path {
    return attempt(path, () => this.#served.below(this.#served.resolve(path)));
  }

  list(path: Path, options: { recursive: boolean; hidden: boolean }): AsyncIterable<Item[]> {
    return list(this.#served, path, options);
  }

  usage(path: Path, signal: AbortSignal): Promise<Usage> {
    return usage(this.#served, path, signal);
  }

  sweep(before: number): Promise<number> {
    return sweep(this.#served.root, before);
  }

  open(path: Path): OpenFile {
    return attempt(path, () => {
      const real = this.#served.resolve(path); // first: of what lies outside nothing at all is looked at
      const link = this.#served.isLink(path);
      return opened(path, new FileSource(real, show(path)), link);
    });
  }

  reader(): SmallFileReader {
    let last: { path: Path; folder: OpenFolder; opened: number } | undefined;
    const close = () => {
      last?.folder[Symbol.dispose]();
      last = undefined;
    };
    /** Those of one folder come in a row. After a moment another one may stand there. */
    const folderOf = (path: Path) => {
      const now = performance.now();
      if (!last || now - last.opened > FRESH_MS || !areInOneFolder(path, last.path)) {
        close();
        last = { path, folder: openFolder(this.#served.folder(path.slice(0, -1)), true), opened: now };
      }
      return last.folder;
    };
    const readLinked = (path: Path, into: Uint8Array<ArrayBuffer>) => {
      const { folder, name } = split(this.#served.resolve(path));
      using open = openFolder(folder, true);
      const file = open.readFile(name, into, () => show(path));
      if (file === "link") throw new DiskError("changed", `${show(path)} was changed meanwhile; try again`);
      return file;
    };
    const read = (path: Path, into: Uint8Array<ArrayBuffer>) =>
      attempt(path, () => {
        const name = path.at(-1);
        if (name === undefined) throw new DiskError("is_folder", `${show(path)} is a folder`);
        if (isPartialName(name)) throw reserved(path);
        const file = folderOf(path).readFile(name, into, () => show(path));
        return file === "link" ? readLinked(path, into) : file;
      });
    return { read, close };
  }

  async create(path: Path, options: CreateOptions): Promise<NewFile> {
    const { partial, folder, name } = await this.#begin(path, options);
    const { collision, again } = options;
    return {
      write: (chunk) => partial.write(chunk),
      publish: async ({ modified, signal }) => {
        const got = await partial.publish(name, { collision, again, modified, signal, sync: this.#sync });
        if (got === name) return path;
        // Where a link led, the new name stands beside what it led to.
        return this.#served.isLink(path) ? this.#served.below(under(folder, got)) : [...path.slice(0, -1), got];
      },
      discard: () => partial.discard(),
      keep: () => partial.keep(),
    };
  }

  /** A partial for a new file, or what its owner left of it; and where it is to get which name. */
  async #begin(
    path: Path,
    { mode, collision, size, owner, offset, again }: CreateOptions,
  ): Promise<{ partial: PartialFile; folder: string; name: string }> {
    const target = attempt(path, () => this.#served.writable(path));
    // It is checked again when the file is published; here it saves sending what cannot be stored.
    const mayBeOurs = again && (size ?? 0) <= LARGEST_COMPARED_BYTES;
    if (collision === "fail" && !mayBeOurs && exists(target)) throw new DiskError("exists", `${show(path)} is taken`);
    if (collision === "overwrite" && isFolder(target)) throw new DiskError("is_folder", `${show(path)} is a folder`);
    const { folder, name } = split(target);
    const options = { mode, shown: show(path), owner, plain: true };
    // Also when it starts over: what the last attempt left would stay for ever otherwise.
    const found = owner ? await PartialFile.resume(folder, { ...options, owner }) : undefined;
    const left = found === "held" ? undefined : found;
    if ((left?.size ?? 0) < offset) {
      left?.keep();
      throw new DiskError("changed", `${show(path)}: what the last attempt left is gone; start over`);
    }
    const partial = left ?? attempt(path, () => {
      // Others had their turn, and may have moved its folder away and a link into its place.
      if (this.#served.writable(path) !== target) {
        throw new DiskError("changed", `${show(path)}: its folder was moved; try again`);
      }
      return PartialFile.create(folder, options);
    });
    try {
      if (left) left.cut(offset);
      await requireRoom(folder, (size ?? 0) - offset, show(path));
    } catch (error) {
      partial.keep();
      throw error;
    }
    return { partial, folder, name };
  }

  store({ collision, again }: StoreOptions): NewFiles {
    const batch = new FileBatch({ collision, again, sync: this.#sync, plain: true, onTaken: requireNoLink });
    const paths: Path[] = [];
    return {
      add: (path, content, { modified, mode }) => {
        attempt(path, () => {
          const name = path.at(-1);
          if (name === undefined) throw new DiskError("exists", "the served folder itself cannot be replaced");
          if (isPartialName(name)) throw reserved(path);
          batch.add({ folder: this.#served.folderOf(path), name, content, modified, mode, shown: () => show(path) });
        });
        paths.push(path);
      },
      publish: async () => {
        const results = await batch.commit();
        return results.map((got, at) => typeof got !== "string" ? got : [...paths[at].slice(0, -1), got]);
      },
      discard: () => batch.discard(),
    };
  }

  async interrupted(path: Path, owner: PartialOwner): Promise<Interrupted | "held" | undefined> {
    const { folder } = split(attempt(path, () => this.#served.writable(path)));
    const partial = await PartialFile.resume(folder, { owner, shown: show(path), plain: true });
    if (partial === undefined || partial === "held") return partial;
    return {
      size: partial.size,
      readAt: (at, into) => partial.readAt(at, into),
      close: () => partial.keep(),
    };
  }

  async copy(from: Path, to: Path, signal: AbortSignal): Promise<void> {
    const { item: { mode }, size, close } = this.open(from);
    close(); // to be opened when it can be read at once
    const { partial, name } = await this.#begin(to, { mode, collision: "fail", size, offset: 0 });
    let source: OpenFile | undefined;
    try {
      source = this.open(from);
      await copyContent(source, partial, signal);
      const { modified } = source.item;
      await partial.publish(name, { collision: "fail", modified, sync: this.#sync });
    } catch (error) {
      partial.discard();
      throw error;
    } finally {
      source?.close();
    }
  }

  async room(path: Path): Promise<Room> {
    return await roomOf(attempt(path, () => this.#served.resolve(path)));
  }

  async remove(path: Path, { recursive, signal }: { recursive: boolean; signal: AbortSignal }): Promise<Removed> {
    const target = attempt(path, () => this.#served.entry(path));
    const removed = { files: 0, folders: -1 };
    try {
      if (lstat(target).kind === "folder") {
        if (!recursive) throw new DiskError("is_folder", `${show(path)} is a folder`);
        await removeTree(target, removed, signal);
        return removed;
      }
      Deno.removeSync(target);
      return { files: 1, folders: 0 };
    } catch (error) {
      signal.throwIfAborted();
      const gone = removed.files > 0 ? ` (${removed.files} of the files in it are removed by now)` : "";
      throw diskError(error, `${show(path)}${gone}`);
    }
  }

  makeFolder(path: Path, mode: number = NEW_FOLDER_MODE): void {
    attempt(path, () => {
      this.#served.join(path);
      const name = path.at(-1) ?? "."; // the served folder itself is there
      try {
        makeFolder(under(path.length === 0 ? this.#served.root : this.#served.folderOf(path), name), mode, true);
      } catch (error) {
        if (errnoOf(error) === "EEXIST") this.#served.writable(path); // throws for a link that leads out
        throw error;
      }
    });
  }

  touch(path: Path, options: TouchOptions): void {
    if (path.length === 0) throw new DiskError("denied", "the served folder itself keeps its rights");
    touch(attempt(path, () => this.#served.resolve(path)), show(path), options);
  }

  removeFolder(path: Path): void {
    attempt(path, () => {
      const target = this.#served.entry(path);
      if (lstat(target).kind !== "folder") throw new DiskError("not_folder", `${show(path)} is not a folder`);
      try {
        Deno.removeSync(target);
      } catch (error) {
        if (errnoOf(error) !== "ENOTEMPTY" || !holdsPartialsOnly(target)) throw error;
        throw new DiskError("not_empty", `${show(path)} holds what an interrupted upload left`);
      }
    });
  }

  move(from: Path, to: Path): void {
    const source = attempt(from, () => this.#served.entry(from));
    const target = attempt(to, () => this.#served.writable(to));
    try {
      // A folder takes no hard link, but renaming one can replace nothing except an empty folder.
      if (lstat(source).kind !== "folder") return movePathToFreeName(source, target, true);
      if (`${target}/`.startsWith(`${source}/`)) {
        throw new DiskError("bad_path", `${show(from)} cannot be moved into itself`);
      }
      if (exists(target)) throw new DiskError("exists", `${show(to)} is taken`);
      Deno.renameSync(source, target);
    } catch (error) {
      // The folder of either may be what is closed.
      const isClosed = ["EACCES", "EPERM"].includes(errnoOf(error) ?? "");
      throw diskError(error, isClosed ? `${show(from)} to ${show(to)}` : show(to));
    }
  }
}

function opened(path: Path, source: FileSource, link: boolean): OpenFile {
  return {
    item: describe(path.at(-1) ?? "", source.seen, link),
    size: source.size,
    read: (into) => source.read(into),
    seek: (offset) => source.seek(offset),
    readAt: (at, into) => source.readAt(at, into),
    rewindIfChanged: () => source.rewindIfChanged(),
    close: () => source.close(),
  };
}

/** What stands where a small file is to go: to follow a link is for an upload of its own. */
function requireNoLink(folder: OpenFolder, name: string): void {
  let kind: Stat["kind"] | undefined;
  try {
    kind = folder.stat(name).kind;
  } catch { /* it has gone meanwhile */ }
  if (kind === "link") throw new DiskError("changed", "a symbolic link stands there");
}
