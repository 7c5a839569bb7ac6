/**
 * What clients are told of what went wrong.
 *
 * @module
 */

import { DiskError } from "../disk/errors.ts";
import { CommandError, type ErrorCode } from "../protocol/errors.ts";

/**
 * A foreseen failure, as it is answered: a message may quote a long path, and is cut.
 *
 * @param error anything that was thrown
 * @returns `undefined` for what nobody has foreseen
 */
export function commandErrorOf(error: unknown): CommandError | undefined {
  if (error instanceof CommandError) return error;
  if (error instanceof DiskError) return new CommandError(error.code satisfies ErrorCode, error.message);
  return undefined;
}
