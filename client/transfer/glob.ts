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

/** What is escaped; a class of characters, negated perhaps, in which a `]` at the start is one of them; or a `[` that begins none. */
const CLASS = /\\.|\[(?:([!^])|(?![!^]))((?:\]|\[:[a-z]+:\]|\\.|[^\]\\/])(?:\[:[a-z]+:\]|\\.|[^\]\\/])*)\]|\[/gsu;
/** What stands in a class: a named one, or a character, escaped perhaps, and the last one of a range that it begins. */
const IN_CLASS = /\[:(?<name>[a-z]+):\]|(?:\\(?<escaped>.)|(?<plain>.))(?:-(?:\\(?<escapedLast>.)|(?<last>.)))?/gsu;
/** The named classes of POSIX. */
const NAMED: Record<string, string> = {
  alnum: "\\p{L}\\p{Nd}",
  alpha: "\\p{L}",
  blank: " \\t",
  digit: "0-9",
  lower: "\\p{Ll}",
  punct: "\\p{P}\\p{S}",
  space: "\\s",
  upper: "\\p{Lu}",
  xdigit: "0-9A-Fa-f",
};
/** Stands for a class of a pattern until that is put in, with its number: no name has this character, which Unicode keeps free. */
const MARK = "\ufdd0";
const MARKED = /\ufdd0(\d+)\ufdd0/g;

/**
 * Wildcards as a regular expression for all of a path.
 *
 * @param pattern of the path
 *
 * @example
 * ```ts
 * import { wildcards } from "./glob.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const names = ["a1", "B2", "3c", "]d", "^e"];
 * const matching = (pattern: string) => names.filter((name) => wildcards(pattern).test(name));
 * assertEquals(matching("[^a-z]?"), ["B2", "3c", "]d", "^e"]);
 * assertEquals(matching("[]^]*"), ["]d", "^e"]);
 * assertEquals(matching("[[:digit:]z-a]?"), ["3c"]);
 * ```
 */
export function wildcards(pattern: string): RegExp {
  const classes: string[] = [];
  const marked = pattern.replace(CLASS, (whole, negation?: string, content?: string) => {
    if (content === undefined) return whole === "[" ? "\\[" : whole;
    return `${MARK}${classes.push(classOf(negation !== undefined, content)) - 1}${MARK}`;
  });
  const { source } = globToRegExp(marked, { extended: true, globstar: true });
  // Where characters are those of Unicode, what needs no escaping must have none, and the rest must.
  const plain = source.replace(/\\(.)|\[\^\/\]|[\]{}]/gs, (text, escaped?: string) => {
    if (escaped !== undefined) return /[\w^$\\.*+?()[\]{}|/]/.test(escaped) ? text : escaped;
    return text.length > 1 ? text : `\\${text}`;
  });
  return new RegExp(plain.replace(MARKED, (_, number) => classes[number] ?? ""), "u");
}

/** A class of characters as a regular expression has it. */
function classOf(negated: boolean, content: string): string {
  let members = "";
  for (const { groups } of content.matchAll(IN_CLASS)) {
    const { name, escaped, plain, escapedLast, last } = groups!;
    if (name) {
      members += NAMED[name] ?? "";
      continue;
    }
    const [from, to] = [(escaped ?? plain).codePointAt(0)!, (escapedLast ?? last)?.codePointAt(0)];
    if (to === undefined) members += codePoint(from);
    else if (from <= to) members += `${codePoint(from)}-${codePoint(to)}`; // else it is of none
  }
  return negated ? `[^/${members}]` : `[${members}]`;
}

function codePoint(value: number): string {
  return `\\u{${value.toString(16)}}`;
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
  if (!isWild(typed)) return undefined;
  const names = typed.split("/");
  const first = names.findIndex(isWild);
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

function isWild(text: string): boolean {
  return isGlob(text) || /\[.+\]/.test(text);
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
