/**
 * A folder that is known by its path: Deno does things in it.
 *
 * @module
 */

import { FileSource } from "./file_source.ts";
import { type Listed, listFolder } from "./list_folder.ts";
import { lstat, type Stat, stat } from "./stat.ts";
import { setMode } from "./mode.ts";
import type { OpenFolder } from "./open_folder.ts";
import { under } from "./path.ts";
import { requirePlainFolder } from "./plain.ts";
import type { NewSmallFile, SmallFile } from "./small_file.ts";
import { trySyncData } from "./sync.ts";

/** See {@linkcode OpenFolder}. */
export class NamedFolder implements OpenFolder {
  readonly path: string;
  readonly plain: boolean;

  /**
   * A folder that is there, as far as is known.
   *
   * @param path of the folder
   * @param plain whether no part of it may be a symbolic link
   */
  constructor(path: string, plain: boolean) {
    this.path = path;
    this.plain = plain;
  }

  stat(name: string, follow = false): Stat {
    return (follow ? stat : lstat)(this.at(name));
  }

  list(): Generator<Listed[]> {
    return listFolder(this.path, this.plain);
  }

  readFile(name: string, into: Uint8Array<ArrayBuffer>, shown: () => string): SmallFile | "too large" | "link" {
    if (this.stat(name).kind === "link") return "link";
    const source = new FileSource(this.at(name), shown());
    try {
      return source.size > into.length ? "too large" : { seen: source.seen, content: source.readAll(into) };
    } finally {
      source.close();
    }
  }

  writeFile(name: string, { content, mode, modified, sync }: NewSmallFile): boolean {
    const path = this.at(name);
    const file = Deno.openSync(path, { write: true, createNew: true, mode });
    let done = false;
    try {
      for (let at = 0; at < content.length;) at += file.writeSync(at === 0 ? content : content.subarray(at));
      if (modified !== undefined) file.utimeSync(new Date(modified), new Date(modified));
      const flushed = !sync || trySyncData(() => file.syncDataSync());
      done = true;
      return flushed;
    } finally {
      file.close();
      if (!done) removeHalf(path);
    }
  }

  makeFolder(name: string, mode: number): void {
    Deno.mkdirSync(this.at(name), { mode });
  }

  setMode(name: string, mode: number): void {
    setMode(this.at(name), mode);
  }

  link(name: string, to: OpenFolder, wanted: string): void {
    Deno.linkSync(this.at(name), pathIn(to, wanted));
  }

  move(name: string, to: OpenFolder, wanted: string): void {
    Deno.renameSync(this.at(name), pathIn(to, wanted));
  }

  moveToFreeName(): boolean {
    return false;
  }

  remove(name: string): void {
    Deno.removeSync(this.at(name));
  }

  /** Does nothing: nothing is open. */
  [Symbol.dispose](): void {}

  /** The path of something in it, right before it is used. */
  at(name: string): string {
    if (this.plain) requirePlainFolder(this.path);
    return under(this.path, name);
  }
}

/** Both folders of a move are of the same class, as either there is a library or there is none. */
function pathIn(folder: OpenFolder, name: string): string {
  if (folder instanceof NamedFolder) return folder.at(name);
  throw new TypeError(`${folder.path} is held open`);
}

function removeHalf(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* it went with its folder */ }
}
