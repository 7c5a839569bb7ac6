/**
 * Trees of files and folders, local and remote, in one form.
 *
 * @module
 */

import type { Entry } from "../../protocol/messages.ts";
import type { Omitted } from "./omitted.ts";

/** What stands somewhere in a tree. */
export interface Node {
  /** Its path below the top of the tree, with `/` between the names. */
  path: string;
  /** What it is. Anything else than these two is not moved. */
  kind: "file" | "folder";
  /** Bytes; 0 for a folder. */
  size: number;
  /** Time of the last change of its content, in milliseconds since 1970. */
  modified: number;
  /** Its rights: the lowest nine bits of its mode. */
  mode: number;
}

/** A tree: what can be moved, a folder always before what is in it, and what is left. */
export interface Tree {
  /** What can be moved. */
  nodes: Node[];
  /** What is left, and why. */
  omitted: Omitted[];
  /** Whether not even its top is there. */
  missing?: boolean;
}

/** Why something is left. */
export type Why = Omit<Omitted, "path">;
/** No message can carry its name. */
export const NOT_UNICODE: Why = { reason: "its name is not valid Unicode", failed: true };
/** Links are not followed. */
export const A_LINK: Why = { reason: "it is a symbolic link", remedy: "--links follow takes what it leads to" };
/** It was another thing a moment ago. */
export const CHANGED: Why = { reason: "it was changed meanwhile", failed: true };
/** Why something that the server cannot look at or into is left, with all that may be in it. */
export const UNREADABLE: Record<NonNullable<Entry["unreadable"]>, Why> = {
  denied: { reason: "the server cannot read it: permission denied", code: "denied", failed: true },
  changed: { ...CHANGED, code: "changed" },
  failed: { reason: "the server's system cannot tell of it", code: "internal", failed: true },
};
/** It is a link to a folder that it is in. */
export const A_CIRCLE: Why = { reason: "it leads in a circle" };
/** A device, say. */
export const SPECIAL: Why = { reason: "it is neither a file nor a folder" };
/** So many folders within each other are taken for a circle of links. */
export const MAX_DEPTH = 128;
/** It lies deeper. */
export const TOO_DEEP: Why = { reason: `it lies more than ${MAX_DEPTH} folders deep`, failed: true };

/**
 * Whether two files have the same time: also where one is on a disk that keeps whole seconds only.
 *
 * @param a on one side
 * @param b on the other
 */
export function isSameTime(a: Node, b: Node): boolean {
  if (a.modified === b.modified) return true;
  const whole = a.modified % 1000 === 0 || b.modified % 1000 === 0;
  return whole && Math.floor(a.modified / 1000) === Math.floor(b.modified / 1000);
}
