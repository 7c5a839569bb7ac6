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
 * Why something is not moved, and what takes it along, in words.
 *
 * @param left see {@linkcode Left}
 */
export function whyLeft({ reason, remedy }: Left): string {
  return remedy ? `${reason}; ${remedy}` : reason;
}

/**
 * Tells a person what is not moved: what should have been as a failure, the rest as a note.
 *
 * @returns how many were skipped, and how many failed
 */
export function tellLeft(out: Output, left: readonly Left[]): { skipped: number; failed: number } {
  let count = 0;
  for (const one of left) {
    const name = printable(one.path);
    if (one.failed) {
      count++;
      out.failure({ code: "local", message: `${name}: ${whyLeft(one)}`, exit: ExitCode.REFUSED });
    } else {
      out.note(`${name} is left out: ${whyLeft(one)}`);
    }
  }
  return { skipped: left.length - count, failed: count };
}
