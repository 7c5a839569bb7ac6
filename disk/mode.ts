/**
 * Rights of local files and folders: what they are, and what new ones are made with.
 *
 * @module
 */

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
 * What a file gets that keeps its own rights, all but the one to be executed.
 *
 * @param kept its own rights
 * @param mode those of what it becomes a copy of; whoever may read it may execute it when the owner of that one may
 *
 * @example
 * ```ts
 * import { withExecution } from "./mode.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([withExecution(0o640, 0o755), withExecution(0o750, 0o644)], [0o750, 0o640]);
 * ```
 */
export function withExecution(kept: number, mode: number): number {
  return (kept & 0o666) | ((mode & 0o100) !== 0 ? (kept & 0o444) >> 2 : 0);
}
