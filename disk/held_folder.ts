/**
 * A folder that is held open by its descriptor: the C library does things in it.
 *
 * @module
 */

import { errnoOf } from "./errors.ts";
import type { Libc } from "./libc.ts";
import { type Listed, listOpen } from "./list_folder.ts";
import { changedMeanwhile, requireFile, type Stat, type Version } from "./stat.ts";
import type { OpenFolder } from "./open_folder.ts";
import { type NewSmallFile, readWhole, type SmallFile } from "./small_file.ts";
import { trySyncData } from "./sync.ts";

/** Where it takes two steps: the file system knows no such move, or which of the two folders may not be written is to be told. */
const IN_TWO_STEPS = new Set(["EINVAL", "ENOSYS", "EOPNOTSUPP", "EACCES", "EPERM"]);

/** See {@linkcode OpenFolder}. */
export class HeldFolder implements OpenFolder {
  readonly path: string;
  readonly plain: boolean;
  readonly #calls: Libc;
  /** Negative once it is closed: its number may be somebody else's by then. */
  #folder: number;

  /**
   * A folder that has been opened.
   *
   * @param calls of the C library
   * @param path of the folder
   * @param folder its descriptor, which is closed with this
   * @param plain whether no part of the path may be a symbolic link
   */
  constructor(calls: Libc, path: string, folder: number, plain: boolean) {
    this.#calls = calls;
    this.path = path;
    this.plain = plain;
    this.#folder = folder;
  }

  stat(name: string, follow = false): Stat {
    return this.#calls.stat(this.#folder, name, follow) ?? this.#fail();
  }

  *list(): Generator<Listed[]> {
    const folder = this.#calls.openToList(this.#folder);
    if (folder < 0) this.#fail();
    yield* listOpen(this.#calls, folder, this.path);
  }

  readFile(
    name: string,
    into: Uint8Array<ArrayBuffer>,
    shown: () => string,
    known?: Version,
  ): SmallFile | "too large" | "link" {
    if (known && known.size <= into.length) {
      const file = readWhole(this.#calls, this.#folder, name, known, into);
      if (file !== "changed" && !(file instanceof Error)) return file;
    }
    const seen = this.stat(name);
    if (seen.kind === "link") return "link";
    requireFile(seen, shown);
    if (seen.size > into.length) return "too large";
    const file = readWhole(this.#calls, this.#folder, name, seen, into);
    if (file instanceof Error) throw file;
    if (file === "changed") throw changedMeanwhile(shown());
    return file;
  }

  writeFile(name: string, { content, mode, modified, sync }: NewSmallFile): boolean {
    const calls = this.#calls;
    const file = calls.create(this.#folder, name, mode);
    if (file < 0) this.#fail();
    let done = false;
    try {
      for (let at = 0; at < content.length;) {
        const count = calls.write(file, at === 0 ? content : content.subarray(at));
        if (count <= 0) this.#fail();
        at += count;
      }
      if (modified !== undefined && !calls.setTime(file, modified)) this.#fail();
      const flushed = !sync || trySyncData(() => {
        if (!calls.sync(file)) this.#fail();
      });
      done = true;
      return flushed;
    } finally {
      calls.close(file);
      if (!done) calls.remove(this.#folder, name, "file");
    }
  }

  makeFolder(name: string, mode: number): void {
    if (!this.#calls.makeFolder(this.#folder, name, mode)) this.#fail();
  }

  setMode(name: string, mode: number): void {
    if (this.#calls.setMode(this.#folder, name, mode)) return;
    const error = this.#calls.error();
    if (errnoOf(error) !== "EPERM") throw error; // there are none, or they are not ours to set
  }

  link(name: string, to: OpenFolder, wanted: string): void {
    if (!this.#calls.link(this.#folder, name, this.#descriptorOf(to), wanted)) this.#fail();
  }

  move(name: string, to: OpenFolder, wanted: string): void {
    if (!this.#calls.move(this.#folder, name, this.#descriptorOf(to), wanted, true)) this.#fail();
  }

  moveToFreeName(name: string, to: OpenFolder, wanted: string): boolean {
    if (this.#calls.move(this.#folder, name, this.#descriptorOf(to), wanted, false)) return true;
    const error = this.#calls.error();
    if (IN_TWO_STEPS.has(errnoOf(error) ?? "")) return false;
    throw error;
  }

  remove(name: string, kind: "file" | "folder"): void {
    if (!this.#calls.remove(this.#folder, name, kind)) this.#fail();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    if (this.#folder >= 0) this.#calls.close(this.#folder);
    this.#folder = -1;
  }

  /** Both folders of a move are of the same class, as either there is a library or there is none. */
  #descriptorOf(folder: OpenFolder): number {
    if (folder instanceof HeldFolder) return folder.#folder;
    throw new TypeError(`${folder.path} is not held open`);
  }

  #fail(): never {
    throw this.#calls.error();
  }
}
