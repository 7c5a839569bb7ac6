/**
 * How many columns of a terminal a text takes.
 *
 * @module
 */

/** Tells how many columns a text takes. */
export type Measure = (text: string) => number;

// deno-lint-ignore no-control-regex -- control characters are shown as escapes, which are ASCII again
const ASCII = /^[\x00-\x7f]*$/;

/**
 * A measure for some texts. The general one is loaded only where one of them needs it: it doubles the time that a run
 * takes to start.
 *
 * @param texts that are going to be measured
 */
export async function measureFor(texts: readonly string[]): Promise<Measure> {
  if (texts.every((text) => ASCII.test(text))) return (text) => text.length;
  return (await import("string-width")).default;
}

/**
 * What a person takes for the characters of a text.
 *
 * @param text any
 */
export function* graphemes(text: string): Iterable<string> {
  if (ASCII.test(text)) return yield* text;
  for (const { segment } of new Intl.Segmenter().segment(text)) yield segment;
}

/**
 * As much of a text's start as fits.
 *
 * @param text without control characters
 * @param columns that it may take
 * @param measure see {@linkcode measureFor}
 *
 * @example
 * ```ts
 * import { cutEnd, measureFor } from "./text_width.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "日本語";
 * assertEquals(cutEnd(text, 5, await measureFor([text])), "日本");
 * ```
 */
export function cutEnd(text: string, columns: number, measure: Measure): string {
  let kept = "";
  let used = 0;
  for (const segment of graphemes(text)) {
    used += measure(segment);
    if (used > columns) break;
    kept += segment;
  }
  return kept;
}

/**
 * A text with as much of its middle left out as it takes to fit.
 *
 * @param text without control characters
 * @param columns that it may take
 * @param measure see {@linkcode measureFor}
 *
 * @example
 * ```ts
 * import { cutMiddle, measureFor } from "./text_width.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "a-long-name.tar.gz";
 * assertEquals(cutMiddle(text, 11, await measureFor([text])), "a-lon…ar.gz");
 * ```
 */
export function cutMiddle(text: string, columns: number, measure: Measure): string {
  if (measure(text) <= columns) return text;
  if (columns < 1) return "";
  const start = cutEnd(text, Math.ceil((columns - 1) / 2), measure);
  const backwards = [...graphemes(text)].reverse();
  let end = "";
  let left = columns - 1 - measure(start);
  for (const segment of backwards) {
    left -= measure(segment);
    if (left < 0) break;
    end = segment + end;
  }
  return `${start}…${end}`;
}
