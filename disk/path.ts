/**
 * Paths of the disk, in their parts.
 *
 * @module
 */

/**
 * A path, as its folder and its last name.
 *
 * @param path of the disk
 *
 * @example
 * ```ts
 * import { split } from "./path.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(split("/srv/a.txt"), { folder: "/srv", name: "a.txt" });
 * assertEquals([split("/a"), split("a")], [{ folder: "/", name: "a" }, { folder: ".", name: "a" }]);
 * ```
 */
export function split(path: string): { folder: string; name: string } {
  const slash = path.lastIndexOf("/");
  return { folder: slash < 0 ? "." : path.slice(0, slash) || "/", name: path.slice(slash + 1) };
}

/** Longest path that Linux takes, in bytes, the zero behind it included. */
export const PATH_BYTES = 4096;

/**
 * Whether a path is longer than the system takes. Something can be made under such a one, in a folder that is held open, but not
 * be asked for by it any more.
 *
 * @param path of the disk
 */
export function isTooLong(path: string): boolean {
  // No character takes more than three bytes for each of its code units.
  return path.length * 3 >= PATH_BYTES && new TextEncoder().encode(path).length >= PATH_BYTES;
}

/**
 * The path of something in a folder.
 *
 * @param folder a path of the disk
 * @param name in it
 */
export function under(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
