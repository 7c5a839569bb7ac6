/**
 * Paths of which no part is a symbolic link.
 *
 * @module
 */

import { DiskError, errnoOf } from "./errors.ts";
import { libc } from "./libc.ts";

/**
 * Whether there is a folder under a path without a symbolic link in any part of it: that is its real path then.
 *
 * @param path of the disk, in its shortest form
 * @returns also `false` where the system cannot be asked so
 */
export function isPlainFolder(path: string): boolean {
  const calls = libc();
  if (!calls?.refusesLinks) return false;
  const folder = calls.openFolder(path, true);
  if (folder < 0) return false;
  calls.close(folder);
  return true;
}

/**
 * To be called right before something is done in a folder whose path was found to be plain some time ago, where the system cannot
 * be asked to see to it itself.
 *
 * @param folder its path
 * @throws {DiskError} `changed` when a link leads there by now; what the system throws
 */
export function requirePlainFolder(folder: string): void {
  if (Deno.realPathSync(folder) !== folder) throw movedMeanwhile();
}

/** Between two calls somebody has moved a folder away, and put something else in its place. */
export function movedMeanwhile(): DiskError {
  return new DiskError("changed", "a folder was moved meanwhile; try again");
}

/**
 * Why a path that has to be plain could not be opened.
 *
 * @param error of the system, which was asked to refuse symbolic links
 */
export function whyNotPlain(error: Error): Error {
  return errnoOf(error) === "ELOOP" ? movedMeanwhile() : error;
}
