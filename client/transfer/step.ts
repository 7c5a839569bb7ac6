/**
 * The steps of a sync, as they are told.
 *
 * @module
 */

import { bytes, printable } from "../format.ts";
import type { Copy, Plan, Touch } from "./plan.ts";

/** One thing that is to be done, or was done. */
export type Step =
  | { step: "delete"; path: string; kind: "file" | "folder" }
  | { step: "make-folder"; path: string }
  | { step: "rename"; from: string; to: string }
  | { step: "touch"; path: string; kind: "file" | "folder"; why: Touch["why"] }
  | { step: "copy"; path: string; size: number; why: Copy["why"] };

/**
 * A step in words: what a plan says, and what `--verbose` tells of a run.
 *
 * @param step see {@linkcode Step}
 */
export function stepLine(step: Step): string {
  const name = (path: string, kind?: string) => `${printable(path)}${kind === "folder" ? "/" : ""}`;
  switch (step.step) {
    case "delete":
      return `delete  ${name(step.path, step.kind)}`;
    case "make-folder":
      return `make    ${name(step.path, "folder")}`;
    case "rename":
      return `rename  ${name(step.from)} to ${name(step.to)}`;
    case "touch":
      return `touch   ${name(step.path, step.kind)} (${step.why})`;
    case "copy":
      return `copy    ${name(step.path)} (${step.why}, ${bytes(step.size)})`;
  }
}

/** How many steps a plan has. */
export function countSteps({ clear, folders, renames, touches, copies, deletions }: Plan): number {
  return clear.length + folders.length + renames.length + touches.length + copies.length + deletions.length;
}
