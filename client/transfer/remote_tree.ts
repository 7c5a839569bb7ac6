/**
 * The tree below a remote folder.
 *
 * @module
 */

import { CommandError } from "../../protocol/errors.ts";
import type { Entry } from "../../protocol/messages.ts";
import { ancestors, baseName, folderOf, isSafeName, joinPath } from "../../protocol/path.ts";
import type { Client } from "../client.ts";
import type { Omitted } from "./omitted.ts";
import type { Links, Selection } from "./selection.ts";
import {
  A_CIRCLE,
  A_LINK,
  MAX_DEPTH,
  type Node,
  NOT_UNICODE,
  SPECIAL,
  TOO_DEEP,
  type Tree,
  UNREADABLE,
  type Why,
} from "./tree.ts";

/**
 * Everything below a remote folder. Names that could lead elsewhere are left out.
 *
 * @param client the connection
 * @param top the folder
 * @param selection what of it is meant
 * @param signal cancels it
 * @param deep whether to look into the folders in it, too
 * @param onFound told again and again how many bytes its files have, as far as they are known
 * @throws {CommandError} when the folder cannot be listed
 */
export async function remoteTree(
  client: Client,
  top: string,
  selection: Selection,
  signal: AbortSignal,
  deep = true,
  onFound?: (bytes: number) => void,
): Promise<Tree> {
  const tree = await listRemote(client, top, "", selection, signal, deep, onFound);
  requireFolders(tree);
  return tree;
}

/**
 * What a server tells of a remote folder; what of it is in no folder is for {@linkcode requireFolders}.
 *
 * @param client the connection
 * @param top the folder that all paths begin in
 * @param from the one to list: a path below it, or empty
 * @param selection what of it is meant
 * @param signal cancels it
 * @param deep whether to look into the folders in it, too
 * @param onFound told again and again how many bytes its files have, as far as they are known
 * @throws {CommandError} when `top` cannot be listed; any other folder is left then
 */
export async function listRemote(
  client: Client,
  top: string,
  from: string,
  selection: Selection,
  signal: AbortSignal,
  deep: boolean,
  onFound?: (bytes: number) => void,
): Promise<Tree> {
  const tree: Tree = { nodes: [], omitted: [] };
  let bytes = 0;
  const reals = new Reals();
  const circles = new Set<string>();
  const folders = [from];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const listing = client.entries(joinPath(top, folder), {
      recursive: deep,
      hidden: true,
      signal,
      accept: (real) => {
        if (!reals.isOnTheWay(folder, real)) return true;
        circles.add(folder);
        return false;
      },
    });
    try {
      for await (const batch of listing) {
        for (const entry of batch) {
          const path = joinPath(folder, entry.name);
          const found = judge(entry, path, selection.links);
          if (selection.excludes(path, isFolder(entry, selection.links))) continue;
          if ("reason" in found) tree.omitted.push(found);
          else {
            tree.nodes.push(found);
            bytes += found.size;
          }
          // The server does not descend into a link by itself.
          if (deep && entry.link && "kind" in found && found.kind === "folder") folders.push(path);
        }
        onFound?.(bytes);
      }
    } catch (error) {
      if (folder === "") throw error;
      tree.omitted.push({ path: folder, ...whyUnlisted(error) });
    }
  }
  if (circles.size === 0) return tree;
  for (const path of circles) tree.omitted.push({ path, ...A_CIRCLE });
  return { ...tree, nodes: tree.nodes.filter(({ path }) => !circles.has(path)) };
}

/** Where the folders of a remote tree are when no symbolic link leads there, as far as the server has told. */
class Reals {
  readonly #told = new Map<string, string>();

  /**
   * Whether a folder is one of those that its path leads through: to go into it again would never end.
   *
   * @param folder its path below the top of the tree
   * @param real where it is; remembered
   */
  isOnTheWay(folder: string, real: string): boolean {
    this.#told.set(folder, real);
    return folder !== "" && ["", ...ancestors(folder)].some((one) => this.#of(one) === real);
  }

  /** By what the server has told of it, or of a folder that it stands in. */
  #of(folder: string): string | undefined {
    let [known, rest] = [folder, ""];
    while (known !== "" && !this.#told.has(known)) {
      rest = joinPath(baseName(known), rest);
      known = folderOf(known);
    }
    const real = this.#told.get(known);
    return real && joinPath(real, rest);
  }
}

/**
 * Puts a tree that a server has told of in an order in which a folder comes before what is in it, and takes out what is in no
 * folder of it: where that leads here, nobody has looked.
 *
 * @param tree changed in place
 */
export function requireFolders(tree: Tree): void {
  const folders = new Set([""]);
  const nodes: Node[] = [];
  /** Takes what is in a folder that was taken before; returns the rest. */
  const take = (some: readonly Node[]) =>
    some.filter((node) => {
      if (!folders.has(folderOf(node.path))) return true;
      if (node.kind === "folder") folders.add(node.path);
      nodes.push(node);
      return false;
    });
  const rest = take(tree.nodes).sort((a, b) => a.path < b.path ? -1 : 1); // the server promises no order
  const missing = new Set(take(rest).map(({ path }) => ancestors(path).find((folder) => !folders.has(folder))!));
  tree.nodes = nodes;
  tree.omitted = tree.omitted.filter(({ path }) => folders.has(folderOf(path)));
  for (const { path } of tree.omitted) missing.delete(path); // what is in a folder that is left is left with it
  for (const path of missing) tree.omitted.push({ path, ...UNREADABLE.changed });
}

/**
 * Why a remote folder, and what is in it, is left.
 *
 * @param error what listing it failed with
 * @throws the error, when it concerns more than that folder
 */
function whyUnlisted(error: unknown): Why {
  const code = error instanceof CommandError ? error.code : undefined;
  if (code === "denied") return UNREADABLE.denied;
  if (code === "not_found" || code === "not_folder" || code === "changed") return UNREADABLE.changed;
  if (code === "outside") return { reason: "it leads in a circle, or out of the served folder" };
  throw error;
}

/** Whether it counts as a folder, where that matters: a link only where it is followed. */
function isFolder({ kind, link }: Entry, links: Links): boolean {
  return kind === "folder" && (!link || links === "follow");
}

function judge(entry: Entry, path: string, links: Links): Node | Omitted {
  const { kind, size, modified, mode, link, lossy, unreadable } = entry;
  const names = path.split("/");
  if (!names.every(isSafeName)) return { path, reason: "its name could lead elsewhere", failed: true };
  if (lossy) return { path, ...NOT_UNICODE };
  if (unreadable) return { path, ...UNREADABLE[unreadable] };
  if (kind === "link") {
    return { path, reason: "it is a symbolic link that leads out of the served folder, or nowhere" };
  }
  if (link && links === "skip") return { path, ...A_LINK };
  if (kind === "other") return { path, ...SPECIAL };
  if (kind === "folder" && names.length > MAX_DEPTH) return { path, ...TOO_DEEP };
  return { path, kind, size, modified, mode };
}
