/**
 * A typed line and its words, as a POSIX shell would split it: blanks, quotes, backslashes, a tilde; and back.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/** A quote that is open: none, `'`, `"`, or `$'`, in which `\n`, `\x1b` and `\u202e` stand for characters. */
export type Quote = "" | "'" | '"' | "$'";

/** The word that a cursor stands behind. */
export interface WordAtCursor {
  /** The words before it. */
  before: string[];
  /** It, without its quotes. Empty where a new word would begin. */
  text: string;
  /** It, as it was typed. */
  raw: string;
  /** The quote that is open at the cursor. */
  quote: Quote;
}

interface Word {
  text: string;
  /** Where it begins in the line. */
  start: number;
}

interface Scan {
  words: Word[];
  /** Whether the last word can still grow: the line does not end in a blank. */
  growing: boolean;
  quote: Quote;
  /** Whether the line ends in a backslash that escapes nothing. */
  dangling: boolean;
}

const BLANK = /[ \t\r\n]/;

/**
 * Splits a line into words.
 *
 * @param line one line; from a `#` at its start on it is a comment
 * @param home what `~` at the start of a word stands for; without it, for itself
 * @returns the words without their quotes; none for an empty line
 * @throws {UsageError} when a quote is left open
 *
 * @example
 * ```ts
 * import { splitWords } from "./words.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(splitWords(`get "my file" other\\ one`), ["get", "my file", "other one"]);
 * assertEquals(splitWords("# a comment"), []);
 * assertEquals(splitWords("rm $'two\\nlines'"), ["rm", "two\nlines"]);
 * assertEquals(splitWords("get a ~/b '~/c' d~", "/home/me"), ["get", "a", "/home/me/b", "~/c", "d~"]);
 * ```
 */
export function splitWords(line: string, home?: string): string[] {
  const { words, quote, dangling } = scan(line, home);
  if (quote !== "") throw new UsageError(`the quote ${quote} is not closed; to type one as it is, put a \\ before it`);
  if (dangling) throw new UsageError("nothing follows the \\ at the end; to type one as it is, write \\\\");
  return words.map(({ text }) => text);
}

/**
 * What stands before a cursor.
 *
 * @param line the line up to the cursor
 * @param home what `~` at the start of a word stands for; without it, for itself
 *
 * @example
 * ```ts
 * import { wordAtCursor } from "./words.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(wordAtCursor('get "my fi'), { before: ["get"], text: "my fi", raw: '"my fi', quote: '"' });
 * assertEquals(wordAtCursor("ls "), { before: ["ls"], text: "", raw: "", quote: "" });
 * ```
 */
export function wordAtCursor(line: string, home?: string): WordAtCursor {
  const { words, growing, quote } = scan(line, home);
  const last = growing ? words.pop() : undefined;
  const before = words.map(({ text }) => text);
  return last ? { before, text: last.text, raw: line.slice(last.start), quote } : { before, text: "", raw: "", quote };
}

/**
 * Quotes a word so that {@linkcode splitWords} reads it back.
 *
 * @param text the word
 * @param quote the quote to use where it can be used
 * @param closed whether to close that quote; if not, one can go on typing in it
 *
 * @example
 * ```ts
 * import { quoteWord } from "./words.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(quoteWord("my file.txt"), "my\\ file.txt");
 * assertEquals(quoteWord("my file.txt", '"'), '"my file.txt"');
 * assertEquals(quoteWord("two\nlines"), "$'two\\nlines'");
 * assertEquals(quoteWord(""), "''");
 * ```
 */
export function quoteWord(text: string, quote: Quote = "", closed = true): string {
  if (UNTYPABLE.test(text)) quote = "$'";
  const end = closed ? quote.slice(-1) : "";
  if (quote === "$'") return quote + text.replace(/[\\']/g, "\\$&").replace(UNTYPABLE_ALL, escapeCharacter) + end;
  if (quote === '"') return quote + text.replace(/["\\]/g, "\\$&") + end;
  if (quote === "'" && !text.includes("'")) return quote + text + end;
  if (text === "") return closed ? "''" : "";
  return text.replace(/[\s"'\\]|^[#$~]/g, "\\$&");
}

/** Control characters and what turns the direction of writing around: nobody can type them, or see what they did. */
// deno-lint-ignore no-control-regex
const UNTYPABLE = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const UNTYPABLE_ALL = new RegExp(UNTYPABLE, "g");

function escapeCharacter(character: string): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
  return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** One pass over the line; `at` is the next character to look at. */
function scan(line: string, home = "~"): Scan {
  const words: Word[] = [];
  let word: Word | undefined;
  let quote: Quote = "";
  let dangling = false;
  if (/^\s*#/.test(line)) return { words, growing: false, quote, dangling };
  for (let at = 0; at < line.length;) {
    const character = line[at];
    if (quote === "" && BLANK.test(character)) {
      if (word) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    word ??= { text: "", start: at };
    if (quote !== "" && character === quote.slice(-1)) {
      quote = "";
      at++;
    } else if (quote === "" && (character === "'" || character === '"')) {
      quote = character;
      at++;
    } else if (quote === "" && line.startsWith("$'", at)) {
      quote = "$'";
      at += 2;
    } else if (character === "\\" && quote !== "'") {
      const [text, length] = unescape(line.slice(at), quote);
      dangling = length === 1 && at + 1 === line.length;
      word.text += text;
      at += length;
    } else {
      word.text += at === word.start && /^~(?:[/\s]|$)/.test(line.slice(at, at + 2)) ? home : character;
      at++;
    }
  }
  if (word) words.push(word);
  return { words, growing: word !== undefined, quote, dangling };
}

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", e: "\x1b" };

/** What a backslash at the start of `rest` and that which it escapes stand for, and how long they are together. */
function unescape(rest: string, quote: Quote): [text: string, length: number] {
  if (rest.length === 1) return ["", 1];
  const next = rest[1];
  // Within double quotes all other backslashes stand for themselves, as in every shell.
  if (quote === '"' && next !== '"' && next !== "\\") return ["\\", 1];
  if (quote !== "$'") return [next, 2];
  const code = /^\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\})/i.exec(rest);
  if (code) {
    const value = parseInt(code[1] ?? code[2] ?? code[3], 16);
    if (value <= 0x10ffff) return [String.fromCodePoint(value), code[0].length];
  }
  return [ESCAPES[next] ?? next, 2];
}
