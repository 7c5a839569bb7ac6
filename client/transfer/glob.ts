/**
 * Names with wildcards: `*`, `?`, `[a-z]`, `{a,b}` and `**`.
 *
 * @module
 */

import { globToRegExp } from "@std/path/posix/glob-to-regexp";
import { isGlob } from "@std/path/is-glob";

/** A pattern, split where the wildcards begin. */
export interface Pattern {
  /** The folder to look in, as it was typed; empty for the current one. */
  folder: string;
  /** Whether folders below it have to be looked into. */
  deep: boolean;
  /** Whether a path below the folder is meant. */
  matches(path: string): boolean;
}

/**
 * Wildcards as a regular expression for all of a path.
 *
 * @param pattern of the path
 */
export function wildcards(pattern: string): RegExp {
  return globToRegExp(pattern, { extended: true, globstar: true });
}

/**
 * Reads a pattern.
 *
 * @param typed what the person gave
 * @returns `undefined` when there is no wildcard in it
 *
 * @example
 * ```ts
 * import { readPattern } from "./glob.ts";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const pattern = readPattern("photos/2024-*\u002f**\u002f*.jpg")!;
 * assertEquals(pattern.folder, "photos");
 * assert(pattern.matches("2024-05/trip/a.jpg"));
 * assert(!pattern.matches("2023-05/a.jpg"));
 * assertEquals(readPattern("plain.txt"), undefined);
 * ```
 */
export function readPattern(typed: string): Pattern | undefined {
  if (!isGlob(typed)) return undefined;
  const names = typed.split("/");
  const first = names.findIndex((name) => isGlob(name));
  const rest = names.slice(first);
  const expression = wildcards(rest.join("/"));
  // As in a shell, a wildcard does not mean a name that starts with a dot, unless the pattern says so.
  const hiddenToo = rest.some((name) => name.startsWith("."));
  return {
    folder: names.slice(0, first).join("/") || (typed.startsWith("/") ? "/" : ""),
    deep: rest.length > 1 || rest[0] === "**",
    matches: (path) => expression.test(path) && (hiddenToo || !/(^|\/)\./.test(path)),
  };
}

/**
 * A path as it was written, with a star for its last name, where a pattern could have had one.
 *
 * @example
 * ```ts
 * import { patternOf } from "./glob.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["a", "sub/a", "..", "-"].map(patternOf), ["*", "sub/*", "..", "-"]);
 * ```
 */
export function patternOf(path: string): string {
  return path === "-" || /(^|\/)\.\.?\/*$/.test(path) ? path : path.replace(/[^/]+(?=\/*$)/, "*");
}
