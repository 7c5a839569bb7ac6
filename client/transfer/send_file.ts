/**
 * Sending one file, going on where an earlier attempt stopped.
 *
 * @module
 */

import { DiskError, diskError } from "../../disk/errors.ts";
import { FileSource } from "../../disk/file_source.ts";
import { lstat, stat, type Version } from "../../disk/stat.ts";
import { numberedName, type PartialOwner } from "../../disk/names.ts";
import { EMPTY_END } from "../../protocol/body_digest.ts";
import { CommandError } from "../../protocol/errors.ts";
import type { BodyEnd } from "../../protocol/messages.ts";
import { baseName, joinPath, parentPath } from "../../protocol/path.ts";
import { givesAgain } from "../../protocol/send_body.ts";
import type { Client, Collision } from "../client.ts";
import { codeOf } from "../errors.ts";
import type { Moved } from "./batch.ts";
import { equalPrefix, heldBy, RESUME_BYTES } from "./blocks.ts";
import { ownerOf } from "./owner.ts";
import { type Connector, pause, retrying } from "./retry.ts";

/**
 * Where another run is still sending the file: it may have been killed just now, and the server does not know yet. The first
 * and the last pause before it is asked again, in milliseconds; each is twice as long as the one before.
 */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 800;

/** How often to begin again when somebody else has taken what was to be gone on with. */
const AGAIN = 2;

/** What to send, and where to. */
export interface SendJob {
  /** The local file. */
  local: string;
  /** Its path with no symbolic link in it, where none may have come into it since it was found. */
  plain?: string;
  /** The path on the server. */
  path: string;
  /** What to do when the name is taken; the server's own setting by default. */
  collision?: Collision;
  /** Whether to verify by SHA-256 besides CRC-32. */
  sha256: boolean;
  /** Whether it was sent before, and only the answer may have been lost. */
  again?: boolean;
  /** Told how many bytes the server has, from the start of the file, and how many of them it had before this run. */
  onProgress: (bytes: number, resumed: number) => void;
  /** Told, in words, when an earlier attempt is gone on with. */
  onResume: (note: string) => void;
}

/**
 * Sends a file. When this returns, the server has all of it, verified and on its disk.
 *
 * @param connector the connection
 * @param job see {@linkcode SendJob}
 * @throws {DiskError} for the local file, {@linkcode CommandError} for the remote one, {@linkcode ProtocolError} when the
 * connection is lost for good
 */
export function sendFile(connector: Connector, job: SendJob): Promise<Moved> {
  let resumed = Infinity;
  /** What the file was when it was sent last. */
  let last: Version | undefined;
  return retrying(connector, async (client, attempt, progressed) => {
    const { signal } = connector;
    const wasSent = attempt > 0 || job.again === true;
    let owner: PartialOwner | undefined; // once it is known, also where the file has become a small one: something may be left
    for (let again = 0, whole = false;; again++) {
      let source: FileSource | undefined;
      let start: BodyEnd = EMPTY_END;
      let begun = false;
      try {
        if (lookAt(job).size >= RESUME_BYTES) owner ??= await ownerOf("upload", realPath(job.local), job.path);
        if (owner && !whole) {
          source = open(job);
          start = await agree(client, job, source, owner, signal);
          if (start.size === 0) { // by the time that its turn comes it may have grown
            source.close();
            source = undefined;
          }
        }
        // The answer to the last attempt may have been lost, and only that; or it is to be stored yet, by a server that does not
        // know. What has an owner is not any more: it was taken over.
        const stored = wasSent && !whole ? await findStored(client, job, last, signal) : undefined;
        if (stored) return stored;
        const offset = start.size;
        progressed(offset); // what is sent is not there yet: it may be on its way when the line is cut
        resumed = Math.min(resumed, offset);
        job.onProgress(offset, resumed);
        const openBody = () => {
          const file = source ??= open(job);
          file.seek(offset);
          const { size, seen } = file;
          last = seen;
          return {
            size: size - offset,
            modified: seen.modified,
            mode: seen.mode,
            read: (into: Uint8Array) => file.read(into),
            rewindIfChanged: async (stop: AbortSignal | undefined) => {
              const changed = file.rewindIfChanged();
              // The part that the server had before comes first; what is behind it is then read again by who asks.
              if (changed && offset > 0 && !await givesAgain(file, start, stop)) throw changed;
              return changed;
            },
          };
        };
        return await client.upload(job.path, openBody, {
          collision: job.collision,
          sha256: job.sha256,
          owner,
          offset,
          again: wasSent,
          signal,
          onProgress: (sent) => {
            begun = true;
            job.onProgress(offset + sent, resumed);
          },
        });
      } catch (error) {
        // Another attempt at the same transfer has taken what we were to go on with, perhaps an earlier one of our own that the
        // server got late; or our file was written to before it was read, or where it was compared with what was sent before.
        const isOurs = error instanceof DiskError;
        const mayBegin = start.size > 0 || (isOurs ? !begun : owner !== undefined);
        if (!mayBegin || again >= AGAIN || codeOf(error) !== "changed") throw error;
        whole = isOurs;
        if (whole) job.onResume("it was written to meanwhile; starting over");
      } finally {
        source?.close();
      }
    }
  });
}

/** What stands there, before it is opened. */
function lookAt({ local, plain }: SendJob): Version {
  try {
    return plain === undefined ? stat(local) : lstat(plain);
  } catch (error) {
    throw diskError(error, `opening the local file ${JSON.stringify(local)}`);
  }
}

function open({ local, plain }: SendJob): FileSource {
  return new FileSource(plain ?? local, `the local file ${JSON.stringify(local)}`, plain !== undefined);
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    throw diskError(error, `the local file ${JSON.stringify(path)}`);
  }
}

/** How many bytes the server has already, of this very file. */
async function agree(
  client: Client,
  { path, onResume }: SendJob,
  source: FileSource,
  owner: { token: string; run: string },
  signal: AbortSignal,
): Promise<BodyEnd> {
  let digests = await client.interrupted(path, owner, { signal });
  for (let ms = FIRST_PAUSE_MS; digests.held && ms <= LAST_PAUSE_MS; ms *= 2) {
    await digests.next();
    await pause(ms, signal);
    digests = await client.interrupted(path, owner, { signal });
  }
  if (digests.size === 0) {
    await digests.next();
    if (digests.held) onResume(heldBy("sending"));
    return EMPTY_END;
  }
  const equal = await equalPrefix((at, into) => source.readAt(at, into), digests);
  if (equal.size > 0) onResume(`going on at ${equal.size} of ${source.size} bytes`);
  else onResume("what is there is not of this file, or was damaged; starting over");
  return equal;
}

/**
 * Where the server has this very file already: under its own path, or under one of those that it gives to a file whose name
 * is taken (PROTOCOL.md section 7.5).
 *
 * @param last what the file was when it was sent; what it is now, where that is not known
 */
async function findStored(
  client: Client,
  job: SendJob,
  last: Version | undefined,
  signal: AbortSignal,
): Promise<Moved | undefined> {
  const { path, collision } = job;
  const mayBeNumbered = collision === undefined || collision === "rename";
  const source = open(job);
  const sent = last ?? source.seen;
  let candidate = path;
  try {
    for (let number = 1;; number++) {
      const { kind, size, modified } = await client.stat(candidate, { signal });
      if (kind === "file" && size === sent.size && modified === sent.modified) {
        const { checksum } = await client.checksum(candidate, "sha256", { signal });
        if (checksum === await source.sha256(signal, size)) return { path: candidate, size };
      }
      if (!mayBeNumbered) return undefined;
      candidate = joinPath(parentPath(path), numberedName(baseName(path), number));
    }
  } catch (error) {
    // No more of them; or it cannot be seen, or has changed, and is sent again.
    const isLost = !(error instanceof CommandError || error instanceof DiskError);
    if (isLost || codeOf(error) === "canceled") throw error;
    return undefined;
  } finally {
    source.close();
  }
}
