/**
 * Giving a partial file its name.
 *
 * @module
 */

import { DiskError, errnoOf } from "./errors.ts";
import { giveWay } from "./give_way.ts";
import { modeOf, replacingMode, setMode } from "./mode.ts";
import { moveToFreeName } from "./move.ts";
import { numberedName } from "./names.ts";

/** What to do when the name is taken. */
export type Collision = "rename" | "overwrite" | "fail";

/** How a name is claimed. */
export interface ClaimOptions {
  /** What to do when the name is taken. */
  collision: Collision;
  /** The rights of what the file is a copy of. */
  mode: number;
  /**
   * Told of each name that is taken. When it says so, the file there is taken for ours, and the partial is removed.
   *
   * @throws what makes the claim fail
   */
  onTaken?: (path: string) => boolean;
}

/**
 * Moves a partial to its name in one step.
 *
 * @param partial its path
 * @param folder of the name
 * @param name the wanted name
 * @param options see {@linkcode ClaimOptions}
 * @returns the name it got: with `rename`, a numbered one when the name was taken
 * @throws {DiskError} `exists` when the name is taken and `collision` is `fail`; what the system throws
 */
export async function claimName(
  partial: string,
  folder: string,
  name: string,
  { collision, mode, onTaken }: ClaimOptions,
): Promise<string> {
  for (let number = 0;; number++) {
    const candidate = number === 0 ? name : numberedName(name, number);
    const path = `${folder}/${candidate}`;
    try {
      moveToFreeName(partial, path);
      return candidate;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      if (onTaken?.(path)) {
        Deno.removeSync(partial);
        return candidate;
      }
      if (collision === "fail") throw new DiskError("exists", `the name "${name}" is taken`, { cause: error });
      if (collision === "overwrite") {
        keepRights(partial, path, mode);
        Deno.renameSync(partial, path);
        return candidate;
      }
      await giveWay(); // there may be thousands
    }
  }
}

/** Whoever may not read or write a file may not do so with the one in its place. */
function keepRights(partial: string, replaced: string, mode: number): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(replaced);
  } catch {
    return; // it has gone
  }
  if (info.mode !== null) setMode(partial, replacingMode(modeOf(info), mode));
}
