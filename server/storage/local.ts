/**
 * A storage on the local disk (or whatever is mounted there), confined to one folder.
 *
 * Confinement rests on the real path: every path is resolved through all of its symbolic links, and what does not lie in
 * the served folder then is refused. Nothing is remembered between calls, so several servers may serve the same folder.
 *
 * @module
 */

import { DiskError, diskError, errnoOf } from "../../disk/errors.ts";
import { FileSource } from "../../disk/file_source.ts";
import { moveToFreeName } from "../../disk/move.ts";
import { isPartialName } from "../../disk/names.ts";
import { type Collision, PartialFile } from "../../disk/partial_file.ts";
import type { Item, NewFile, OpenFile, Path, Storage, Usage } from "./storage.ts";

/** Files below one folder of this machine. */
export class LocalStorage implements Storage {
  readonly #root: string;
  readonly #sync: boolean;

  /**
   * @param root the folder to serve
   * @param options `sync`: whether a published file is flushed to disk first
   * @throws {DiskError} when the folder is missing, is none, or cannot be read
   */
  constructor(root: string, options: { sync: boolean }) {
    try {
      this.#root = Deno.realPathSync(root);
      Deno.readDirSync(this.#root)[Symbol.iterator]().next();
    } catch (error) {
      throw diskError(error, `serving ${JSON.stringify(root)}`);
    }
    this.#sync = options.sync;
  }

  /** The real path of the served folder. */
  get root(): string {
    return this.#root;
  }

  stat(path: Path): Item {
    return this.#attempt(path, () => {
      const link = this.#isLink(path);
      return describe(path.at(-1) ?? "", Deno.statSync(this.#resolve(path)), link);
    });
  }

  async *list(path: Path, options: { recursive: boolean; hidden: boolean }): AsyncIterable<Item> {
    const top = this.#attempt(path, () => this.#resolve(path));
    const folders = [""];
    for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
      const real = folder === "" ? top : `${top}/${folder}`;
      try {
        for await (const { name } of Deno.readDir(real)) {
          if (isPartialName(name) || (!options.hidden && name.startsWith("."))) continue;
          const item = this.#look(`${real}/${name}`, folder === "" ? name : `${folder}/${name}`);
          if (!item) continue;
          yield item;
          if (options.recursive && item.kind === "folder" && !item.link) folders.push(item.name);
        }
      } catch (error) {
        // A folder that went away or is closed to us below the listed one is no reason to fail.
        if (folder === "") throw diskError(error, show(path));
      }
    }
  }

  async usage(path: Path, signal: AbortSignal): Promise<Usage> {
    const item = this.stat(path);
    if (item.kind !== "folder") return { size: item.size, files: 1, folders: 0 };
    const sum = { size: 0, files: 0, folders: 0 };
    for await (const { kind, size, link } of this.list(path, { recursive: true, hidden: true })) {
      signal.throwIfAborted();
      if (kind === "folder" && !link) sum.folders++;
      else sum.files++;
      sum.size += size;
    }
    return sum;
  }

  open(path: Path): OpenFile {
    return this.#attempt(path, () => {
      const source = new FileSource(this.#resolve(path), show(path));
      return {
        item: describe(path.at(-1) ?? "", source.info, false),
        size: source.size,
        read: (into) => source.read(into),
        close: () => source.close(),
      };
    });
  }

  create(path: Path, { executable, collision }: { executable: boolean; collision: Collision }): NewFile {
    const target = this.#attempt(path, () => this.#writable(path));
    // It is checked again when the file is published; here it saves sending what cannot be stored.
    if (collision === "fail" && exists(target)) throw new DiskError("exists", `${show(path)} is taken`);
    const folder = target.slice(0, target.lastIndexOf("/"));
    const name = target.slice(target.lastIndexOf("/") + 1);
    const partial = this.#attempt(path, () => new PartialFile(folder, executable, show(path)));
    return {
      write: (chunk) => partial.write(chunk),
      publish: async ({ modified }) => {
        const got = await partial.publish(name, { collision, modified, sync: this.#sync });
        if (got === name) return path;
        // Where a link led, the new name stands beside what it led to.
        return this.#isLink(path) ? this.#below(`${folder}/${got}`) : [...path.slice(0, -1), got];
      },
      discard: () => partial.discard(),
    };
  }

  async remove(path: Path, options: { recursive: boolean }): Promise<void> {
    const target = this.#attempt(path, () => this.#entry(path));
    try {
      const info = Deno.lstatSync(target);
      if (!info.isDirectory) Deno.removeSync(target);
      else if (!options.recursive) throw new DiskError("is_folder", `${show(path)} is a folder`);
      else await Deno.remove(target, { recursive: true });
    } catch (error) {
      throw diskError(error, show(path));
    }
  }

  makeFolder(path: Path): void {
    this.#attempt(path, () => Deno.mkdirSync(this.#writable(path)));
  }

  removeFolder(path: Path): void {
    this.#attempt(path, () => {
      const target = this.#entry(path);
      if (!Deno.lstatSync(target).isDirectory) throw new DiskError("not_folder", `${show(path)} is not a folder`);
      Deno.removeSync(target);
    });
  }

  move(from: Path, to: Path): void {
    const source = this.#attempt(from, () => this.#entry(from));
    this.#attempt(to, () => {
      const target = this.#writable(to);
      // A folder takes no hard link, but renaming one can replace nothing except an empty folder.
      if (!Deno.lstatSync(source).isDirectory) return moveToFreeName(source, target);
      if (`${target}/`.startsWith(`${source}/`)) {
        throw new DiskError("bad_path", `${show(from)} cannot be moved into itself`);
      }
      if (exists(target)) throw new DiskError("exists", `${show(to)} is taken`);
      Deno.renameSync(source, target);
    });
  }

  /** The real path of what stands under a path, links followed. */
  #resolve(path: Path): string {
    return this.#inside(Deno.realPathSync(this.#join(path)), path);
  }

  /** The path of an entry itself: links in its folder followed, but not the last one, which must not lead out. */
  #entry(path: Path): string {
    if (path.length === 0) throw new DiskError("denied", "the served folder itself cannot be removed or moved");
    const target = `${this.#resolve(path.slice(0, -1))}/${path.at(-1)}`;
    this.#join(path);
    if (Deno.lstatSync(target).isSymlink) this.#resolveLink(target, path);
    return target;
  }

  /** Where something new may be put; a link that stands there already is followed, and must not lead out. */
  #writable(path: Path): string {
    if (path.length === 0) throw new DiskError("exists", "the served folder itself cannot be replaced");
    this.#join(path);
    const folder = this.#resolve(path.slice(0, -1));
    if (!Deno.statSync(folder).isDirectory) {
      throw new DiskError("not_folder", `${show(path.slice(0, -1))} is not a folder`);
    }
    const target = `${folder}/${path.at(-1)}`;
    try {
      return Deno.lstatSync(target).isSymlink ? this.#resolveLink(target, path) : target;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return target;
      throw error;
    }
  }

  #resolveLink(link: string, path: Path): string {
    try {
      return this.#inside(Deno.realPathSync(link), path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      throw new DiskError("outside", `${show(path)} is a symbolic link that leads nowhere`);
    }
  }

  #isLink(path: Path): boolean {
    return path.length > 0 && Deno.lstatSync(this.#join(path)).isSymlink;
  }

  #inside(real: string, path: Path): string {
    if (real === this.#root || real.startsWith(this.#root === "/" ? "/" : `${this.#root}/`)) return real;
    throw new DiskError("outside", `${show(path)} leads out of the served folder`);
  }

  /** The path of something in the served folder whose real path is known. */
  #below(real: string): Path {
    return real.slice(this.#root.length).split("/").filter((name) => name !== "");
  }

  #join(path: Path): string {
    if (path.some(isPartialName)) throw new DiskError("bad_path", `${show(path)}: that name is reserved`);
    return path.length === 0 ? this.#root : `${this.#root === "/" ? "" : this.#root}/${path.join("/")}`;
  }

  /** What a listing shows of one name; `undefined` when it went away meanwhile. */
  #look(real: string, name: string): Item | undefined {
    try {
      const info = Deno.lstatSync(real);
      if (!info.isSymlink) return describe(name, info, false);
      try {
        return describe(name, Deno.statSync(this.#inside(Deno.realPathSync(real), [])), true);
      } catch {
        return { ...describe(name, info, true), kind: "link" };
      }
    } catch {
      return undefined;
    }
  }

  #attempt<T>(path: Path, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw diskError(error, show(path));
    }
  }
}

function describe(name: string, info: Deno.FileInfo, link: boolean): Item {
  return {
    name,
    kind: info.isFile ? "file" : info.isDirectory ? "folder" : "other",
    size: info.isFile ? info.size : 0,
    modified: info.mtime?.getTime() ?? 0,
    executable: info.isFile && ((info.mode ?? 0) & 0o100) !== 0,
    link,
  };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function show(path: Path): string {
  return JSON.stringify(`/${path.join("/")}`);
}
