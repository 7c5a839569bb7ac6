/**
 * What is told of files and folders: of one, of all in a folder, and of how much they hold.
 *
 * @module
 */

import { DiskError, diskError, errnoOf } from "../../disk/errors.ts";
import type { Listed } from "../../disk/list_folder.ts";
import { type Stat, stat } from "../../disk/stat.ts";
import { isPartialName } from "../../disk/names.ts";
import { type OpenFolder, openFolder } from "../../disk/open_folder.ts";
import { under } from "../../disk/path.ts";
import { attempt, isOfSystem, requireNoSystem, type ServedFolder, show } from "./served_folder.ts";
import type { Item, Path, Usage } from "./storage.ts";
import { inBatches, placeOf } from "./walk.ts";

/** What is said of something that cannot be looked at. */
const UNKNOWN = { size: 0, modified: 0, mode: 0, link: false };

/** Why a folder cannot be looked into, by the code of the error; with any other it has `failed`. */
const UNREADABLE: Partial<Record<string, Item["unreadable"]>> = {
  denied: "denied",
  changed: "changed",
  not_found: "changed",
  not_folder: "changed",
};

/**
 * What stands under a path (PROTOCOL.md section 7.2).
 *
 * @param served the served folder
 * @param path followed through links
 * @throws {DiskError} when there is nothing, or it lies outside
 */
export function itemAt(served: ServedFolder, path: Path): Item {
  return attempt(path, () => {
    const real = served.resolve(path); // first: of what lies outside nothing at all is looked at
    return describe(path.at(-1) ?? "", stat(real), served.isLink(path));
  });
}

/**
 * What is in a folder, some hundreds at a time (PROTOCOL.md section 7.3).
 *
 * @param served the served folder
 * @param path of the one to list
 * @param options `recursive`: what is below it, too; `hidden`: names that start with a dot, too
 * @throws {DiskError} when the folder itself cannot be listed
 */
export async function* list(
  served: ServedFolder,
  path: Path,
  { recursive, hidden }: { recursive: boolean; hidden: boolean },
): AsyncIterable<Item[]> {
  const folders = [attempt(path, () => ({ ...placeOf(served.resolve(path)), name: "" }))];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { real, name } = folder;
    try {
      requireNoSystem(real, path);
      using open = openFolder(real, true);
      const look = (one: Listed, lossy: boolean) => {
        if (isPartialName(one.name) || (!hidden && one.name.startsWith("."))) return;
        const path = name === "" ? one.name : `${name}/${one.name}`;
        if (lossy) return unnamed(path);
        const found = lookIn(served, open, one.name, path);
        if (recursive && found?.seen?.kind === "folder") {
          const { seen: { dev, ino }, item } = found;
          folders.push({ real: under(real, one.name), dev, ino, name: item.name });
        }
        return found?.item;
      };
      for await (const items of inBatches(folder, open.list(), look)) {
        yield items.filter((item) => item !== undefined);
      }
    } catch (error) {
      const problem = diskError(error, show(name === "" ? path : [...path, ...name.split("/")]));
      if (name === "") throw problem;
      const unreadable = UNREADABLE[problem.code] ?? "failed";
      // Who takes it for empty, or for all that there is, may delete what is in its copy.
      yield [{ ...UNKNOWN, name, kind: "folder", unreadable }];
    }
  }
}

/**
 * What a file, or all files in a folder, take (PROTOCOL.md section 7.4).
 *
 * @param served the served folder
 * @param path of either
 * @param signal ends it
 * @throws {DiskError} when something in it cannot be looked at
 */
export async function usage(served: ServedFolder, path: Path, signal: AbortSignal): Promise<Usage> {
  const item = itemAt(served, path);
  if (item.kind !== "folder") return { size: item.size, files: 1, folders: 0 };
  const sum = { size: 0, files: 0, folders: 0 };
  for await (const items of list(served, path, { recursive: true, hidden: true })) {
    signal.throwIfAborted();
    for (const { name, kind, size, link, unreadable } of items) {
      if (unreadable) {
        const at = [...path, ...name.split("/")];
        // It went away meanwhile; or whatever it is, it is no files.
        if (unreadable === "changed" || isOfSystem(served.join(at))) continue;
        const why = unreadable === "denied" ? "permission denied" : "the system cannot tell of it";
        throw new DiskError("denied", `${show(at)}: ${why}`);
      }
      if (kind === "folder" && !link) sum.folders++;
      else sum.files++;
      sum.size += size;
    }
  }
  return sum;
}

/**
 * What a listing shows of one name, and what the system says of it itself; `undefined` when it went away meanwhile.
 *
 * @param shown what it is called in the listing
 */
function lookIn(
  served: ServedFolder,
  folder: OpenFolder,
  name: string,
  shown: string,
): { item: Item; seen?: Stat } | undefined {
  let seen: Stat;
  try {
    seen = folder.stat(name);
  } catch (error) {
    if (error instanceof DiskError) throw error; // its folder is not where it was
    const errno = errnoOf(error) ?? "";
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    // Its folder tells names only, say; or its path is longer than the system takes.
    return { item: { ...UNKNOWN, name: shown, kind: "other", unreadable: errno === "EACCES" ? "denied" : "failed" } };
  }
  if (seen.kind !== "link") return { item: describe(shown, seen, false), seen };
  try {
    const real = served.inside(Deno.realPathSync(under(folder.path, name)), []);
    return { item: describe(shown, stat(real), true), seen };
  } catch {
    return { item: describe(shown, seen, true), seen };
  }
}

/** What can be told of something whose name is not valid Unicode: no path leads there. */
function unnamed(name: string): Item {
  return { ...UNKNOWN, name, kind: "other", lossy: true };
}

/**
 * What is told of something.
 *
 * @param name what it is called
 * @param seen what the system says of it, or of what it leads to
 * @param link whether it is a symbolic link
 */
export function describe(name: string, { kind, size, modified, mode }: Stat, link: boolean): Item {
  return { name, kind, size: kind === "file" ? size : 0, modified, mode, link };
}
