/**
 * A file that nobody sees before it is complete.
 *
 * @module
 */

import { DiskError, diskError, errnoOf } from "./errors.ts";
import { moveToFreeName, syncFolder } from "./move.ts";
import { newPartialName, numberedName } from "./names.ts";

/** A synchronous write that took longer than this, in milliseconds, sends the rest of its file through asynchronous ones. */
const STALL_MS = 20;

/** What to do when the name is taken. */
export type Collision = "rename" | "overwrite" | "fail";

/** Options of {@linkcode PartialFile.publish}. */
export interface PublishOptions {
  /** What to do when the name is taken. */
  collision: Collision;
  /** Modification time to set, in milliseconds since 1970. */
  modified?: number;
  /** Whether content and name are to survive a power cut before this returns. */
  sync: boolean;
}

/**
 * A partial: a hidden file beside its target. {@linkcode PartialFile.publish} gives it its name in one step;
 * {@linkcode PartialFile.discard} leaves no trace.
 *
 * Writes are synchronous, which is several times faster for small files and faster for large ones; one that stalls moves
 * its file to asynchronous writes, so that a slow disk does not hold up everybody else for long.
 */
export class PartialFile {
  readonly #folder: string;
  readonly #path: string;
  readonly #executable: boolean;
  readonly #shown: string;
  readonly #file: Deno.FsFile;
  #stalled = false;
  #open = true;

  /**
   * Creates it, empty and hidden.
   *
   * @param folder an existing folder
   * @param executable whether the file is to be executable
   * @param shown what it is called in messages
   * @throws {DiskError} when it cannot be created
   */
  constructor(folder: string, executable = false, shown = "the file") {
    this.#folder = folder;
    this.#executable = executable;
    this.#shown = shown;
    this.#path = `${folder}/${newPartialName()}`;
    try {
      this.#file = Deno.openSync(this.#path, { write: true, createNew: true, mode: executable ? 0o777 : 0o666 });
    } catch (error) {
      throw diskError(error, `creating ${shown}`);
    }
  }

  /**
   * Appends bytes.
   *
   * @param chunk not to be touched until the promise, if there is one, resolves
   * @throws {DiskError} (or rejects) when the disk does not take them
   */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#stalled) return this.#writeLater(chunk);
    const began = performance.now();
    try {
      for (let at = 0; at < chunk.length;) at += this.#file.writeSync(at === 0 ? chunk : chunk.subarray(at));
    } catch (error) {
      throw diskError(error, `writing ${this.#shown}`);
    }
    this.#stalled = performance.now() - began > STALL_MS;
  }

  /**
   * Gives the file its name: complete, at once, and without replacing another one unless that was asked for.
   *
   * @param name the name in the folder
   * @param options see {@linkcode PublishOptions}
   * @returns the name it got: with `rename`, a numbered one when the name was taken
   * @throws {DiskError} `exists` when the name is taken and `collision` is `fail`; the partial is gone then
   */
  async publish(name: string, options: PublishOptions): Promise<string> {
    try {
      if (options.modified !== undefined) {
        const modified = new Date(options.modified);
        this.#file.utimeSync(modified, modified);
      }
      if (options.sync) await this.#file.syncData();
      this.#close();
      const got = this.#claim(name, options.collision);
      if (options.sync) await syncFolder(this.#folder);
      return got;
    } catch (error) {
      this.discard();
      throw diskError(error, `saving ${this.#shown}`);
    }
  }

  /** Removes what was written. Does nothing once it was published. */
  discard(): void {
    this.#close();
    try {
      Deno.removeSync(this.#path);
    } catch { /* published, or removed with its folder */ }
  }

  #claim(name: string, collision: Collision): string {
    if (collision === "overwrite") {
      this.#keepRights(`${this.#folder}/${name}`);
      Deno.renameSync(this.#path, `${this.#folder}/${name}`);
      return name;
    }
    for (let number = 0;; number++) {
      const candidate = number === 0 ? name : numberedName(name, number);
      try {
        moveToFreeName(this.#path, `${this.#folder}/${candidate}`);
        return candidate;
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
        if (collision === "fail") throw new DiskError("exists", `the name "${name}" is taken`, { cause: error });
      }
    }
  }

  /** Whoever may not read or write a file may not do so with the one in its place. */
  #keepRights(replaced: string): void {
    let mode: number | null;
    try {
      mode = Deno.statSync(replaced).mode;
    } catch {
      return; // there is none
    }
    if (mode === null) return; // not on this system
    const execute = this.#executable ? (mode & 0o444) >> 2 : 0;
    Deno.chmodSync(this.#path, (mode & 0o666) | execute);
  }

  async #writeLater(chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < chunk.length;) at += await this.#file.write(chunk.subarray(at));
    } catch (error) {
      throw diskError(error, `writing ${this.#shown}`);
    }
  }

  #close(): void {
    if (this.#open) this.#file.close();
    this.#open = false;
  }
}
