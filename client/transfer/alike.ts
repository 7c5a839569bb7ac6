/**
 * Folders that are alike on both sides, which need not be listed (PROTOCOL.md section 7.18).
 *
 * @module
 */

import { CommandError } from "../../protocol/errors.ts";
import { digestedLine, folderDigest, MAX_DIGESTED_ENTRIES } from "../../protocol/folder_digest.ts";
import { baseName, folderOf, isSafeName } from "../../protocol/path.ts";
import type { Client } from "../client.ts";
import { pipeline } from "./pipeline.ts";
import type { Selection } from "./selection.ts";
import { listRemote, remoteTree, requireFolders } from "./remote_tree.ts";
import type { Tree } from "./tree.ts";

/** Most folders that are listed one by one, all at once. Where more of them differ, the whole tree is listed. */
const MOST_LISTED = 64;
/** Most digests computed at once. */
const DIGESTS = 64;

/**
 * As `remoteTree`, for a tree that is most likely like a local one: of folders that the server has the same digest of, what
 * the local one holds is taken, and only the others are listed.
 *
 * @param client a connection to a server with the capability `folder_digests`
 * @param top the remote folder
 * @param selection what of it is meant; symbolic links are not
 * @param local what it may be like: the same part of it
 * @param signal cancels it
 * @throws {CommandError} when the folder cannot be listed; what `local` throws
 */
export async function remoteTreeLike(
  client: Client,
  top: string,
  selection: Selection & { links: "skip" },
  local: Promise<Tree>,
  signal: AbortSignal,
): Promise<Tree> {
  const end = new AbortController();
  const list = () => remoteTree(client, top, selection, signal);
  const asking = client.folderDigests(top, { signal: AbortSignal.any([signal, end.signal]) }).catch((error) => {
    if (error instanceof CommandError && error.code === "unsupported") return list(); // a folder is too large
    throw error;
  });
  asking.catch(() => {}); // while nobody waits for it
  const own = await local;
  if (own.nodes.length === 0) { // like nothing: a listing is all that helps
    end.abort();
    await asking.catch(() => {});
    return await list();
  }
  const digests = await digestsOf(own); // before the answer is waited for: the server takes its time, too
  const theirs = await asking;
  if (!(theirs instanceof Map)) return theirs;
  const alike = new Set(
    [...digests].filter(([folder, digest]) => theirs.get(folder) === digest).map(([folder]) => folder),
  );
  const tree: Tree = { nodes: own.nodes.filter(({ path }) => alike.has(folderOf(path))), omitted: [] };
  // A name that could lead elsewhere is told, and judged, where its folder is listed.
  const isWanted = (folder: string) => folder.split("/").every(isSafeName) && !selection.excludes(folder, true);
  // What a server does not mention must not pass for empty.
  const others = new Set(["", ...theirs.keys().filter(isWanted)]);
  for (const { path, kind } of tree.nodes) if (kind === "folder") others.add(path);
  for (const folder of alike) others.delete(folder);
  if (others.size === 0) return tree;
  if (others.size > MOST_LISTED) return await list();
  const looked = new Set([...alike, ...others]);
  for (let wanted = others; wanted.size > 0;) {
    const found = new Set<string>();
    await pipeline(wanted, { count: MOST_LISTED }, async (folder) => {
      const { nodes, omitted } = await listRemote(client, top, folder, selection, signal, false);
      for (const node of nodes) {
        tree.nodes.push(node);
        if (node.kind === "folder") found.add(node.path);
      }
      for (const other of omitted) tree.omitted.push(other);
    });
    // What has come there since the digests were made.
    wanted = found.difference(looked);
    for (const folder of wanted) looked.add(folder);
  }
  requireFolders(tree);
  return tree;
}

/** The digests of the folders of a local tree; not of those that hold something that is left out, or very much. */
async function digestsOf({ nodes, omitted }: Tree): Promise<Map<string, string>> {
  const lines = new Map<string, string[]>([["", []]]);
  for (const { path, kind } of nodes) if (kind === "folder") lines.set(path, []);
  for (const { path } of omitted) lines.delete(folderOf(path));
  for (const node of nodes) {
    const folder = folderOf(node.path);
    const own = lines.get(folder);
    if (own && own.push(digestedLine(baseName(node.path), node)) > MAX_DIGESTED_ENTRIES) lines.delete(folder);
  }
  const digests = new Map<string, string>();
  await pipeline(lines, { count: DIGESTS }, async ([folder, lines]) => {
    digests.set(folder, await folderDigest(lines));
  });
  return digests;
}
