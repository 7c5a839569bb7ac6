/**
 * Copying on the server: small files in packs, the others one by one.
 *
 * @module
 */

import { CommandError } from "../../protocol/errors.ts";
import type { PackLine } from "../../protocol/messages.ts";
import { ancestors, baseName, joinPath, resolvePath } from "../../protocol/path.ts";
import type { Client } from "../client.ts";
import type { Context } from "../context.ts";
import type { Job, Moved, Mover, PackOutcome } from "./batch.ts";
import type { NewFolder } from "./folders.ts";
import type { Omitted } from "./omitted.ts";
import { canPack, fitsRequest } from "./pack.ts";
import { remoteTree } from "./remote_tree.ts";
import { retrying } from "./retry.ts";
import type { Selection } from "./selection.ts";
import type { Tree } from "./tree.ts";

/** A file to copy. */
export interface CopyJob extends Job {
  /** The path of what it is to be a copy of. */
  readonly from: string;
}

/** What there is to copy. */
export interface Copies {
  /** The files. */
  jobs: CopyJob[];
  /** The folders to make first, each after the one that it stands in. */
  folders: NewFolder[];
  /** What is not copied, and why. */
  omitted: Omitted[];
}

/**
 * Looks at all that is named before the first file is copied, so that nothing is copied that is itself a copy. Each folder that is
 * named is made: whoever does the same at the same time finds its name taken.
 *
 * @param context the connection and the folder
 * @param names as they were typed
 * @param of where each is to go
 * @param selection what of it is meant
 * @throws {CommandError} for a single name; of several, what is wrong with one is left
 */
export async function planCopies(
  context: Context,
  names: readonly string[],
  of: (name: string) => string,
  selection: Selection,
): Promise<Copies> {
  const { client, remoteFolder, signal } = context;
  const all: Copies = { jobs: [], folders: [], omitted: [] };
  const add = (name: string, from: string, to: string, size: number) =>
    all.jobs.push({ name, size, from, wanted: to, result: () => ({ copied: from, to }) });
  const trees: (Tree & { name: string; from: string; to: string; mode: number })[] = [];
  /** What is wrong with one of several is told, and the rest goes on. */
  const each = async (name: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CommandError) || signal.aborted || names.length === 1) throw error;
      all.omitted.push({ path: name, reason: error.message, code: error.code, failed: true });
    }
  };
  for (const name of names) {
    await each(name, async () => {
      const [from, to] = [resolvePath(remoteFolder, name), of(name)];
      const { kind, size, mode } = await client.stat(from, { signal });
      if (selection.excludes(baseName(from), kind === "folder")) return;
      if (kind !== "folder") return void add(name, from, to, size);
      if (["/", to, ...ancestors(to)].includes(from)) {
        throw new CommandError("bad_path", `"${from}" cannot be copied into itself`);
      }
      trees.push({ ...await remoteTree(client, from, selection, signal), name, from, to, mode });
    });
  }
  for (const { name, from, to, mode, ...tree } of trees) {
    await each(name, async () => {
      await client.makeFolder(to, { mode, signal });
      for (const { path, kind, size, mode } of tree.nodes) {
        if (kind === "folder") all.folders.push({ path: joinPath(to, path), mode });
        else add(joinPath(name, path), joinPath(from, path), joinPath(to, path), size);
      }
      all.omitted.push(...tree.omitted.map((one) => ({ ...one, path: joinPath(name, one.path) })));
    });
  }
  return all;
}

/**
 * How files are copied.
 *
 * @param context the connection
 */
export async function copier(context: Context): Promise<Mover<CopyJob>> {
  return {
    async one(job) {
      const [outcome] = await copyEach(context, [job], async (client, [{ from, to }]) => {
        await client.copy(from, to, { signal: context.signal });
        return new Map();
      });
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    many: await canPack(context, false) ? (jobs) => copyPacks(context, jobs) : undefined,
  };
}

/** One pack, or two where the paths are too long for one request. */
async function copyPacks(context: Context, jobs: readonly CopyJob[]): Promise<PackOutcome[]> {
  if (jobs.length > 1 && !fitsRequest(jobs.map(({ from, wanted }) => ({ from, to: wanted })))) {
    const half = jobs.length >> 1;
    return [...await copyPacks(context, jobs.slice(0, half)), ...await copyPacks(context, jobs.slice(half))];
  }
  const outcomes = await copyEach(context, jobs, (client, files) => client.copyPack(files, context));
  // One that has grown, or is a link, is copied by itself.
  return outcomes.map((outcome) => outcome instanceof CommandError && outcome.code === "changed" ? "alone" : outcome);
}

/**
 * Copies, again where the connection was lost: what is there by then may be our own copy, of which only the answer was lost.
 *
 * @param copy returns why some were not copied, by their number
 */
function copyEach(
  context: Context,
  jobs: readonly CopyJob[],
  copy: (client: Client, files: { from: string; to: string }[]) => Promise<Map<number, PackLine>>,
): Promise<(Moved | CommandError)[]> {
  const files = jobs.map(({ from, wanted }) => ({ from, to: wanted }));
  return retrying(context, async (client, attempt) => {
    const failed = await copy(client, files).catch((error): Map<number, PackLine> => {
      if (!(error instanceof CommandError) || error.code !== "exists" || attempt === 0) throw error;
      return new Map([[0, { at: 0, error }]]);
    });
    const outcomes: (Moved | CommandError)[] = [];
    for (const [at, { size, wanted }] of jobs.entries()) {
      const { error } = failed.get(at) ?? {};
      const isOurs = error?.code === "exists" && attempt > 0 && await isCopied(client, files[at], context.signal);
      outcomes.push(error && !isOurs ? new CommandError(error.code, error.message) : { path: wanted, size });
    }
    return outcomes;
  });
}

async function isCopied(client: Client, files: { from: string; to: string }, signal: AbortSignal): Promise<boolean> {
  const paths = [files.from, files.to];
  try {
    const [from, to] = await Promise.all(paths.map((path) => client.checksum(path, "sha256", { signal })));
    const [one, other] = await Promise.all(paths.map((path) => client.stat(path, { signal })));
    return from.checksum === to.checksum && one.modified === other.modified;
  } catch (error) {
    // That one is a folder, say, is an answer; that nothing is answered any more is none.
    if (error instanceof CommandError && error.code !== "canceled" && error.code !== "stopping") return false;
    throw error;
  }
}
