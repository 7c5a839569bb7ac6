/**
 * Names that mean something: partial files, and the numbered names of files whose own name was taken.
 *
 * @module
 */

const PARTIAL = /^\.connme-[0-9a-f]{32}\.partial$/;

/** A new name for a partial file, which nobody can guess. */
export function newPartialName(): string {
  return `.connme-${crypto.randomUUID().replaceAll("-", "")}.partial`;
}

/**
 * Whether a name is one that a partial file has. Such names are never listed, and nobody may ask for them.
 *
 * @param name a name without its folder
 */
export function isPartialName(name: string): boolean {
  return PARTIAL.test(name);
}

/**
 * The name that a file gets when its own is taken (PROTOCOL.md section 7.5): the number goes before the extension.
 *
 * @param name the name that is taken
 * @param number 1, 2, 3 ...
 *
 * @example
 * ```ts
 * import { numberedName } from "./names.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(numberedName("photo.jpg", 2), "photo_2.jpg");
 * assertEquals(numberedName(".profile", 1), ".profile_1");
 * ```
 */
export function numberedName(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? `${name}_${number}` : `${name.slice(0, dot)}_${number}${name.slice(dot)}`;
}
