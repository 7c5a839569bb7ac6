/**
 * Rights of local files and folders: what they are, and what new ones are made with.
 *
 * @module
 */

import { errnoOf } from "./errors.ts";

/** The rights of a new file of which nothing is known. The system takes away what its user wants no new file to have. */
export const NEW_FILE_MODE = 0o666;
/** The same of a folder. */
export const NEW_FOLDER_MODE = 0o777;

/**
 * The rights of something.
 *
 * @param info what the system says of it
 * @returns the lowest nine bits of its mode; where the system has none, those of what is new
 */
export function modeOf(info: Deno.FileInfo): number {
  const mode = info.mode ?? (info.isDirectory ? NEW_FOLDER_MODE : NEW_FILE_MODE);
  return mode & 0o777;
}

/**
 * What a file is made with. Whoever makes it can open it again.
 *
 * @param mode the rights of the one that it is a copy of
 */
export function fileMode(mode: number): number {
  return mode & 0o777 | 0o600;
}

/**
 * What a folder is made with. Whoever makes it can fill it.
 *
 * @param mode the rights of the one that it is a copy of
 */
export function folderMode(mode: number): number {
  return mode & 0o777 | 0o700;
}

/**
 * The rights of a file that becomes a copy of another one as to being executed.
 *
 * @param kept its own rights
 * @param mode those of what it becomes a copy of; where its owner may execute that one, so may all who may read both
 *
 * @example
 * ```ts
 * import { withExecution } from "./mode.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([withExecution(0o640, 0o755), withExecution(0o750, 0o644)], [0o750, 0o640]);
 * assertEquals([withExecution(0o644, 0o700), withExecution(0o751, 0o755)], [0o744, 0o751]);
 * ```
 */
export function withExecution(kept: number, mode: number): number {
  if (((kept ^ mode) & 0o100) === 0) return kept;
  return (kept & 0o666) | ((mode & 0o100) !== 0 ? (kept & 0o444) >> 2 & mode : 0);
}

/**
 * The rights of a file that replaces another one: those of that one, but for executing, and for whoever may not read what it
 * is a copy of.
 *
 * @param replaced the rights of the one that it replaces
 * @param mode the rights of the one that it is a copy of
 *
 * @example
 * ```ts
 * import { replacingMode } from "./mode.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([replacingMode(0o664, 0o644), replacingMode(0o644, 0o600), replacingMode(0o600, 0o644)], [0o664, 0o600, 0o600]);
 * ```
 */
export function replacingMode(replaced: number, mode: number): number {
  const readers = 0o700 | ((mode & 0o040) !== 0 ? 0o070 : 0) | ((mode & 0o004) !== 0 ? 0o007 : 0);
  return withExecution(replaced, mode) & readers;
}

/**
 * The rights of a folder that is to be no more open than the one that it is a copy of: its group, and others, keep theirs where
 * they may list and enter that one, and have no others than there where they may not.
 *
 * @param kept its own rights
 * @param mode those of what it is a copy of
 *
 * @example
 * ```ts
 * import { closedFolderMode } from "./mode.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([closedFolderMode(0o775, 0o755), closedFolderMode(0o755, 0o700)], [0o775, 0o700]);
 * assertEquals([closedFolderMode(0o777, 0o751), closedFolderMode(0o700, 0o755)], [0o771, 0o700]);
 * ```
 */
export function closedFolderMode(kept: number, mode: number): number {
  const open = 0o700 | ((mode & 0o050) === 0o050 ? 0o070 : 0) | ((mode & 0o005) === 0o005 ? 0o007 : 0);
  return kept & (open | mode);
}

/**
 * Sets the rights of a file, where the file system knows any.
 *
 * @param path of the file
 * @param mode the rights
 * @throws what the system throws
 */
export function setMode(path: string, mode: number): void {
  try {
    Deno.chmodSync(path, mode);
  } catch (error) {
    if (errnoOf(error) !== "EPERM") throw error; // there are none, or they are not ours to set
  }
}
