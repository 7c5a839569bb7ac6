/**
 * Rights of files, as they are said (PROTOCOL.md section 7.1): the lowest nine bits of a POSIX mode.
 *
 * @module
 */

/** All of the bits. */
export const MODE_BITS = 0o777;
/** The mode of an entry that says none: of most files. */
export const USUAL_MODE = 0o644;

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
