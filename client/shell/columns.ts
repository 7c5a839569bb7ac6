/**
 * Names side by side.
 *
 * @module
 */

import type { Measure } from "../text_width.ts";

/** Columns of the terminal between two names. */
const GAP = 2;

/**
 * Names side by side, in as few lines as they fit in, in their order from top to bottom.
 *
 * @param names at least one, without control characters
 * @param width columns of the terminal that a line may take; a longer name has a line of its own
 * @param measure see `text_width.ts`
 * @returns lines
 *
 * @example
 * ```ts
 * import { sideBySide } from "./columns.ts";
 * import { measureFor } from "../text_width.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const names = ["a.txt", "b", "c", "d", "e"];
 * assertEquals(sideBySide(names, 14, await measureFor(names)), ["a.txt  d", "b      e", "c"]);
 * ```
 */
export function sideBySide(names: readonly string[], width: number, measure: Measure): string[] {
  const column = Math.max(...names.map(measure)) + GAP;
  const count = Math.max(1, Math.floor((width + GAP) / column));
  const rows = Math.ceil(names.length / count);
  return Array.from({ length: rows }, (_, row) => {
    const line = names.filter((_, at) => at % rows === row);
    return line.map((name) => name + " ".repeat(column - measure(name))).join("").trimEnd();
  });
}
