/**
 * Sending many files: small ones in packs, the others one by one.
 *
 * @module
 */

import { readBuffer } from "../../disk/buffer.ts";
import { DiskError, diskError } from "../../disk/errors.ts";
import type { Version } from "../../disk/stat.ts";
import { OpenFolders } from "../../disk/open_folder.ts";
import { split } from "../../disk/path.ts";
import { readSmallFile, type SmallFile } from "../../disk/small_file.ts";
import { CommandError } from "../../protocol/errors.ts";
import { MAX_PACKED_BYTES, type PackedFile } from "../../protocol/pack.ts";
import type { Collision } from "../client.ts";
import { printable } from "../format.ts";
import type { Output } from "../output.ts";
import type { Job, Mover, PackOutcome } from "./batch.ts";
import { canPack } from "./pack.ts";
import { type Connector, retrying } from "./retry.ts";
import { sendFile } from "./send_file.ts";

/** A file to send. */
export interface SendItem extends Job {
  /** The local file. */
  local: string;
  /** Its path with no symbolic link in it, where none may have come into it since it was found. */
  plain?: string;
  /** What it was when it was looked at, where that was not long ago. */
  seen?: Version;
  /** The path on the server. */
  path: string;
}

/** Options of {@linkcode sender}. */
export interface SendOptions {
  /** What to do when a name is taken; the server's own setting by default. */
  collision?: Collision;
  /** Whether to verify by SHA-256 besides CRC-32. */
  sha256: boolean;
}

/**
 * How files are sent.
 *
 * @param connector the connection
 * @param out where notes go
 * @param options see {@linkcode SendOptions}
 */
export async function sender(
  connector: Connector,
  out: Output,
  { collision, sha256 }: SendOptions,
): Promise<Mover<SendItem>> {
  const buffer = readBuffer(MAX_PACKED_BYTES);
  // What was in a pack whose answer was lost may be stored already.
  const sentBefore = new WeakSet<SendItem>();
  return {
    one: (item, onProgress) => {
      const { local, plain, path } = item;
      const onResume = (note: string) => out.note(`${printable(local)}: ${note}`);
      const again = sentBefore.has(item);
      return sendFile(connector, { local, plain, path, collision, sha256, again, onProgress, onResume });
    },
    many: await canPack(connector, sha256)
      ? (items, onProgress) => sendPack(connector, items, { collision, buffer, sentBefore }, onProgress)
      : undefined,
  };
}

function sendPack(
  connector: Connector,
  items: readonly SendItem[],
  { collision, buffer, sentBefore }: {
    collision?: Collision;
    buffer: Uint8Array<ArrayBuffer>;
    sentBefore: WeakSet<SendItem>;
  },
  onProgress: (bytes: number) => void,
): Promise<PackOutcome[]> {
  return retrying(connector, async (client, attempt) => {
    if (attempt > 0) items.forEach((item) => sentBefore.add(item));
    const outcomes: PackOutcome[] = items.map(() => "alone");
    const packed: { at: number; size: number }[] = [];
    const rest = items.entries();
    using folders = new OpenFolders(false);
    using plainFolders = new OpenFolders(true);
    const next = (): PackedFile | undefined => {
      for (const [at, { local, plain, seen, path }] of rest) {
        try {
          const file = plain === undefined
            ? read(folders, local, local, buffer, seen)
            : read(plainFolders, plain, local, buffer, seen);
          if (typeof file === "string") continue; // it has grown, or is a link: by itself
          const { seen: { modified, mode }, content } = file;
          packed.push({ at, size: content.length });
          return { path, content, modified, mode, failed: false };
        } catch (error) {
          if (!(error instanceof DiskError)) throw error;
          if (error.code !== "changed") outcomes[at] = error; // else by itself, which may have to read it twice
        }
      }
    };
    const { signal } = connector;
    const unusual = await client.uploadPack(next, {
      collision,
      again: attempt > 0,
      signal,
      onProgress,
    });
    for (const [number, { at, size }] of packed.entries()) {
      const { path, error } = unusual.get(number) ?? {};
      if (error?.code === "changed") continue; // a symbolic link stands there, say
      outcomes[at] = error ? new CommandError(error.code, error.message) : { path: path ?? items[at].path, size };
    }
    return outcomes;
  });
}

/** @param local what it is called in messages */
function read(
  folders: OpenFolders,
  path: string,
  local: string,
  into: Uint8Array<ArrayBuffer>,
  known: Version | undefined,
): SmallFile | "too large" | "link" {
  const shown = () => `the local file ${JSON.stringify(local)}`;
  const { folder, name } = split(path);
  try {
    const open = folders.get(folder);
    const file = open.readFile(name, into, shown, known);
    if (file !== "link" || open.plain) return file;
  } catch (error) {
    throw diskError(error, `opening ${shown()}`);
  }
  return readSmallFile(path, into, shown);
}
