/**
 * Giving a file a name without ever replacing another one.
 *
 * @module
 */

import { errnoOf } from "./errors.ts";

/** What a file system without hard links answers to `link`. */
const NO_HARD_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/**
 * Moves a file within its file system to a name that must be free. Two processes that do it at once with the same
 * target cannot both succeed.
 *
 * @param from the file
 * @param to its new path
 * @throws what the system throws: `EEXIST` when the name is taken
 */
export function moveToFreeName(from: string, to: string): void {
  try {
    Deno.linkSync(from, to);
  } catch (error) {
    if (!NO_HARD_LINKS.has(errnoOf(error) ?? "")) throw error;
    // Claim the name with an empty file, then put ours in its place: for an instant the empty file can be seen.
    Deno.openSync(to, { write: true, createNew: true }).close();
    try {
      Deno.renameSync(from, to);
    } catch (error) {
      Deno.removeSync(to);
      throw error;
    }
    return;
  }
  try {
    Deno.removeSync(from);
  } catch { /* it has its new name; the old one is a second name for the same file */ }
}
