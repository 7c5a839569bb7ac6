/**
 * The nearest of some words to one that was mistyped.
 *
 * @param typed what was typed
 * @param words what could have been meant
 * @returns the one that takes the fewest edits; `undefined` when none is near enough to be worth suggesting
 *
 * @example
 * ```ts
 * import { nearest } from "./nearest.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearest("downlaod", ["upload", "download"]), "download");
 * assertEquals(nearest("frobnicate", ["upload", "download"]), undefined);
 * ```
 */
export function nearest(typed: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const word of words) {
    const distance = edits(typed.toLowerCase(), word);
    if (distance < least && distance < word.length) [best, least] = [word, distance];
  }
  return best;
}

/** Fewest letters to insert, delete, replace or swap with their neighbor to turn one word into the other. */
function edits(a: string, b: string): number {
  if (a.length > 100) return Infinity; // nobody meant a command by that
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}
