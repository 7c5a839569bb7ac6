/**
 * A file as a source of bytes.
 *
 * @module
 */

import { readBuffer } from "./buffer.ts";
import { DiskError, diskError, errnoOf } from "./errors.ts";
import { giveWay } from "./give_way.ts";
import { changedMeanwhile, isUnchanged, requireFile, type Stat, statOf } from "./stat.ts";
import { openFolder } from "./open_folder.ts";
import { split } from "./path.ts";
import { Pace } from "./pace.ts";

/** What is hashed in one go, in bytes. */
const HASH_CHUNK_BYTES = 256 * 1024;

/**
 * Reads a regular file from its start to the size it had when it was opened, and no further, and can tell whether it has changed
 * meanwhile. What is opened is to be read at once: of a file that is written anew before, the size says nothing.
 *
 * Reads are synchronous, but for a while after one that stalls: see `pace.ts` for the reason.
 */
export class FileSource {
  /** Bytes, when it was opened. */
  readonly size: number;
  /** What the system said of it when it was opened. */
  readonly seen: Stat;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #shown: string;
  /** Where it is read next, in bytes from the start. */
  #offset = 0;
  #again = false;
  readonly #pace = new Pace();

  /**
   * Opens a file.
   *
   * @param path a regular file; anything else is refused before it is opened, as opening a pipe would wait for its writer
   * @param shown what it is called in messages
   * @param plain whether no part of the path may be a symbolic link, the last one included
   * @throws {DiskError} when it cannot be opened or is no regular file; `denied` where a link has come into a plain path
   */
  constructor(path: string, shown = JSON.stringify(path), plain = false) {
    this.#path = path;
    this.#shown = shown;
    try {
      const there = plain ? statPlain(path, shown) : statOf(Deno.statSync(path));
      requireFile(there, () => shown);
      this.#file = Deno.openSync(path, { read: true });
      this.seen = statOf(this.#file.statSync()); // another one may stand there since
      if (plain && (this.seen.ino !== there.ino || this.seen.dev !== there.dev)) {
        this.#file.close();
        throw changedMeanwhile(shown);
      }
    } catch (error) {
      throw diskError(error, `opening ${shown}`);
    }
    this.size = this.seen.size;
  }

  /**
   * Reads the next bytes.
   *
   * @param into receives them
   * @returns how many; 0 at the end
   * @throws {DiskError} (or rejects) when it cannot be read; `changed` when it has become shorter
   */
  read(into: Uint8Array): number | Promise<number> {
    const left = this.size - this.#offset;
    if (left <= 0) return 0;
    if (into.length > left) into = into.subarray(0, left);
    if (this.#again || !this.#pace.next()) return this.#readLater(into);
    const began = performance.now();
    let count: number | null;
    try {
      count = this.#file.readSync(into);
    } catch (error) {
      throw diskError(error, `reading ${this.#shown}`);
    }
    this.#pace.took(performance.now() - began);
    return this.#passed(count);
  }

  /**
   * Goes back to the first byte if the file was written to since it was opened. Others have their turn between two reads then.
   *
   * @returns `changed`, if it was
   */
  rewindIfChanged(): DiskError | undefined {
    if (this.#isUnchanged()) return undefined;
    this.seek(0);
    this.#again = true;
    return changedMeanwhile(this.#shown);
  }

  /**
   * To be called when all has been read.
   *
   * @throws {DiskError} `changed` when the file was written to since it was opened
   */
  requireUnchanged(): void {
    if (!this.#isUnchanged()) throw changedMeanwhile(this.#shown);
  }

  /**
   * Reads all of a small file on the spot.
   *
   * @param into has room for it
   * @returns the part of `into` that holds it
   * @throws {DiskError} `changed` when the file was written to since it was opened
   */
  readAll(into: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    let used = 0;
    try {
      while (used < this.size) {
        const count = this.#file.readSync(into.subarray(used, this.size));
        if (count === null) break;
        used += count;
      }
      this.requireUnchanged();
    } catch (error) {
      throw diskError(error, `reading ${this.#shown}`);
    }
    return into.subarray(0, used);
  }

  /**
   * Goes on reading from another place.
   *
   * @param offset in bytes from the start
   */
  seek(offset: number): void {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    this.#offset = offset;
  }

  /**
   * Reads from any place, and goes on from there.
   *
   * @param at where, in bytes
   * @param into receives them
   * @returns how many bytes; fewer than asked for only at the end
   */
  async readAt(at: number, into: Uint8Array): Promise<number> {
    this.seek(at);
    let used = 0;
    for (let count = -1; used < into.length && count !== 0; used += count) count = await this.read(into.subarray(used));
    return used;
  }

  /**
   * SHA-256 of its first bytes. Others have their turn between two pieces of a large file.
   *
   * @param signal ends it
   * @param size how many bytes; all by default
   * @returns in hexadecimal
   */
  async sha256(signal: AbortSignal, size: number = this.size): Promise<string> {
    const { createHash } = await import("node:crypto");
    const hash = createHash("sha256");
    // No larger than the file: of many small ones nobody collects the buffers in time.
    const buffer = readBuffer(Math.max(1, Math.min(HASH_CHUNK_BYTES, size)));
    this.seek(0);
    for (let left = size; left > 0;) {
      const count = await this.read(buffer.subarray(0, Math.min(buffer.length, left)));
      if (count === 0) break;
      hash.update(buffer.subarray(0, count));
      left -= count;
      if (left === 0) break;
      await giveWay();
      signal.throwIfAborted();
    }
    return hash.digest("hex");
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }

  async #readLater(into: Uint8Array): Promise<number> {
    try {
      return this.#passed(await this.#file.read(into));
    } catch (error) {
      throw diskError(error, `reading ${this.#shown}`);
    }
  }

  #passed(count: number | null): number {
    if (count === null && this.#offset < this.size) throw changedMeanwhile(this.#shown);
    this.#offset += count ?? 0;
    return count ?? 0;
  }

  /**
   * Whether what was opened is what stood there before, with the same content. Its path tells for a third of what its handle
   * costs; but it may have been given another path meanwhile.
   */
  #isUnchanged(): boolean {
    try {
      if (isUnchanged(this.seen, statOf(Deno.statSync(this.#path)))) return true;
    } catch { /* it has been moved or removed */ }
    return isUnchanged(this.seen, statOf(this.#file.statSync()));
  }
}

/** What stands under a path with no link in it, looked at in its folder, whatever is put into the place of that meanwhile. */
function statPlain(path: string, shown: string): Stat {
  const { folder, name } = split(path);
  let there: Stat | undefined;
  try {
    using open = openFolder(folder, true);
    there = open.stat(name);
  } catch (error) {
    if (errnoOf(error) !== "changed") throw error;
  }
  if (there && there.kind !== "link") return there;
  throw new DiskError("denied", `${shown}: a symbolic link has taken its place, or that of a folder above it`);
}
