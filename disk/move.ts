/**
 * Giving a file a name without ever replacing another one.
 *
 * @module
 */

import { diskError, errnoOf } from "./errors.ts";
import { libc } from "./libc.ts";
import { look } from "./look.ts";

/** What a file system without hard links answers to `link`. */
const NO_HARD_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/**
 * Moves a file within its file system to a name that must be free. Two processes that do it at once with the same
 * target cannot both succeed.
 *
 * @param from the file
 * @param to its new path
 * @throws {DiskError} when the old name cannot be taken away, and it keeps that; what the system throws, such as `EEXIST` when
 * the new one is taken
 */
export function moveToFreeName(from: string, to: string): void {
  if (libc()?.moveToFreeName(from, to)) return;
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
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return; // somebody else has removed it, under its old name
    // Nothing has two names: who may not take the old one away cannot move it. The new one may be somebody else's by now.
    if (isSameFile(from, to)) Deno.removeSync(to);
    throw diskError(error, "taking its old name away");
  }
}

function isSameFile(one: string, other: string): boolean {
  try {
    const [a, b] = [look(one), look(other)];
    return a.ino === b.ino && a.dev === b.dev;
  } catch {
    return false;
  }
}
