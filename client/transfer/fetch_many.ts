/**
 * Fetching many files: small ones in packs, the others one by one.
 *
 * @module
 */

import type { Collision } from "../../disk/claim.ts";
import { DiskError } from "../../disk/errors.ts";
import { FileBatch } from "../../disk/file_batch.ts";
import { removeOwnerless } from "../../disk/find_partials.ts";
import { isFresh } from "../../disk/new_folder.ts";
import { split } from "../../disk/path.ts";
import { CommandError, ProtocolError } from "../../protocol/errors.ts";
import type { PackedFile } from "../../protocol/pack.ts";
import type { PackDownload } from "../client.ts";
import { printable } from "../format.ts";
import { type LocalTarget, targetPath } from "../local_files.ts";
import type { Output } from "../output.ts";
import type { Job, Mover, PackOutcome } from "./batch.ts";
import { fetchFile } from "./fetch_file.ts";
import { canPack, fitsRequest } from "./pack.ts";
import { type Connector, retrying } from "./retry.ts";

/** What nobody goes on with, and has not been touched for so long, in milliseconds, is of a run that was killed: a day. */
const LEFT_MS = 24 * 3_600_000;

/** Removes what killed runs have left in the folders that it is told of, once in each. */
export function sweeper(): (folder: string) => Promise<void> {
  const swept = new Set<string>();
  return async (folder) => {
    if (swept.has(folder)) return;
    // What is to become a new folder stands beside that.
    for (const place of folder === "." ? [folder] : [folder, split(folder).folder]) {
      if (swept.has(place)) continue;
      swept.add(place);
      if (!isFresh(place)) await removeOwnerless(place, Date.now() - LEFT_MS);
    }
  };
}

/** A file to fetch. */
export interface FetchItem extends Job {
  /** The path on the server. */
  path: string;
  /** Where to save it. */
  target: LocalTarget;
}

/** Options of {@linkcode fetcher}. */
export interface FetchOptions {
  /** What to do when a name is taken. */
  collision: Collision;
  /** Whether to verify by SHA-256 besides CRC-32. */
  sha256: boolean;
}

/**
 * How files are fetched.
 *
 * @param connector the connection
 * @param out where notes go
 * @param options see {@linkcode FetchOptions}
 */
export async function fetcher(
  connector: Connector,
  out: Output,
  { collision, sha256 }: FetchOptions,
): Promise<Mover<FetchItem>> {
  const sweep = sweeper();
  const packs = await canPack(connector, sha256);
  return {
    one: async ({ path, size, target, name }, onProgress) => {
      await sweep(target.folder);
      const onResume = (note: string) => out.note(`${printable(name)}: ${note}`);
      return await fetchFile(connector, { path, size, target, collision, sha256, onProgress, onResume });
    },
    many: packs
      ? async (items, onProgress) => {
        for (const folder of new Set(items.map(({ target }) => target.folder))) await sweep(folder);
        return await fetchPacks(connector, items, collision, onProgress);
      }
      : undefined,
  };
}

/** One pack, or two where the paths are too long for one request. */
async function fetchPacks(
  connector: Connector,
  items: readonly FetchItem[],
  collision: Collision,
  onProgress: (bytes: number) => void,
): Promise<PackOutcome[]> {
  if (items.length === 1 || fitsRequest(items.map(({ path }) => path))) {
    return await fetchPack(connector, items, collision, onProgress);
  }
  const half = items.length >> 1;
  let first = 0;
  const one = await fetchPacks(connector, items.slice(0, half), collision, (bytes) => onProgress(first = bytes));
  return [
    ...one,
    ...await fetchPacks(connector, items.slice(half), collision, (bytes) => onProgress(first + bytes)),
  ];
}

async function fetchPack(
  connector: Connector,
  items: readonly FetchItem[],
  collision: Collision,
  onProgress: (bytes: number) => void,
): Promise<PackOutcome[]> {
  const outcomes: PackOutcome[] = items.map(() => "alone");
  // What an attempt brought stays, however it ended: each file is proven by itself.
  let missing = [...items.keys()];
  let bytes = 0;
  await retrying(connector, async (client, _, progressed) => {
    const arrived = new Set<number>();
    const batch = new FileBatch({ collision, sync: false });
    const saved: { at: number; size: number }[] = [];
    const take = (at: number, file: PackedFile | CommandError) => {
      arrived.add(at);
      if (file instanceof CommandError) {
        // It has grown, say: by itself.
        if (file.code !== "changed") outcomes[at] = file;
        return;
      }
      const { target } = items[at];
      const shown = () => `the local file ${JSON.stringify(targetPath(target))}`;
      try {
        batch.add({ ...target, content: file.content, modified: file.modified, mode: file.mode, shown });
        saved.push({ at, size: file.content.length });
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
        outcomes[at] = error;
      }
      progressed(bytes += file.content.length);
      onProgress(bytes);
    };
    const { signal } = connector;
    let pack: PackDownload | undefined;
    try {
      pack = await client.downloadPack(missing.map((at) => items[at].path), { signal });
      const wanted = missing.values();
      while (await pack.fill()) {
        for (let file = pack.next(); file !== undefined; file = pack.next()) {
          const { value: at, done } = wanted.next();
          if (done) throw new ProtocolError("the server sent more files than it was asked for");
          take(at, file);
        }
      }
      if (!wanted.next().done) throw new ProtocolError("the server sent fewer files than it was asked for");
    } catch (error) {
      pack?.cancel();
      // A server that stops is there again in a moment, perhaps: the connection is lost then.
      if (!(error instanceof CommandError) || error.code === "stopping" || signal.aborted) throw error;
      // It is not known which file is wrong. Those that are not saved are fetched by themselves.
      if (error.code === "mismatch") {
        batch.discard();
        saved.length = 0;
      }
    } finally {
      for (const [number, got] of (await batch.commit()).entries()) {
        const { at, size } = saved[number];
        const { target: { folder, name }, wanted } = items[at];
        if (typeof got !== "string") outcomes[at] = got;
        else outcomes[at] = { path: got === name ? wanted : targetPath({ folder, name: got }), size };
      }
      missing = missing.filter((at) => !arrived.has(at));
    }
  });
  return outcomes;
}
