/**
 * Removing folders with all that is in them.
 *
 * @module
 */

import { DiskError, errnoOf } from "../../disk/errors.ts";
import { removePartial } from "../../disk/find_partials.ts";
import { giveWay } from "../../disk/give_way.ts";
import { type Listed, listFolder } from "../../disk/list_folder.ts";
import { isPartialName } from "../../disk/names.ts";
import { under } from "../../disk/path.ts";
import type { Removed } from "./storage.ts";
import { inBatches, placeOf, requireUnmoved } from "./walk.ts";

/** How often a folder is emptied, at most: who keeps putting something into it keeps it. */
const ROUNDS = 100;
/** How often nothing is found in a folder that is not empty. */
const IDLE_ROUNDS = 3;

/**
 * Removes a folder and all that is in it. Links are removed, not followed. Not by one recursive `Deno.remove`, which needs
 * stack for each level: a folder that is deep enough would take the whole process with it.
 *
 * @param top its real path
 * @param removed counts what is gone
 * @param signal stops it
 * @throws {DiskError} `denied`, before anything is gone, for a folder that nobody can name
 */
export async function removeTree(top: string, removed: Removed, signal: AbortSignal): Promise<void> {
  const folders = [placeOf(top)];
  for (const folder of folders) { // it grows meanwhile
    const look = ({ name, kind }: Listed, lossy: boolean) => {
      if (kind !== "folder" || isPartialName(name)) return;
      if (lossy) {
        const problem = `the name of a folder in it is not valid Unicode, ${JSON.stringify(name)}`;
        throw new DiskError("denied", `nothing was removed: ${problem}; remove that one on the server itself`);
      }
      folders.push(placeOf(under(folder.real, name)));
    };
    for await (const _ of inBatches(folder, listFolder(folder.real, true), look)) signal.throwIfAborted();
  }
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { real } = folder;
    let unnamed = 0;
    let idle = 0;
    const remove = ({ name, kind }: Listed, lossy: boolean) => {
      if (isPartialName(name)) {
        removePartial(under(real, name), kind);
        idle = 0;
        return;
      }
      if (kind === "folder") return; // made by somebody since: it keeps the folder
      if (lossy) return unnamed++;
      idle = 0;
      try {
        Deno.removeSync(under(real, name));
        removed.files++;
      } catch (error) {
        if (errnoOf(error) !== "ENOENT") throw error; // else somebody else has removed it
      }
    };
    for (let round = 1, gone = false; !gone; round++) {
      unnamed = 0;
      idle++;
      for await (const _ of inBatches(folder, listFolder(real, true), remove)) signal.throwIfAborted();
      await giveWay();
      requireUnmoved(folder);
      // What cannot be named goes with its folder, as long as that holds nothing deeper.
      const isFlat = unnamed > 0 && listFolder(real, true).every((some) => some.every(({ kind }) => kind !== "folder"));
      try {
        Deno.removeSync(real, { recursive: isFlat });
        gone = true;
      } catch (error) {
        // Not every file system gives out all names when some go meanwhile.
        if (errnoOf(error) !== "ENOTEMPTY" || idle === IDLE_ROUNDS || round === ROUNDS) throw error;
      }
    }
    removed.files += unnamed;
    removed.folders++;
  }
}
