/**
 * What has to be done so that one tree becomes like another.
 *
 * @module
 */

import type { TouchOptions } from "../../disk/touch.ts";
import { suits, suitsFolder } from "../../protocol/mode.ts";
import { ancestors } from "../../protocol/path.ts";
import { codeOf } from "../errors.ts";
import { MOST_CHECKSUMS, sumOf } from "./checksums.ts";
import type { NewFolder } from "./folders.ts";
import type { Omitted } from "./omitted.ts";
import { pipeline } from "./pipeline.ts";
import { findRenamed } from "./renames.ts";
import type { Selection } from "./selection.ts";
import type { Side } from "./side.ts";
import { isSameTime, type Node, type Tree } from "./tree.ts";

/** A file to copy. */
export interface Copy {
  /** Its path below both tops. */
  path: string;
  /** Bytes. */
  size: number;
  /** Why. */
  why: "new" | "changed";
}

/** A file to give another name. */
export interface Rename {
  /** Its path below the target. */
  from: string;
  /** Its path below both tops. */
  to: string;
  /** Bytes. */
  size: number;
}

/** A file whose content is right, and whose time or rights are not; or a folder that is open to more than the source is. */
export interface Touch extends TouchOptions {
  /** Its path below both tops. */
  path: string;
  /** What it is. */
  kind: Node["kind"];
  /** Bytes. */
  size: number;
  /** What differs; with the time, perhaps the rights as well. */
  why: "time" | "rights";
}

/** Something to delete. */
export interface Deletion {
  /** Its path below the target. */
  path: string;
  /** What it is. */
  kind: "file" | "folder";
}

/** A plan: what is to be done, in this order. Paths are below both tops. */
export interface Plan {
  /** What stands in the way of something else, the deepest first. */
  clear: Deletion[];
  /** Folders to make, each after the one that it stands in; an empty path is the top of the target. */
  folders: NewFolder[];
  /** Files to give another name. */
  renames: Rename[];
  /** Files to set time and rights of, and folders to set the rights of. */
  touches: Touch[];
  /** Files to copy. */
  copies: Copy[];
  /** How many bytes the files have that are replaced. */
  replaced: number;
  /** What is not in the source, the deepest first. */
  deletions: Deletion[];
  /** What cannot be or is not to be copied, and why. */
  omitted: Omitted[];
  /** How many files are the same already. */
  same: number;
  /** Whether there is no file in the source, as where a disk is not mounted, and the target would lose all that it has. */
  empties: boolean;
}

/** How many bytes a plan copies. */
export function bytesToCopy({ copies }: Plan): number {
  return copies.reduce((sum, { size }) => sum + size, 0);
}

/** Options of {@linkcode makePlan}. */
export interface PlanOptions {
  /** Whether what is not in the source is deleted in the target. */
  delete: boolean;
  /** Whether files of the same size are compared by content, whatever their times. */
  checksum: boolean;
  /** What is meant, of the source; of the target the same, but no links. */
  selection: Selection;
  /**
   * Whether the plan is only looked at, and not carried out: the target has to be there, and what cannot be read keeps
   * nothing else from being compared.
   */
  compareOnly?: boolean;
}

/**
 * Compares two trees.
 *
 * @param source what the target is to become like
 * @param target what is to be changed
 * @param options see {@linkcode PlanOptions}
 * @throws {DiskError} {@linkcode CommandError} when one of them is no folder, or is not there and has to be
 */
export async function makePlan(source: Side, target: Side, options: PlanOptions): Promise<Plan> {
  const { from, to, keeping } = await look(source, target, options);
  const omitted = [...from.omitted];
  let same = 0;
  const there = new Map<string, Node>();
  for (const node of to.nodes) there.set(node.path, node);
  // Of what most plans do not need, nothing is prepared: there may be a hundred thousand files.
  const here = options.delete ? new Set([...from.nodes, ...from.omitted].map(({ path }) => path)) : new Set<string>();
  const wrongKind = new Set<string>();
  let folders: NewFolder[] = [];
  let fresh: Node[] = [];
  const changed: Node[] = [];
  const doubtful: Node[] = [];
  const touches: Touch[] = [];
  const settle = (node: Node, other: Node) => {
    const isFolder = node.kind === "folder";
    const suited = isFolder ? suitsFolder(other.mode, node.mode) : suits(other.mode, node.mode);
    const why = isFolder || isSameTime(other, node) ? "rights" : "time";
    const isAlike = suited && why === "rights";
    if (!isAlike && !options.compareOnly) {
      const { path, kind, size, modified, mode } = node;
      touches.push({ path, kind, size, before: other.modified, modified, mode, why });
    } else if (node.kind === "file") same++;
  };
  /** What the target has as something else, and what that is. */
  const conflicts = new Map<string, Node["kind"]>();
  const omittedInTarget = new Map(to.omitted.map((omitted) => [omitted.path, omitted]));
  for (const node of from.nodes) {
    const clash = omittedInTarget.get(node.path);
    if (clash) {
      omittedInTarget.delete(node.path);
      wrongKind.add(node.path);
      omitted.push({ path: node.path, reason: `in the target: ${clash.reason}`, failed: true });
    }
    if (isBelow(node.path, wrongKind)) continue;
    const other = there.get(node.path);
    if (other && other.kind !== node.kind) conflicts.set(node.path, other.kind);
    if (node.kind === "folder") {
      if (other?.kind !== "folder") folders.push({ path: node.path, mode: node.mode });
      else settle(node, other);
    } else if (other?.kind !== "file") fresh.push(node);
    else if (other.size !== node.size || (!options.checksum && !isSameTime(other, node))) changed.push(node);
    else if (options.checksum) doubtful.push(node);
    else settle(node, other);
  }
  for (const { path } of from.omitted) omittedInTarget.delete(path); // told already
  if (options.compareOnly || options.delete) {
    for (const { path, reason, code, failed } of omittedInTarget.values()) {
      // It stays, where the rest of what is not in the source is deleted.
      omitted.push({ path, reason: `in the target: ${reason}`, code, failed: options.compareOnly && failed });
    }
  }
  await pipeline(doubtful, { count: MOST_CHECKSUMS }, async (node) => {
    const [one, other] = await Promise.all([sumOf(source, node.path), sumOf(target, node.path)]);
    if (typeof one !== "string") omitted.push({ path: node.path, reason: one.message, failed: true });
    // What cannot be read can be replaced; but whether it is different nobody knows.
    else if (typeof other !== "string" && options.compareOnly) {
      omitted.push({ path: node.path, reason: other.message, code: codeOf(other), failed: true });
    } else if (one !== other) changed.push(node);
    else settle(node, there.get(node.path)!);
  });
  const refuse = (path: string, reason: string) => {
    wrongKind.add(path);
    omitted.push({ path, reason, failed: true });
  };
  for (const [path, kind] of conflicts) {
    if (kind === "folder" && keeping.has(path)) {
      refuse(path, "the target has a folder there, and in it what is excluded");
    }
  }
  // What could not be read is not known to be missing; and what cannot be copied may be there under its former name only.
  const deleting = options.delete && (options.compareOnly || !omitted.some(({ failed }) => failed));
  if (!deleting && conflicts.size > 0) {
    const remedy = options.delete ? "it stays until all of the source can be copied" : "--delete replaces it";
    for (const [path, kind] of conflicts) {
      if (!wrongKind.has(path)) refuse(path, `the target has a ${kind} there; ${remedy}`);
    }
    folders = folders.filter(({ path }) => !isBelow(path, wrongKind));
    fresh = fresh.filter(({ path }) => !isBelow(path, wrongKind));
  }
  const superfluous = deleting ? findSuperfluous(from, to, here, keeping) : [];
  // What stands in the way of something else goes first, with all that is in it.
  const replaced = new Set(superfluous.filter(({ path }) => here.has(path)).map(({ path }) => path));
  const inTheWay = superfluous.filter(({ path }) => isBelow(path, replaced));
  const over = superfluous.filter(({ path }) => !isBelow(path, replaced));
  const renamed = await findRenamed(source, target, fresh, over);
  const renamedTo = new Set([...renamed.values()].map(({ path }) => path));
  return {
    clear: deepestFirst(inTheWay),
    folders: to.missing ? [{ path: "", mode: await source.mode() }, ...folders] : folders,
    renames: [...renamed].map(([from, { path, size }]) => ({ from, to: path, size })),
    touches,
    copies: [...copies(fresh.filter(({ path }) => !renamedTo.has(path)), "new"), ...copies(changed, "changed")],
    replaced: changed.reduce((sum, { path }) => sum + there.get(path)!.size, 0),
    deletions: deepestFirst(over.filter(({ path }) => !renamed.has(path))),
    omitted,
    same,
    empties: !from.nodes.some(isFile) && superfluous.some(isFile),
  };
}

/**
 * Looks at both sides at once. Where one of them cannot be looked at, nobody waits for the other.
 *
 * @returns both, and the folders of the target that have to stay for what is excluded in them
 */
async function look(
  source: Side,
  target: Side,
  { selection, compareOnly = false }: PlanOptions,
): Promise<{ from: Tree; to: Tree; keeping: ReadonlySet<string> }> {
  const keeping = new Set<string>();
  const excludes = (path: string, isFolder: boolean) => {
    const isExcluded = selection.excludes(path, isFolder);
    if (isExcluded) ancestors(path).forEach((folder) => keeping.add(folder));
    return isExcluded;
  };
  const end = new AbortController();
  const { signal } = end;
  try {
    const from = Promise.withResolvers<Tree>();
    const to = Promise.withResolvers<Tree>();
    // A source that is missing by mistake must not empty its target.
    source.tree({ selection, required: true, signal, other: to.promise }).then(from.resolve, from.reject);
    const inTarget: Selection = compareOnly ? selection : { links: "skip", excludes };
    target.tree({ selection: inTarget, required: compareOnly, signal, other: from.promise }).then(
      to.resolve,
      to.reject,
    );
    const [one, other] = await Promise.all([from.promise, to.promise]);
    return { from: one, to: other, keeping };
  } catch (error) {
    end.abort();
    throw error;
  }
}

function copies(nodes: Node[], why: Copy["why"]): Copy[] {
  return nodes.map(({ path, size }) => ({ path, size, why }));
}

/**
 * Deletions in the order in which they can be done.
 *
 * @param nodes what to delete
 */
export function deepestFirst(nodes: readonly Deletion[]): Deletion[] {
  return nodes.toSorted((a, b) => a.path < b.path ? 1 : -1).map(({ path, kind }) => ({ path, kind }));
}

function isFile({ kind }: Node): boolean {
  return kind === "file";
}

/** What the target has and the source has not, or has as something else. What was left out in the source is not touched. */
function findSuperfluous(
  from: Tree,
  to: Tree,
  here: ReadonlySet<string>,
  keeping: ReadonlySet<string>,
): Node[] {
  const kinds = new Map(from.nodes.map(({ path, kind }) => [path, kind]));
  const untouched = new Set(from.omitted.map(({ path }) => path));
  // A folder that holds what we do not look at cannot be removed, nor one that cannot be looked into.
  const held = new Set([...keeping, ...to.omitted.flatMap(({ path }) => [path, ...ancestors(path)])]);
  return to.nodes.filter(({ path, kind }) =>
    (here.has(path) ? kinds.has(path) && kinds.get(path) !== kind : !isBelow(path, untouched)) && !held.has(path)
  );
}

function isBelow(path: string, tops: ReadonlySet<string>): boolean {
  if (tops.size === 0) return false;
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    if (tops.has(path.slice(0, slash))) return true;
  }
  return tops.has(path);
}
