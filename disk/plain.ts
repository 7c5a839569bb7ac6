/**
 * Paths of which no part is a symbolic link.
 *
 * @module
 */

import { DiskError, errnoOf } from "./errors.ts";

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
