/**
 * The shapes of trees that scenarios copy.
 *
 * @module
 */

import type { TreeShape } from "./harness/content.ts";
import { KIB } from "./harness/units.ts";

/** Many files of one size, a hundred in each folder. */
export function equalFiles(count: number, size = 4 * KIB): TreeShape {
  return { sizes: Array(count).fill(size), perFolder: Math.min(count, 100) };
}

/**
 * Files of many sizes: as many between 1 and 2 KiB as between 1 and 2 MiB, roughly, and a few more of the small ones, so
 * that they come to a wanted sum.
 *
 * @param count how many
 * @param largest size of the largest one, in bytes; the smallest one has 1 KiB
 * @param total of all sizes, in bytes
 */
export function mixedFiles(count: number, largest: number, total: number): TreeShape {
  const sizes = (bend: number) =>
    Array.from({ length: count }, (_, at) => Math.round(KIB * (largest / KIB) ** ((at / (count - 1)) ** bend)));
  const sum = (all: readonly number[]) => all.reduce((one, other) => one + other, 0);
  // The more it bends, the more files are small: halve the interval until the sum fits.
  let [least, most] = [0.1, 20];
  while (most - least > 1e-9) {
    const middle = (least + most) / 2;
    if (sum(sizes(middle)) > total) least = middle;
    else most = middle;
  }
  // Spread over the folders: 7 has no factor in common with the counts we use.
  const ordered = sizes(most);
  return { sizes: ordered.map((_, at) => ordered[at * 7 % count]), perFolder: 50 };
}

/** Bytes of all files. */
export function totalBytes({ sizes }: TreeShape): number {
  return sizes.reduce((one, other) => one + other, 0);
}
