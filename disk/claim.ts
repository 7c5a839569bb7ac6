/**
 * Giving a partial file its name.
 *
 * @module
 */

import { DiskError, errnoOf } from "./errors.ts";
import { giveWay } from "./give_way.ts";
import type { Stat } from "./stat.ts";
import { replacingMode } from "./mode.ts";
import { moveToFreeName } from "./move.ts";
import { numberedName } from "./names.ts";
import type { OpenFolder } from "./open_folder.ts";

/** What to do when the name is taken. */
export type Collision = "rename" | "overwrite" | "fail";

/** How a name is claimed. */
export interface ClaimOptions {
  /** What to do when the name is taken. */
  collision: Collision;
  /** The rights of what the file is a copy of. */
  mode: number;
  /**
   * Called for each name that is taken. Returns whether the file there is our own, of an earlier attempt: the partial is removed
   * then, and that name returned.
   *
   * @throws what makes the claim fail
   */
  onTaken?: (name: string) => boolean;
  /** Looked at right before each attempt. */
  signal?: AbortSignal;
}

/**
 * Moves a partial to its name in one step.
 *
 * @param from the folder that it is in
 * @param partial its name there
 * @param to the folder that it goes to
 * @param name the wanted name
 * @param options see {@linkcode ClaimOptions}
 * @returns the name it got: with `rename`, a numbered one when the name was taken
 * @throws {DiskError} `exists` when the name is taken and `collision` is `fail`; what the system throws, or the signal says
 */
export async function claimName(
  from: OpenFolder,
  partial: string,
  to: OpenFolder,
  name: string,
  { collision, mode, onTaken, signal }: ClaimOptions,
): Promise<string> {
  for (let number = 0;; number++) {
    const candidate = number === 0 ? name : numberedName(name, number);
    signal?.throwIfAborted();
    try {
      moveToFreeName(from, partial, to, candidate);
      return candidate;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      if (onTaken?.(candidate)) {
        from.remove(partial, "file");
        return candidate;
      }
      if (collision === "fail") throw new DiskError("exists", `the name "${name}" is taken`, { cause: error });
      if (collision === "overwrite") {
        keepRights(from, partial, to, candidate, mode);
        from.move(partial, to, candidate);
        return candidate;
      }
      await giveWay(); // there may be thousands
    }
  }
}

/** Whoever may not read or write a file may not do so with the one in its place. */
function keepRights(from: OpenFolder, partial: string, to: OpenFolder, replaced: string, mode: number): void {
  let seen: Stat;
  try {
    seen = to.stat(replaced, true);
  } catch {
    return; // it has gone, or is a link that leads nowhere
  }
  from.setMode(partial, replacingMode(seen.mode, mode));
}
