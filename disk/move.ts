/**
 * Giving something a name without ever replacing another one.
 *
 * @module
 */

import { diskError, errnoOf } from "./errors.ts";
import { type OpenFolder, openFolder } from "./open_folder.ts";
import { split } from "./path.ts";

/** What a file system without hard links answers to `link`. */
const NO_HARD_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/**
 * Moves a file within its file system to a name that must be free. Two processes that do it at once with the same
 * target cannot both succeed.
 *
 * @param from the folder that it is in
 * @param name its name there
 * @param to the folder that it goes to
 * @param wanted its name there
 * @throws {DiskError} when the old name cannot be taken away, and it keeps that; what the system throws, such as `EEXIST` when
 * the new one is taken
 */
export function moveToFreeName(from: OpenFolder, name: string, to: OpenFolder, wanted: string): void {
  if (from.moveToFreeName(name, to, wanted)) return;
  try {
    from.link(name, to, wanted);
  } catch (error) {
    if (!NO_HARD_LINKS.has(errnoOf(error) ?? "")) throw error;
    // Claim the name with an empty file, then put ours in its place: for an instant the empty file can be seen.
    to.writeFile(wanted, { content: new Uint8Array(0), mode: 0o600, sync: false });
    try {
      from.move(name, to, wanted);
    } catch (error) {
      to.remove(wanted, "file");
      throw error;
    }
    return;
  }
  try {
    from.remove(name, "file");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return; // somebody else has removed it, under its old name
    // Nothing has two names: who may not take the old one away cannot move it. The new one may be somebody else's by now.
    if (isSameFile(from, name, to, wanted)) to.remove(wanted, "file");
    throw diskError(error, `taking the old name ${JSON.stringify(name)} away`);
  }
}

/**
 * As {@linkcode moveToFreeName}, by paths.
 *
 * @param from the path of the file
 * @param to its new path
 * @param plain whether no part of either may be a symbolic link, but for the file itself
 * @throws {DiskError} as {@linkcode moveToFreeName}, and {@linkcode openFolder}
 */
export function movePathToFreeName(from: string, to: string, plain = false): void {
  const [old, wanted] = [split(from), split(to)];
  using source = openFolder(old.folder, plain);
  using target = openFolder(wanted.folder, plain);
  moveToFreeName(source, old.name, target, wanted.name);
}

function isSameFile(from: OpenFolder, name: string, to: OpenFolder, wanted: string): boolean {
  try {
    const [a, b] = [from.stat(name), to.stat(wanted)];
    return a.ino === b.ino && a.dev === b.dev;
  } catch {
    return false;
  }
}
