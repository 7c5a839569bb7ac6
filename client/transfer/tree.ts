/**
 * Trees of files and folders, local and remote, in one form.
 *
 * @module
 */

import { diskError, errnoOf } from "../../disk/errors.ts";
import { comeRound } from "../../disk/give_way.ts";
import { type Listed, listFolder } from "../../disk/list_folder.ts";
import { look, lookThrough, type Seen } from "../../disk/look.ts";
import { isPartialName } from "../../disk/names.ts";
import { OpenFolders } from "../../disk/open_folder.ts";
import { CommandError } from "../../protocol/errors.ts";
import type { Entry } from "../../protocol/messages.ts";
import { ancestors, baseName, folderOf, isSafeName, joinPath } from "../../protocol/path.ts";
import type { Client } from "../client.ts";
import type { Left } from "./left.ts";
import type { Links, Selection } from "./selection.ts";

/** What stands somewhere in a tree. */
export interface Node {
  /** Its path below the top of the tree, with `/` between the names. */
  path: string;
  /** What it is. Anything else than these two is not moved. */
  kind: "file" | "folder";
  /** Bytes; 0 for a folder. */
  size: number;
  /** Time of the last change of its content, in milliseconds since 1970. */
  modified: number;
  /** Its rights: the lowest nine bits of its mode. */
  mode: number;
}

/** A tree: what can be moved, a folder always before what is in it, and what is left. */
export interface Tree {
  /** What can be moved. */
  nodes: Node[];
  /** What is left, and why. */
  left: Left[];
  /** Whether not even its top is there. */
  missing?: boolean;
}

/** Why something is left. */
export type Why = Omit<Left, "path">;
const NOT_UNICODE: Why = { reason: "its name is not valid Unicode", failed: true };
const A_LINK: Why = { reason: "it is a symbolic link", remedy: "--links follow takes what it leads to" };
const CHANGED: Why = { reason: "it was changed meanwhile", failed: true };
/** Why something that the server cannot look at or into is left, with all that may be in it. */
export const UNREADABLE: Record<NonNullable<Entry["unreadable"]>, Why> = {
  denied: { reason: "the server cannot read it: permission denied", code: "denied", failed: true },
  changed: { ...CHANGED, code: "changed" },
  failed: { reason: "the server's system cannot tell of it", code: "internal", failed: true },
};
const A_CIRCLE: Why = { reason: "it leads in a circle" };
const SPECIAL: Why = { reason: "it is neither a file nor a folder" };
const TOO_DEEP: Why = { reason: "it lies too deep", failed: true };

/** So many folders within each other are taken for a circle of links. */
const MAX_DEPTH = 128;
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
  const tree: Tree = { nodes: [], left: [] };
  for await (const nodes of localNodes(top, selection, signal, tree.left, deep)) {
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
 * @param left gets what is left; complete at the end
 * @param deep whether to look into the folders in it, too
 * @throws {DiskError} when the folder itself cannot be read; one below it that cannot is left out, and said to be
 */
export async function* localNodes(
  top: string,
  selection: Selection,
  signal: AbortSignal,
  left: Left[],
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
      left.push({ path: folder, ...unreadable(error) });
    }
  }
  let nodes: Node[] = [];
  looked = 0;
  using open = new OpenFolders(false);
  for (const { folder, names, areFolders } of inOrder(entered)) {
    const at = joinPath(root, folder);
    for (const name of names) {
      const path = joinPath(folder, name);
      const found = lookLocally(root, path, selection.links, () => open.get(at).look(name));
      const isFolder = isFolderNode(found);
      if (selection.excludes(path, isFolder)) continue;
      if ("reason" in found) left.push(found);
      else if (deep && isFolder !== areFolders) left.push({ path, ...CHANGED });
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
  const tree: Tree = { nodes: [], left: [] };
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
          if ("reason" in found) tree.left.push(found);
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
      tree.left.push({ path: folder, ...whyUnlisted(error) });
    }
  }
  if (circles.size === 0) return tree;
  for (const path of circles) tree.left.push({ path, ...A_CIRCLE });
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
  tree.left = tree.left.filter(({ path }) => folders.has(folderOf(path)));
  for (const { path } of tree.left) missing.delete(path); // what is in a folder that is left is left with it
  for (const path of missing) tree.left.push({ path, ...UNREADABLE.changed });
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

/** Lets others have their turn. */
async function rest(signal: AbortSignal): Promise<void> {
  await comeRound();
  signal.throwIfAborted();
}

/** Whether it counts as a folder, where that matters: a link only where it is followed. */
function isFolder({ kind, link }: Entry, links: Links): boolean {
  return kind === "folder" && (!link || links === "follow");
}

/** @param lookAt tells what stands there, where that is not to be asked by its path */
function lookLocally(root: string, path: string, links: Links, lookAt?: () => Seen): Node | Left {
  const full = `${root}/${path}`;
  try {
    let found = lookAt ? lookAt() : look(full);
    if (found.kind === "link") {
      if (links === "skip") return { path, ...A_LINK };
      const real = Deno.realPathSync(full);
      if (!`${real}/`.startsWith(`${root}/`)) {
        return { path, reason: "it is a symbolic link that leads out of the folder" };
      }
      found = lookThrough(full);
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
      return { path, ...path.includes("\ufffd") ? NOT_UNICODE : { reason: "it leads nowhere, or went away" } };
    }
    return { path, ...unreadable(error) };
  }
}

function isFolderNode(found: Node | Left): boolean {
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

function judge(entry: Entry, path: string, links: Links): Node | Left {
  const { kind, size, modified, mode, link, lossy, unreadable } = entry;
  const names = path.split("/");
  if (!names.every(isSafeName)) return { path, reason: "its name could lead elsewhere", failed: true };
  if (lossy) return { path, ...NOT_UNICODE };
  if (unreadable) return { path, ...UNREADABLE[unreadable] };
  if (link && links === "skip") return { path, ...A_LINK };
  if (kind === "link") {
    return { path, reason: "it is a symbolic link that leads out of the served folder, or nowhere" };
  }
  if (kind === "other") return { path, ...SPECIAL };
  if (kind === "folder" && names.length > MAX_DEPTH) return { path, ...TOO_DEEP };
  return { path, kind, size, modified, mode };
}
