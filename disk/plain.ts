/**
 * Paths of which no part is a symbolic link.
 *
 * @module
 */

import { DiskError } from "./errors.ts";

/**
 * To be called right before something is made by a path that was found to be plain some time ago, where the system cannot be
 * asked to see to it itself.
 *
 * @param path of what is to be made
 * @throws {DiskError} `changed` when a link leads to its folder by now; what the system throws
 */
export function requirePlainFolder(path: string): void {
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  if (Deno.realPathSync(folder) === folder) return;
  throw new DiskError("changed", "a folder was moved meanwhile; try again");
}
