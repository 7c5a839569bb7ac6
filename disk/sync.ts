/**
 * Flushing to disk, as cheaply as the disk at hand allows.
 *
 * @module
 */

import { errnoOf } from "./errors.ts";
import { stat } from "./stat.ts";
import { movedMeanwhile } from "./plain.ts";

/** A flush shorter than this, in milliseconds, is cheaper to wait for than to hand to another thread. */
const QUICK_MS = 0.5;

/** Whether the last flush was quick. Memory and battery-backed caches are, spinning disks are not. */
let quick = false;

/**
 * Flushes a file's content. Many of these at once share the disk's own flushes; on a disk that flushes at once, each is done on
 * the spot.
 *
 * @param file an open file
 */
export async function syncData(file: Deno.FsFile): Promise<void> {
  if (trySyncData(() => file.syncDataSync())) return;
  const began = performance.now();
  await file.syncData();
  // A call on another thread takes a little longer by itself.
  quick = performance.now() - began < 2 * QUICK_MS;
}

/**
 * Flushes a file's content on the spot, where the disk is known to flush at once.
 *
 * @param flush does it
 * @returns whether it did
 */
export function trySyncData(flush: () => void): boolean {
  if (!quick) return false;
  const began = performance.now();
  flush();
  quick = performance.now() - began < QUICK_MS;
  return true;
}

/** What a file system answers that has no way to flush a folder: its names are as safe as they get. */
const CANNOT = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** A folder whose names are to survive a power cut. */
export class SyncedFolder implements Disposable {
  readonly #folder: Deno.FsFile;

  /**
   * Opens it.
   *
   * @param path of the folder
   * @throws what the system throws: names in a folder that cannot be read cannot be made to last
   */
  constructor(path: string) {
    // To open a pipe that somebody has put in its place would wait for a writer, and nobody else would be served.
    if (stat(path).kind !== "folder") throw movedMeanwhile();
    this.#folder = Deno.openSync(path, { read: true });
  }

  /** Makes last what was linked, renamed or removed in it before the call. Many at once share the disk's own flushes. */
  async sync(): Promise<void> {
    try {
      if (quick) this.#folder.syncSync();
      else await this.#folder.sync();
    } catch (error) {
      if (!CANNOT.has(errnoOf(error) ?? "")) throw error;
    }
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#folder.close();
  }
}
