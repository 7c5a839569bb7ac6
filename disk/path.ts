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

/**
 * The path of something in a folder.
 *
 * @param folder a path of the disk
 * @param name in it
 */
export function under(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
