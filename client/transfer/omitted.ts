/**
 * What is not moved, or not wholly, and why.
 *
 * @module
 */

import { CommandError, ConnectionLostError } from "../../protocol/errors.ts";
import { ExitCode } from "../errors.ts";
import { bytes, printable } from "../format.ts";
import type { Output } from "../output.ts";
import { RESUME_BYTES } from "./blocks.ts";

/** Something that is not moved, and why. */
export interface Omitted {
  /** Its path below the top of its tree. */
  path: string;
  /** Why, for a person. */
  reason: string;
  /** What takes it along, if anything does. */
  remedy?: string;
  /** The code of the error, where it is not something here. */
  code?: string;
  /** Whether it, or what is in it, was to be moved, and cannot be: then it counts as a failure. */
  failed?: boolean;
}

/**
 * Why something is not moved, and what takes it along, in words.
 *
 * @param omitted see {@linkcode Omitted}
 */
export function whyOmitted({ reason, remedy }: Omitted): string {
  return remedy ? `${reason}; ${remedy}` : reason;
}

/** So many of what is left out for the same reason are named: a tree may have thousands of links. */
const MOST_NAMED = 10;

/**
 * Tells a person what is not moved: what should have been as a failure, the rest as a note.
 *
 * @returns how many were skipped, and how many failed
 */
export function reportOmitted(out: Output, omitted: readonly Omitted[]): { skipped: number; failed: number } {
  let failed = 0;
  const skipped = new Map<string, number>();
  for (const one of omitted) {
    const name = printable(one.path);
    const why = whyOmitted(one);
    if (one.failed) {
      failed++;
      const { code = "local", path } = one;
      out.failure({ code, path, message: `${name}: ${why}`, exit: ExitCode.REFUSED });
      continue;
    }
    const count = (skipped.get(why) ?? 0) + 1;
    skipped.set(why, count);
    if (count <= MOST_NAMED) out.note(`${name} is left out: ${why}`);
  }
  for (const [why, count] of skipped) {
    if (count > MOST_NAMED) out.note(`${count - MOST_NAMED} more are left out: ${why}`);
  }
  return { skipped: omitted.length - failed, failed };
}

/**
 * Tells a person whose transfer of a file has ended before its time that the same command goes on with it, if it does.
 *
 * @param out where to tell
 * @param file what the person calls it
 * @param error what ended it
 * @param moved what was done to bytes: what was sent need not have arrived, and when it was all, may be stored
 * @param done how many bytes that are
 * @param size all of them
 */
export function tellInterrupted(
  out: Output,
  file: string,
  error: unknown,
  moved: "sent" | "fetched",
  done: number,
  size: number,
): void {
  const isLost = error instanceof ConnectionLostError;
  const isInterrupted = isLost || error instanceof CommandError && error.code === "canceled";
  if (!isInterrupted || done === 0 || size < RESUME_BYTES) return;
  const how = isLost && moved === "sent" && done === size
    ? "all of it was sent, and it may be stored; look before you send it again"
    : `${bytes(done)} of ${bytes(size)} were ${moved}; the same command again goes on with what has arrived`;
  out.note(`${printable(file)}: ${how}`);
}
