/**
 * Going through folders of this machine while others have their turn, in which somebody may move them away.
 *
 * @module
 */

import { exists } from "../../disk/exists.ts";
import { giveWay } from "../../disk/give_way.ts";
import { type Listed, listFolder } from "../../disk/list_folder.ts";
import { lstat } from "../../disk/stat.ts";
import { isPartialName } from "../../disk/names.ts";
import { under } from "../../disk/path.ts";
import { movedMeanwhile } from "../../disk/plain.ts";

/** A folder by its path, and by what stays its own when it is moved. */
export interface Place {
  /** Its real path. */
  readonly real: string;
  /** Its file system. */
  readonly dev: number;
  /** What it is called there. */
  readonly ino: number | null;
}

/**
 * The place of a folder that is there.
 *
 * @param real its real path
 * @throws what the system throws
 */
export function placeOf(real: string): Place {
  const { dev, ino } = lstat(real);
  return { real, dev, ino };
}

/**
 * Between two of our turns somebody may move a folder away and put a link out in its place. Another folder will do.
 *
 * @throws {DiskError} `changed` when that was done
 */
export function requireUnmoved({ real, dev, ino }: Place): void {
  const now = lstat(real);
  if (now.dev === dev && now.ino === ino || Deno.realPathSync(real) === real) return;
  throw movedMeanwhile();
}

/**
 * Does something with every name in a folder, partials included, and gives out the results, some hundreds at a time. Others have
 * their turn between two batches, and never between the check that the folder is where it was and the work.
 *
 * @param folder where it was found
 * @param names in it
 * @param work must be synchronous; told whether the name is not valid Unicode, and therefore leads nowhere, or elsewhere
 */
export async function* inBatches<T>(
  folder: Place,
  names: Iterable<Listed[]>,
  work: (one: Listed, lossy: boolean) => T,
): AsyncGenerator<T[]> {
  const isLossy = lossiness(folder.real);
  for (const some of names) {
    await giveWay();
    requireUnmoved(folder);
    yield some.map((one) => work(one, isLossy(one.name)));
  }
}

/**
 * Tells which of the names in a folder, as they are given to us, are not valid Unicode: what is no character has become
 * U+FFFD. There is nothing under such a name, or something that has U+FFFD in its name itself.
 *
 * @returns to be asked about each name of the folder once
 */
function lossiness(folder: string): (name: string) => boolean {
  const seen = new Set<string>();
  return (name) => {
    if (!name.includes("\ufffd")) return false;
    const lossy = seen.has(name) || !exists(under(folder, name));
    seen.add(name);
    return lossy;
  };
}

/**
 * Whether nothing can be seen in a folder that is not empty.
 *
 * @param folder its path
 */
export function holdsPartialsOnly(folder: string): boolean {
  return listFolder(folder, true).every((some) => some.every(({ name }) => isPartialName(name)));
}
