/**
 * The first screenful of a file that was fetched.
 *
 * @module
 */

import { bytes, printable } from "./format.ts";
import { graphemes, type Measure, measureFor } from "./text_width.ts";

/** What of a file is shown. */
export interface Preview {
  /** Lines that fit the screen, without anything that a terminal would obey. */
  lines: string[];
  /** How much more there is, in words; `undefined` when all of it is shown. */
  more?: string;
}

/** Lines that stay free for the prompt and the note of what is left out. */
const SPARE_ROWS = 2;
const TAB_COLUMNS = 8;

/**
 * Whether a file is text, and what of it to show.
 *
 * @param head its first bytes, more than a screen can take
 * @param size of the whole file, in bytes
 * @param rows of the screen
 * @param columns of the screen
 * @returns `undefined` when it is not text
 *
 * @example
 * ```ts
 * import { preview } from "./preview.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("one\nt\two\nthree\n");
 * assertEquals(await preview(text, text.length, 4, 80), { lines: ["one", "t       wo"], more: "1 more line, 6 B" });
 * assertEquals(await preview(new Uint8Array(5), 5, 24, 80), undefined);
 * ```
 */
export async function preview(
  head: Uint8Array,
  size: number,
  rows: number,
  columns: number,
): Promise<Preview | undefined> {
  const text = decodeText(head, head.length < size);
  if (text === undefined) return undefined;
  const all = text.split(/\r?\n/);
  if (all.at(-1) === "") all.pop(); // the end of the last line, not a line
  const shown = all.slice(0, Math.max(1, rows - SPARE_ROWS));
  const measure = await measureFor(shown);
  const lines: string[] = [];
  let cut = 0;
  for (const line of shown) {
    const fitted = fit(line, columns, measure);
    lines.push(fitted.text);
    cut += fitted.left;
  }
  const more = whatIsLeft(head, size, all.length - shown.length, shown.length, cut);
  return more === undefined ? { lines } : { lines, more };
}

/** The text that bytes are: valid UTF-8 without NUL and with few control characters, as colors in a log are. */
function decodeText(head: Uint8Array, isCut: boolean): string | undefined {
  let text: string;
  try {
    // Where the head was cut off the file, its last character may be incomplete.
    text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: isCut });
  } catch {
    return undefined;
  }
  if (text.includes("\0")) return undefined;
  // deno-lint-ignore no-control-regex
  const controls = text.match(/[\x01-\x08\x0b\x0e-\x1f\x7f]/g)?.length ?? 0;
  return controls * 10 > text.length ? undefined : text;
}

/** A line with its tabs expanded and its control characters made visible, and how many bytes of it did not fit. */
function fit(line: string, columns: number, measure: Measure): { text: string; left: number } {
  let text = "";
  let used = 0;
  let taken = 0;
  let kept = { text, taken }; // with room for the mark that there is more
  for (const segment of graphemes(line)) {
    const visible = segment === "\t" ? " ".repeat(TAB_COLUMNS - used % TAB_COLUMNS) : printable(segment);
    text += visible;
    used += measure(visible);
    taken += segment.length;
    if (used > columns) return { text: `${kept.text}…`, left: byteLength(line.slice(kept.taken)) };
    if (used < columns) kept = { text, taken };
  }
  return { text, left: 0 };
}

function whatIsLeft(head: Uint8Array, size: number, lines: number, shown: number, cut: number): string | undefined {
  const left = cut + size - endOfLine(head, shown);
  if (left <= 0) return undefined;
  const counted = head.length >= size && lines > 0 ? `${lines} more ${lines === 1 ? "line" : "lines"}, ` : "";
  return counted ? counted + bytes(left) : `${bytes(left)} more`;
}

/** Where line number `count` ends. */
function endOfLine(head: Uint8Array, count: number): number {
  let at = 0;
  while (count-- > 0) {
    const end = head.indexOf(10, at);
    if (end < 0) return head.length;
    at = end + 1;
  }
  return at;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
