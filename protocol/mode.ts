/**
 * Rights of files, as they are said (PROTOCOL.md section 7.1): the lowest nine bits of a POSIX mode.
 *
 * @module
 */

/** All of the bits. */
export const MODE_BITS = 0o777;
/** The mode of an entry that says none: of most files. */
export const USUAL_MODE = 0o644;

/** What two sides compare of a mode: whether its owner may execute a file, and whether its group and others may read it. */
export const COMPARED_MODE = 0o144;

/** The same of a folder: whether its group and others may list and enter it. */
export const COMPARED_FOLDER_MODE = 0o055;

/**
 * Whether its owner may execute a file.
 *
 * @param mode its rights
 *
 * @example
 * ```ts
 * import { isExecutable } from "./mode.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([isExecutable(0o755), isExecutable(0o644), isExecutable(0o611)], [true, false, false]);
 * ```
 */
export function isExecutable(mode: number): boolean {
  return (mode & 0o100) !== 0;
}

/**
 * Whether the rights of a copy are as they should be: its owner may execute it when the owner of the source may, and nobody may
 * read it who may not read the source. An umask may take more away.
 *
 * @param copy its rights
 * @param source the rights of what it is a copy of
 *
 * @example
 * ```ts
 * import { suits } from "./mode.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([suits(0o664, 0o644), suits(0o600, 0o644), suits(0o644, 0o600), suits(0o644, 0o755)], [true, true, false, false]);
 * ```
 */
export function suits(copy: number, source: number): boolean {
  return isExecutable(copy) === isExecutable(source) && (copy & ~source & 0o044) === 0;
}

/**
 * Whether the rights of a copy of a folder are as they should be: nobody may list or enter it who may not do so with the source.
 *
 * @param copy its rights
 * @param source the rights of what it is a copy of
 *
 * @example
 * ```ts
 * import { suitsFolder } from "./mode.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([suitsFolder(0o700, 0o755), suitsFolder(0o775, 0o755), suitsFolder(0o755, 0o700)], [true, true, false]);
 * ```
 */
export function suitsFolder(copy: number, source: number): boolean {
  return (copy & ~source & COMPARED_FOLDER_MODE) === 0;
}
