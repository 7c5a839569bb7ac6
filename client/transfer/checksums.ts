/**
 * Checksums of files on either side.
 *
 * @module
 */

import { DiskError } from "../../disk/errors.ts";
import { CommandError } from "../../protocol/errors.ts";
import { pipeline } from "./pipeline.ts";
import type { Side } from "./side.ts";
import type { Node } from "./tree.ts";

/** Most checksums computed at once. */
export const MOST_CHECKSUMS = 32;

/**
 * The checksums of files; where one cannot be read, there is none, and copying it says what is wrong with it.
 *
 * @param side where they are
 * @param nodes the files
 */
export async function sumsOf(side: Side, nodes: readonly Node[]): Promise<Map<Node, string>> {
  const sums = new Map<Node, string>();
  await pipeline(nodes, { count: MOST_CHECKSUMS }, async (node) => {
    const sum = await sumOf(side, node.path);
    if (typeof sum === "string") sums.set(node, sum);
  });
  return sums;
}

/**
 * The checksum of a file, or why there is none: it may have gone away meanwhile.
 *
 * @param side where it is
 * @param path below the top
 */
export async function sumOf(side: Side, path: string): Promise<string | Error> {
  try {
    return await side.sha256(path);
  } catch (error) {
    if (error instanceof DiskError || error instanceof CommandError && error.code !== "canceled") return error;
    throw error;
  }
}
