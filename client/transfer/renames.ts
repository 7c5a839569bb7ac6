/**
 * Files that were only given another name.
 *
 * @module
 */

import { suits } from "../../protocol/mode.ts";
import { sumsOf } from "./checksums.ts";
import type { Side } from "./side.ts";
import { isSameTime, type Node } from "./tree.ts";

/**
 * New files that the target has already, under a name that is to go: proven by content.
 *
 * @param source what the target is to become like
 * @param target what is to be changed
 * @param fresh what only the source has
 * @param gone what only the target has
 * @returns the new files, by the paths that they have in the target
 */
export async function findRenamed(source: Side, target: Side, fresh: Node[], gone: Node[]): Promise<Map<string, Node>> {
  // Only what is the same in every respect: a rename changes neither time nor mode.
  const keyOf = ({ size, modified }: Node) => `${size} ${Math.floor(modified / 1000)}`;
  const former = Map.groupBy(gone.filter(({ kind, size }) => kind === "file" && size > 0), keyOf);
  const likely = fresh.filter((node) => former.has(keyOf(node)));
  const keys = new Set(likely.map(keyOf));
  const [wanted, there] = await Promise.all([
    sumsOf(source, likely),
    sumsOf(target, [...keys].flatMap((key) => former.get(key)!)),
  ]);
  const bySum = Map.groupBy(there.keys(), (node) => there.get(node)!);
  const renamed = new Map<string, Node>();
  for (const node of likely) {
    const candidates = bySum.get(wanted.get(node) ?? "") ?? [];
    const at = candidates.findIndex((one) => isSameTime(one, node) && suits(one.mode, node.mode));
    if (at >= 0) renamed.set(candidates.splice(at, 1)[0].path, node);
  }
  return renamed;
}
