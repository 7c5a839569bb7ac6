/**
 * What is not moved, and why.
 *
 * @module
 */

import { ExitCode } from "../errors.ts";
import { printable } from "../format.ts";
import type { Output } from "../output.ts";

/** Something that is not moved, and why. */
export interface Left {
  /** Its path below the top of its tree. */
  path: string;
  /** Why, for a person. */
  reason: string;
  /** What takes it along, if anything does. */
  remedy?: string;
  /** Whether it, or what is in it, was to be moved, and cannot be: then it counts as a failure. */
  failed?: boolean;
}

/**
 * Tells a person what is not moved: what should have been as a failure, the rest as a note.
 *
 * @returns how many were skipped, and how many failed
 */
export function tellLeft(out: Output, left: readonly Left[]): { skipped: number; failed: number } {
  let count = 0;
  for (const { path, reason, remedy, failed } of left) {
    const why = remedy ? `${reason}; ${remedy}` : reason;
    if (failed) {
      count++;
      out.failure({ code: "local", message: `${printable(path)}: ${why}`, exit: ExitCode.REFUSED });
    } else {
      out.note(`${printable(path)} is left out: ${why}`);
    }
  }
  return { skipped: left.length - count, failed: count };
}
