import { CommandError } from "../../protocol/errors.ts";
import { digestedLine, folderDigest, MAX_DIGESTED_ENTRIES } from "../../protocol/folder_digest.ts";
import type { FolderDigest } from "../../protocol/messages.ts";
import { baseName, folderOf, splitPath } from "../../protocol/path.ts";
import type { Item } from "../storage/storage.ts";
import type { Handler } from "./handler.ts";
import { linesOf } from "./lines.ts";

/** So many lines are sent together. */
const BATCH = 100;

/** What each folder of a tree holds, as a digest (PROTOCOL.md section 7.18). */
export const folderDigests: Handler<"folder_digests"> = async ({ storage }, { path }) => ({
  reply: {},
  body: await linesOf(inBatches(digests(storage.list(splitPath(path), { recursive: true, hidden: true })))),
});

async function* digests(found: AsyncIterable<Item[]>): AsyncIterable<{ name: string; digest?: Promise<string> }> {
  /** Folders that have no digest yet; those that nothing comes from are empty. */
  const open = new Set([""]);
  let folder = "";
  let lines: string[] | undefined = [];
  for await (const items of found) {
    for (const item of items) {
      if (item.unreadable && item.kind === "folder") { // it was told of before
        open.delete(item.name);
        if (item.name === folder) lines = undefined; // some of it could be read
        else yield { name: item.name };
        continue;
      }
      const parent = folderOf(item.name);
      if (parent !== folder) { // what one folder holds comes in a row
        open.delete(folder);
        yield { name: folder, digest: lines && folderDigest(lines) };
        [folder, lines] = [parent, []];
      }
      const { kind, link, lossy } = item;
      // What cannot be looked at is of the kind `other`.
      const plain = (kind === "file" || kind === "folder") && !link && !lossy;
      if (!plain) lines = undefined;
      if (lines && lines.push(digestedLine(baseName(item.name), item)) > MAX_DIGESTED_ENTRIES) {
        throw new CommandError("unsupported", `a folder of over ${MAX_DIGESTED_ENTRIES} entries has no digest`);
      }
      if (plain && kind === "folder") open.add(item.name);
    }
  }
  open.delete(folder);
  yield { name: folder, digest: lines && folderDigest(lines) };
  for (const name of open) yield { name, digest: folderDigest([]) };
}

async function* inBatches(
  all: AsyncIterable<{ name: string; digest?: Promise<string> }>,
): AsyncIterable<FolderDigest[]> {
  let batch: Promise<FolderDigest>[] = [];
  for await (const { name, digest } of all) {
    batch.push(Promise.resolve(digest).then((digest) => ({ name, digest })));
    if (batch.length < BATCH) continue;
    yield await Promise.all(batch);
    batch = [];
  }
  yield await Promise.all(batch);
}
