/**
 * Fetching one file, going on where an earlier attempt stopped.
 *
 * @module
 */

import type { Collision } from "../../disk/claim.ts";
import { DiskError } from "../../disk/errors.ts";
import { PartialFile } from "../../disk/partial_file.ts";
import { requireRoom } from "../../disk/room.ts";
import { lstat } from "../../disk/stat.ts";
import { CommandError } from "../../protocol/errors.ts";
import type { Client, Download, Entry } from "../client.ts";
import { codeOf } from "../errors.ts";
import { type LocalTarget, targetPath } from "../local_files.ts";
import type { Moved } from "./batch.ts";
import { equalPrefix, heldBy, RESUME_BYTES } from "./blocks.ts";
import { ownerOf } from "./owner.ts";
import { type Connector, retrying } from "./retry.ts";

/** How often to begin again when the file was written to before there was anything of it to keep. */
const AGAIN = 2;

/** What to fetch, and where to. */
export interface FetchJob {
  /** The path on the server. */
  path: string;
  /** How large it is in bytes, as far as that is known; only a hint. */
  size?: number;
  /** Where to save it. */
  target: LocalTarget;
  /** What to do when the name is taken. */
  collision: Collision;
  /** Whether to verify by SHA-256 besides CRC-32. */
  sha256: boolean;
  /** Told once how many bytes there are. */
  onSize?: (bytes: number) => void;
  /** Told how many bytes are there, from the start of the file, and how many of them were there before this run. */
  onProgress: (bytes: number, resumed: number) => void;
  /** Told, in words, when an earlier attempt is gone on with. */
  onResume: (note: string) => void;
}

/**
 * Fetches a file, and saves it under its name when it is complete and verified, and not before.
 *
 * @param connector the connection
 * @param job see {@linkcode FetchJob}
 * @throws {DiskError} for the local file, {@linkcode CommandError} for the remote one, {@linkcode ProtocolError} when the
 * connection is lost for good
 */
export function fetchFile(connector: Connector, job: FetchJob): Promise<Moved> {
  let resumed = Infinity;
  const attempt = async (client: Client, progressed: (bytes: number) => void, again = 0): Promise<Moved> => {
    const { path, target, sha256 } = job;
    const { signal } = connector;
    const shown = `the local file ${JSON.stringify(targetPath(target))}`;
    let partial: PartialFile | undefined;
    let download: Download | undefined;
    let [kept, done, received] = [0, 0, 0];
    // It is checked again when the file is published; here it saves fetching what cannot be saved.
    if (job.collision === "overwrite" && isFolderItself(targetPath(target))) {
      throw new DiskError("is_folder", `${shown} is a folder`);
    }
    try {
      const ask = () => ownerOf("download", path, localPlace(target));
      let owner = job.size === undefined || job.size >= RESUME_BYTES ? await ask() : undefined;
      let compared: Entry | undefined;
      // Looked for first: a download that was begun and then canceled may have sent all of the file.
      if (owner) {
        partial = await resumeIfThere(target.folder, { shown, owner }, job.onResume);
        kept = partial?.size ?? 0;
        if (partial && kept > 0 && again === 0) {
          ({ size: done, entry: compared } = await agree(client, job, partial, signal));
          kept = done;
        }
        partial?.cut(done);
      }
      download = await client.download(path, { sha256, offset: done, signal });
      const { entry } = download;
      job.onSize?.(entry.size);
      if (entry.size >= RESUME_BYTES) owner ??= await ask();
      else if (!partial) owner = undefined;
      await requireRoom(target.folder, entry.size - done, shown);
      partial?.copyRights(entry.mode);
      partial ??= PartialFile.create(target.folder, { mode: entry.mode, shown, owner });
      resumed = Math.min(resumed, done);
      job.onProgress(done, resumed);
      let isSame = done === 0 || compared!.size === entry.size && compared!.modified === entry.modified;
      try {
        await receive(download, partial, (bytes) => {
          received = bytes;
          progressed(done + bytes);
          job.onProgress(done + bytes, resumed);
        });
      } catch (error) {
        if (!(error instanceof CommandError) || error.code !== "changed") throw error;
        if (done === 0 || partial.size !== entry.size) throw error;
        isSame = false;
      }
      // It was written to since its beginning was compared. What has only grown is still what we have.
      if (!isSame) await requireSame(client, path, partial, entry.size, signal);
      const { collision } = job;
      const name = await partial.publish(target.name, { collision, modified: entry.modified, sync: false });
      return { path: targetPath({ folder: target.folder, name }), size: entry.size };
    } catch (error) {
      const code = codeOf(error);
      // What did not arrive as it was sent is no ground to build on, and a full disk needs the room that this run has taken.
      if (code === "mismatch" || code === "no_space" && received > 0) partial?.discard();
      else partial?.keep();
      download?.cancel();
      // What was compared with it is no part of it any more; or it was written to before its first byte was read.
      const mayBegin = kept > 0 || received === 0;
      if (!mayBegin || again >= AGAIN || !(error instanceof CommandError) || code !== "changed") throw error;
      job.onResume("it was written to meanwhile; starting over");
      return await attempt(client, progressed, again + 1);
    }
  };
  return retrying(connector, (client, _, progressed) => attempt(client, progressed));
}

async function receive(download: Download, partial: PartialFile, onProgress: (bytes: number) => void): Promise<void> {
  let bytes = 0;
  for (let chunk = await download.read(); chunk !== null; chunk = await download.read()) {
    const written = partial.write(chunk);
    if (written) await written;
    onProgress(bytes += chunk.length);
  }
}

/** How many bytes are here already, of this very file. */
async function agree(
  client: Client,
  { path, onResume }: FetchJob,
  partial: PartialFile,
  signal: AbortSignal,
): Promise<{ size: number; entry: Entry }> {
  const digests = await client.blocks(path, partial.size, { signal });
  const { size } = await equalPrefix((at, into) => partial.readAt(at, into), digests);
  const { entry } = digests;
  if (size > 0) onResume(`going on at ${size} of ${entry.size} bytes`);
  else onResume("what is there is not of this file, or was damaged; starting over");
  return { size, entry };
}

/** @throws {CommandError} `changed` unless the file still begins with all that is here */
async function requireSame(
  client: Client,
  path: string,
  partial: PartialFile,
  size: number,
  signal: AbortSignal,
): Promise<void> {
  const digests = await client.blocks(path, size, { signal });
  const equal = await equalPrefix((at, into) => partial.readAt(at, into), digests);
  if (equal.size === size) return;
  throw new CommandError("changed", `${JSON.stringify(path)} was changed while it was being fetched; try again`);
}

/** What is left of an earlier attempt; where that is not to be had, somebody is told why. */
async function resumeIfThere(
  folder: string,
  options: Parameters<typeof PartialFile.resume>[1],
  tell: (note: string) => void,
): Promise<PartialFile | undefined> {
  try {
    const partial = await PartialFile.resume(folder, options);
    if (partial !== "held") return partial;
    tell(heldBy("fetching"));
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    tell(`${error.message}; starting from the beginning`);
  }
  return undefined;
}

/** A link to one is replaced, as one to a file is. */
function isFolderItself(path: string): boolean {
  try {
    return lstat(path).kind === "folder";
  } catch {
    return false;
  }
}

function localPlace({ folder, name }: LocalTarget): string {
  try {
    return `${Deno.realPathSync(folder)}/${name}`;
  } catch {
    return `${folder}/${name}`;
  }
}
