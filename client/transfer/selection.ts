/**
 * Which part of a tree is meant.
 *
 * @module
 */

import { ancestors, baseName } from "../../protocol/path.ts";
import type { Arguments } from "../context.ts";
import { UsageError } from "../errors.ts";
import { wildcards } from "./glob.ts";

/** What to do with symbolic links: leave them out, or take what they lead to. */
export type Links = "skip" | "follow";

/** Which part of a tree is meant. */
export interface Selection {
  /** What to do with symbolic links. */
  readonly links: Links;
  /**
   * Whether something is none of the tree, as `--exclude` says: nobody copies it, compares it, deletes it, or tells of it.
   *
   * @param path below the top of the tree
   * @param isFolder whether it is a folder
   */
  excludes(path: string, isFolder: boolean): boolean;
}

/** The options for it, for the table of commands. */
export const SELECTION_OPTIONS = {
  exclude: { value: "PATTERN", help: "leave out a name, a path below the top, or a folder/; may be repeated" },
  links: { value: "WHAT", help: "symbolic links: skip them, or follow those that stay inside (skip)" },
} as const;

/** The same, as a part of a command's usage. */
export const SELECTION_USAGE = "[--exclude PATTERN]... [--links skip|follow]";

/**
 * Reads the options.
 *
 * @param call with the options
 * @throws {UsageError} for a value that means nothing
 */
export function readSelection({ values, all }: Arguments): Selection {
  const links = values.get("links") ?? "skip";
  if (links !== "skip" && links !== "follow") throw new UsageError(`--links takes skip or follow, not "${links}"`);
  return { links, excludes: excluder(all.get("exclude") ?? []) };
}

/**
 * What patterns exclude, with all that is in it. A pattern without a slash means names, wherever they are; one with a slash a
 * path below the top; one that ends with a slash folders only.
 *
 * @param patterns as they were typed
 * @throws {UsageError} for one that means nothing
 *
 * @example
 * ```ts
 * import { excluder } from "./selection.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const excludes = excluder(["*.o", "cache/", "/docs/*.pdf", "./tmp"]);
 * const files = ["src/a.o", "cache/a", "x/cache", "docs/a.pdf", "old/docs/a.pdf", "tmp", "x/tmp"];
 * assertEquals(files.filter((path) => excludes(path, false)), ["src/a.o", "cache/a", "docs/a.pdf", "tmp"]);
 * ```
 */
export function excluder(patterns: readonly string[]): Selection["excludes"] {
  const rules = patterns.map((typed) => {
    const isPath = /^\.?\//.test(typed);
    const pattern = typed.replace(/^\.?\//, "").replace(/\/+$/, "");
    if (pattern === "") throw new UsageError(`--exclude takes a name or a pattern, not "${typed}"`);
    const expression = wildcards(pattern);
    const foldersOnly = typed.endsWith("/");
    return (path: string, isFolder: boolean) =>
      (isFolder || !foldersOnly) && expression.test(isPath || pattern.includes("/") ? path : baseName(path));
  });
  const isMeant = (path: string, isFolder: boolean) => rules.some((means) => means(path, isFolder));
  return (path, isFolder) =>
    rules.length > 0 && (isMeant(path, isFolder) || ancestors(path).some((folder) => isMeant(folder, true)));
}
