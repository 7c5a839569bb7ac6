/**
 * Paths and names as both programs see them (PROTOCOL.md section 7.1): always `/`, whatever the system uses.
 *
 * @module
 */

import { CommandError } from "./errors.ts";

/**
 * Splits a path of the wire into its names.
 *
 * @param path `/`, or `/` before each of its names
 * @returns the names; none for the served folder itself
 * @throws {CommandError} `outside` for a `..`, `bad_path` for anything else that is not such a path
 *
 * @example
 * ```ts
 * import { splitPath } from "./path.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(splitPath("/photos/a b.jpg"), ["photos", "a b.jpg"]);
 * assertEquals(splitPath("/"), []);
 * ```
 */
export function splitPath(path: string): string[] {
  if (!path.startsWith("/")) throw new CommandError("bad_path", `the path ${quote(path)} does not start with /`);
  if (path.includes("\0")) throw new CommandError("bad_path", `the path ${quote(path)} contains a NUL`);
  if (!path.isWellFormed()) throw new CommandError("bad_path", `the path ${quote(path)} is not valid Unicode`);
  if (path === "/") return [];
  const names = path.slice(1).split("/");
  for (const name of names) {
    if (name === "..") throw new CommandError("outside", `the path ${quote(path)} contains ..`);
    if (name === "" || name === ".") {
      throw new CommandError("bad_path", `the path ${quote(path)} contains an empty name or a .`);
    }
  }
  return names;
}

/**
 * What a person types, as a path of the wire: relative to a folder, with `.` and `..` worked out.
 *
 * @param folder the folder that the person is in
 * @param typed such as `../b`, `/c/` or nothing
 * @returns a path that {@linkcode splitPath} takes
 * @throws {CommandError} `outside` when a `..` leads above the served folder, `bad_path` for what no path may contain
 *
 * @example
 * ```ts
 * import { resolvePath } from "./path.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(resolvePath("/a/b", "../c/./d/"), "/a/c/d");
 * ```
 */
export function resolvePath(folder: string, typed: string): string {
  const names: string[] = [];
  for (const name of (typed.startsWith("/") ? typed : `${folder}/${typed}`).split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) {
      throw new CommandError("outside", `${quote(typed)} leads above the served folder`);
    }
  }
  const path = `/${names.join("/")}`;
  splitPath(path); // refuses what is left to refuse: a NUL, half a surrogate pair
  return path;
}

/**
 * The path of something in a folder.
 *
 * @param folder its path; empty for the one that all paths begin in
 * @param name one name, or a relative path; empty for the folder itself
 *
 * @example
 * ```ts
 * import { joinPath } from "./path.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(joinPath("/sub", "a.txt"), "/sub/a.txt");
 * assertEquals(joinPath("/", "a.txt"), "/a.txt");
 * assertEquals(joinPath("", "a.txt"), "a.txt");
 * assertEquals(joinPath("/sub", ""), "/sub");
 * ```
 */
export function joinPath(folder: string, name: string): string {
  if (folder === "" || name === "") return folder + name;
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/**
 * A path without the slashes at its end; one is left where it consists of them.
 *
 * @param path as it was typed
 *
 * @example
 * ```ts
 * import { withoutSlashes } from "./path.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["sub//", "sub", "//", ""].map(withoutSlashes), ["sub", "sub", "/", ""]);
 * ```
 */
export function withoutSlashes(path: string): string {
  return path.replace(/(.)\/+$/s, "$1");
}

/**
 * The folder that something stands in.
 *
 * @param path a path of the wire
 * @returns the folder's path; `/` for `/`
 */
export function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/**
 * The folder that something below a folder stands in.
 *
 * @param path below a folder, such as `sub/a.txt`
 * @returns the path of its folder; empty for the one that the path begins in
 *
 * @example
 * ```ts
 * import { folderOf } from "./path.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(folderOf("sub/more/a.txt"), "sub/more");
 * assertEquals(folderOf("a.txt"), "");
 * ```
 */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/**
 * All folders that something stands in, the outermost first.
 *
 * @param path a path of the wire, or one below a folder
 * @returns their paths, written as `path` is; without the served folder, or the one that the path begins in
 *
 * @example
 * ```ts
 * import { ancestors } from "./path.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ancestors("/a/b/c"), ["/a", "/a/b"]);
 * assertEquals(ancestors("a/b/c"), ["a", "a/b"]);
 * assertEquals(ancestors("/"), []);
 * ```
 */
export function ancestors(path: string): string[] {
  const folders: string[] = [];
  for (let slash = path.indexOf("/", 1); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    folders.push(path.slice(0, slash));
  }
  return folders;
}

/**
 * The last name of a path.
 *
 * @param path a path of the wire
 * @returns the name; empty for `/`
 */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * Whether a name that a peer sent may be used as the name of a local file: one name, not a way to somewhere else.
 *
 * @param name as it came over the wire
 */
export function isSafeName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name) && name.isWellFormed();
}

/**
 * A path or name in double quotes for a message, with everything escaped that could disturb a terminal or a log.
 *
 * @param text anything
 */
export function quote(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`; // as nearly all of the many in a log are
  return escapeUnprintable(JSON.stringify(text));
}

/**
 * JSON with everything escaped that it lets pass but that could disturb a terminal or a log: C1 control characters, line
 * separators, and what turns the direction of writing around. It still says the same.
 *
 * @param json as `JSON.stringify` writes it
 */
export function escapeUnprintable(json: string): string {
  return json.replace(/[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
