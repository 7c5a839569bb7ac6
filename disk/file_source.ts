/**
 * A file as a source of bytes.
 *
 * @module
 */

import { DiskError, diskError } from "./errors.ts";

/** A synchronous read that took longer than this, in milliseconds, sends the rest of its file through asynchronous ones. */
const STALL_MS = 20;

/**
 * Reads a regular file from its start to the size it had when it was opened, and notices when it changes meanwhile.
 *
 * Reads are synchronous until one stalls, see {@linkcode PartialFile} for the reason.
 */
export class FileSource {
  /** Bytes, when it was opened. */
  readonly size: number;
  /** What the system said of it when it was opened. */
  readonly info: Deno.FileInfo;
  readonly #file: Deno.FsFile;
  readonly #shown: string;
  #offset = 0;
  #stalled = false;

  /**
   * Opens a file.
   *
   * @param path a regular file; anything else is refused before it is opened, as opening a pipe would wait for its writer
   * @param shown what it is called in messages
   * @throws {DiskError} when it cannot be opened or is no regular file
   */
  constructor(path: string, shown = JSON.stringify(path)) {
    this.#shown = shown;
    try {
      requireFile(Deno.statSync(path), shown);
      this.#file = Deno.openSync(path, { read: true });
    } catch (error) {
      throw diskError(error, `opening ${shown}`);
    }
    this.info = this.#file.statSync();
    this.size = this.info.size;
  }

  /**
   * Reads the next bytes.
   *
   * @param into receives them
   * @returns how many; 0 at the end
   * @throws {DiskError} (or rejects) `changed` when the file was written to since it was opened
   */
  read(into: Uint8Array): number | Promise<number> {
    if (this.#stalled) return this.#readLater(into);
    const began = performance.now();
    let count: number | null;
    try {
      count = this.#file.readSync(into);
    } catch (error) {
      throw diskError(error, `reading ${this.#shown}`);
    }
    this.#stalled = performance.now() - began > STALL_MS;
    return this.#checked(count);
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }

  async #readLater(into: Uint8Array): Promise<number> {
    try {
      return this.#checked(await this.#file.read(into));
    } catch (error) {
      throw diskError(error, `reading ${this.#shown}`);
    }
  }

  #checked(count: number | null): number {
    this.#offset += count ?? 0;
    if (this.#offset >= this.size || count === null) {
      const now = this.#file.statSync();
      if (now.size !== this.size || now.mtime?.getTime() !== this.info.mtime?.getTime()) {
        throw new DiskError("changed", `${this.#shown} was changed while it was being read; try again`);
      }
    }
    return count ?? 0;
  }
}

function requireFile(info: Deno.FileInfo, shown: string): void {
  if (info.isDirectory) throw new DiskError("is_folder", `${shown} is a folder`);
  if (!info.isFile) throw new DiskError("denied", `${shown} is neither a file nor a folder`);
}
