/**
 * The tree below a local folder.
 *
 * @module
 */

import { diskError, errnoOf } from "../../disk/errors.ts";
import { comeRound } from "../../disk/give_way.ts";
import { type Listed, listFolder } from "../../disk/list_folder.ts";
import { lstat, type Stat, stat } from "../../disk/stat.ts";
import { isPartialName } from "../../disk/names.ts";
import { OpenFolders } from "../../disk/open_folder.ts";
import { baseName, folderOf, joinPath } from "../../protocol/path.ts";
import type { Omitted } from "./omitted.ts";
import type { Links, Selection } from "./selection.ts";
import {
  A_CIRCLE,
  A_LINK,
  CHANGED,
  MAX_DEPTH,
  type Node,
  NOT_UNICODE,
  SPECIAL,
  TOO_DEEP,
  type Tree,
  type Why,
} from "./tree.ts";

/** After so many entries others have their turn; after the first few at once, as they have nothing to do yet. */
const FIRST_BATCH = 100;
const BATCH = 1000;

/**
 * Everything below a local folder.
 *
 * @param top the folder
 * @param selection what of it is meant; links that lead out of the folder are left out in any case
 * @param signal ends the walk
 * @param deep whether to look into the folders in it, too
 * @throws {DiskError} when the folder itself cannot be read; one below it that cannot is left out, and said to be
 */
export async function localTree(
  top: string,
  selection: Selection,
  signal: AbortSignal,
  deep = true,
): Promise<Tree> {
  const tree: Tree = { nodes: [], omitted: [] };
  for await (const nodes of localNodes(top, selection, signal, tree.omitted, deep)) {
    for (const node of nodes) tree.nodes.push(node);
  }
  return tree;
}

/**
 * Everything below a local folder, as it is found: a folder always before what is in it.
 *
 * @param top the folder
 * @param selection what of it is meant; links that lead out of the folder are left out in any case
 * @param signal ends the walk
 * @param omitted gets what is left; complete at the end
 * @param deep whether to look into the folders in it, too
 * @throws {DiskError} when the folder itself cannot be read; one below it that cannot is left out, and said to be
 */
export async function* localNodes(
  top: string,
  selection: Selection,
  signal: AbortSignal,
  omitted: Omitted[],
  deep = true,
): AsyncGenerator<Node[]> {
  await rest(signal); // what was asked of the server meanwhile goes out first
  let root: string;
  try {
    root = Deno.realPathSync(top);
  } catch (error) {
    throw diskError(error, JSON.stringify(top));
  }
  // All names come first: what appears while the first files are moved, perhaps by that very move, is none of them. Of each folder
  // that is entered, what is not itself entered.
  const entered = new Map<string, string[]>();
  const isFolder = ({ name, kind }: Listed, path: string) => {
    if (selection.excludes(path, true) || path.split("/").length > MAX_DEPTH) return false;
    if (kind === "link" || name.includes("\ufffd")) return isFolderNode(lookLocally(root, path, selection.links));
    return kind === "folder";
  };
  const folders: string[] = [""];
  let looked = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    // Not within a folder: what is held over a rest is held for long.
    if (looked >= BATCH) {
      await rest(signal);
      looked = 0;
    }
    const names: string[] = [];
    entered.set(folder, names);
    try {
      for (const some of listFolder(joinPath(root, folder))) {
        for (const one of some) {
          if (isPartialName(one.name)) continue;
          looked++;
          const path = deep && one.kind !== "file" ? joinPath(folder, one.name) : undefined;
          if (path !== undefined && isFolder(one, path)) folders.push(path);
          else names.push(one.name);
        }
      }
    } catch (error) {
      if (folder === "") throw diskError(error, JSON.stringify(top));
      omitted.push({ path: folder, ...unreadable(error) });
    }
  }
  let nodes: Node[] = [];
  looked = 0;
  using open = new OpenFolders(false);
  for (const { folder, names, areFolders } of inOrder(entered)) {
    const at = joinPath(root, folder);
    for (const name of names) {
      const path = joinPath(folder, name);
      const found = lookLocally(root, path, selection.links, () => open.get(at).stat(name));
      const isFolder = isFolderNode(found);
      if (selection.excludes(path, isFolder)) continue;
      if ("reason" in found) omitted.push(found);
      else if (deep && isFolder !== areFolders) omitted.push({ path, ...CHANGED });
      else nodes.push(found);
      if (++looked % BATCH !== 0 && looked !== FIRST_BATCH) continue;
      open[Symbol.dispose](); // nobody may come back for more
      yield nodes;
      nodes = [];
      await rest(signal);
    }
  }
  open[Symbol.dispose]();
  yield nodes;
}

/**
 * The names of all that was entered, and of the rest, by the folders that they are in: a folder right before what is in it and not
 * with those beside it, so that the first files can go out when their own folder is made.
 */
function* inOrder(
  entered: ReadonlyMap<string, readonly string[]>,
): Generator<{ folder: string; names: readonly string[]; areFolders: boolean }> {
  for (const [folder, names] of entered) {
    if (folder !== "") yield { folder: folderOf(folder), names: [baseName(folder)], areFolders: true };
    yield { folder, names, areFolders: false };
  }
}

/** Lets others have their turn. */
async function rest(signal: AbortSignal): Promise<void> {
  await comeRound();
  signal.throwIfAborted();
}

/** @param lookAt tells what stands there, where that is not to be asked by its path */
function lookLocally(root: string, path: string, links: Links, lookAt?: () => Stat): Node | Omitted {
  const full = `${root}/${path}`;
  try {
    let found = lookAt ? lookAt() : lstat(full);
    if (found.kind === "link") {
      const real = whereLinkLeads(full);
      if (typeof real !== "string") return { path, ...real };
      if (!`${real}/`.startsWith(`${root}/`)) {
        return { path, reason: "it is a symbolic link that leads out of the folder" };
      }
      if (links === "skip") return { path, ...A_LINK };
      found = stat(full);
      if (found.kind === "folder" && isOnTheWay(root, path, real)) {
        return { path, ...A_CIRCLE };
      }
    }
    const { kind, size, modified, mode } = found;
    if (kind === "folder" && path.split("/").length > MAX_DEPTH) return { path, ...TOO_DEEP };
    if (kind !== "file" && kind !== "folder") return { path, ...SPECIAL };
    return { path, kind, size: kind === "file" ? size : 0, modified, mode };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      // What is no Unicode comes as U+FFFD, under which there is nothing.
      return { path, ...path.includes("\ufffd") ? NOT_UNICODE : { reason: "it went away" } };
    }
    return { path, ...unreadable(error) };
  }
}

function whereLinkLeads(link: string): string | Why {
  try {
    return Deno.realPathSync(link);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return { reason: "it is a symbolic link that leads nowhere" };
    if (errno === "ELOOP") return A_CIRCLE;
    throw error;
  }
}

function isFolderNode(found: Node | Omitted): boolean {
  return "kind" in found && found.kind === "folder";
}

function unreadable(error: unknown): Why {
  return { reason: diskError(error, "it cannot be read").message, failed: true };
}

/** Whether a folder is one of those that a path leads through: to go into it again would never end. */
function isOnTheWay(root: string, path: string, real: string): boolean {
  if (real === root) return true;
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    if (Deno.realPathSync(`${root}/${path.slice(0, slash)}`) === real) return true;
  }
  return false;
}
