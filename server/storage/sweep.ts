/**
 * Removing what interrupted uploads have left.
 *
 * @module
 */

import { type Listed, listFolder } from "../../disk/list_folder.ts";
import { lastTouched, removePartial } from "../../disk/find_partials.ts";
import { isPartialName } from "../../disk/names.ts";
import { under } from "../../disk/path.ts";
import { isOfSystem } from "./served_folder.ts";
import { inBatches, type Place, placeOf } from "./walk.ts";

/**
 * Removes what interrupted uploads have left in a folder and below it.
 *
 * @param root its real path
 * @param before what was touched since then stays; in milliseconds since 1970
 * @returns how many were removed
 */
export async function sweep(root: string, before: number): Promise<number> {
  let swept = 0;
  const folders: Place[] = [];
  try {
    folders.push(placeOf(root));
  } catch { /* its disk is away, perhaps, and comes back */ }
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { real } = folder;
    const look = ({ name, kind }: Listed) => {
      const path = under(real, name);
      if (isPartialName(name)) {
        if (lastTouched(path) >= before) return;
        removePartial(path, kind);
        swept++;
      } else if (kind === "folder" && !isOfSystem(path)) folders.push(placeOf(path));
    };
    const tryToLook = (one: Listed) => {
      try {
        look(one);
      } catch { /* it went away, or is not ours to touch */ }
    };
    try {
      for await (const _ of inBatches(folder, listFolder(real, true), tryToLook)) { /* the work is done by then */ }
    } catch { /* the same */ }
  }
  return swept;
}
