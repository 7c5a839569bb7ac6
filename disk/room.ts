/**
 * How much room a disk has.
 *
 * @module
 */

import { DiskError, diskError } from "./errors.ts";

/** A file smaller than this, in bytes, is not worth the question. */
const WORTH_ASKING_BYTES = 1024 * 1024;

/** Room on a disk, in bytes. */
export interface Room {
  /** All of it. */
  size: number;
  /** What can still be used. */
  free: number;
}

/**
 * Room on the disk that holds a folder.
 *
 * @param path of the folder
 * @throws {DiskError} when the system does not tell
 */
export async function roomOf(path: string): Promise<Room> {
  const { statfs } = await import("node:fs/promises");
  try {
    const { bsize, blocks, bavail } = await statfs(path);
    return { size: bsize * blocks, free: bsize * bavail };
  } catch (error) {
    throw diskError(error, "asking for free space");
  }
}

/**
 * Makes sure that something fits, before its first byte is sent.
 *
 * @param folder where to
 * @param bytes how many are to come
 * @param shown what it is called in messages
 * @throws {DiskError} `no_space`
 */
export async function requireRoom(folder: string, bytes: number, shown: string): Promise<void> {
  if (bytes < WORTH_ASKING_BYTES) return;
  const { free } = await roomOf(folder);
  if (free < bytes) {
    throw new DiskError("no_space", `${shown} needs ${bytes} bytes, and the disk has ${free} bytes free`);
  }
}
