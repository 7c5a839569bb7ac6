/**
 * What can go wrong in ftp, and the exit code that a script sees.
 *
 * @module
 */

import { DiskError } from "../disk/errors.ts";
import { CommandError, ProtocolError } from "../protocol/errors.ts";

/** A command was typed wrongly: the message says how it goes. */
export class UsageError extends Error {
  /** The name of the class, for logs. */
  override name = "UsageError";
}

/** Of many things some failed; each has been told by itself. */
export class PartlyFailedError extends Error {
  /** The name of the class, for logs. */
  override name = "PartlyFailedError";
}

/** Two things that were compared are not the same. */
export class DifferentError extends Error {
  /** The name of the class, for logs. */
  override name = "DifferentError";
}

/**
 * The code of a failure that says what is wrong with a file, here or on the server.
 *
 * @returns `undefined` for anything else that was thrown
 */
export function codeOf(error: unknown): string | undefined {
  return error instanceof CommandError || error instanceof DiskError ? error.code : undefined;
}

/**
 * Adds what to do next to what the server says, for `catch`.
 *
 * @param code of the errors that it is about
 * @param advice behind the message
 * @returns throws what it is given, with the advice where that fits
 */
export function advise(code: string, advice: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof CommandError && error.code === code) {
      throw new CommandError(error.code, error.message + advice);
    }
    throw error;
  };
}

/** The exit codes of ftp. */
export const ExitCode = {
  DONE: 0,
  REFUSED: 1,
  USAGE: 2,
  NO_CONNECTION: 3,
  VERIFICATION: 4,
  LOCAL: 5,
  INTERRUPTED: 130,
  /** As of a program that ends because nobody reads what it writes: 128 and the number of SIGPIPE. */
  UNREAD: 141,
} as const;

/** One of the exit codes of ftp. */
export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** A failure as a script sees it. */
export interface Failure {
  /** A short fixed word, such as `not_found`. */
  code: string;
  /** A sentence for a person. */
  message: string;
  /** Which of several things it is about, as the message names it. */
  path?: string;
  /** What the program exits with. */
  exit: ExitCode;
}

/**
 * What is to be shown of an error.
 *
 * @param error whatever was thrown
 * @returns `undefined` for what was not foreseen: that is a bug and deserves its stack trace
 */
export function toFailure(error: unknown): Failure | undefined {
  if (error instanceof UsageError) return { code: "usage", message: error.message, exit: ExitCode.USAGE };
  if (error instanceof PartlyFailedError) {
    return { code: "partly_failed", message: error.message, exit: ExitCode.REFUSED };
  }
  if (error instanceof DifferentError) {
    return { code: "different", message: error.message, exit: ExitCode.VERIFICATION };
  }
  // A local disk; what the server's disk says arrives as a CommandError.
  if (error instanceof DiskError) return { code: "local", message: error.message, exit: ExitCode.LOCAL };
  if (error instanceof ProtocolError) {
    return { code: "no_connection", message: error.message, exit: ExitCode.NO_CONNECTION };
  }
  if (error instanceof CommandError) {
    const exit = error.code === "mismatch"
      ? ExitCode.VERIFICATION
      : error.code === "canceled"
      ? ExitCode.INTERRUPTED
      : ExitCode.REFUSED;
    return { code: error.code, message: error.message, exit };
  }
  return undefined;
}
