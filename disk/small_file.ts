/**
 * Small files, read and written in one go: with calls of the C library where it can be had, with Deno's own where not.
 *
 * @module
 */

import { DiskError, diskError } from "./errors.ts";
import { FileSource } from "./file_source.ts";
import { libc } from "./libc.ts";
import { isUnchanged, look, lookThrough, type Seen } from "./look.ts";
import { trySyncData } from "./sync.ts";

/** What was read of a file. */
export interface SmallFile {
  /** What the system said of it before. */
  readonly seen: Seen;
  /** All of its bytes. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a file.
 *
 * @param path a regular file; a pipe is not waited for
 * @param into has room for it
 * @param follow whether also where a symbolic link leads to it
 * @param shown what it is called in messages; asked for only when there is one
 * @returns its content is a part of `into`; or why it is not: that is too small, or it is a link that is not followed
 * @throws {DiskError} when it cannot be read; `changed` when it was written to meanwhile
 */
export function readSmallFile(
  path: string,
  into: Uint8Array<ArrayBuffer>,
  follow: boolean,
  shown: () => string,
): SmallFile | "too large" | "link" {
  return readQuickly(path, into, follow) ?? readPatiently(path, into, follow, shown());
}

/** Reads a file by the C library; `undefined` when that fails for whatever reason. */
function readQuickly(
  path: string,
  into: Uint8Array<ArrayBuffer>,
  follow: boolean,
): SmallFile | "too large" | undefined {
  const calls = libc();
  const file = calls?.open(path, follow) ?? -1;
  if (!calls || file < 0) return undefined;
  try {
    const seen = calls.lookAtOpen(file);
    if (seen?.kind !== "file") return undefined;
    if (seen.size > into.length) return "too large";
    let used = 0;
    while (used < seen.size) {
      const count = calls.read(file, into.subarray(used, seen.size));
      if (count <= 0) return undefined;
      used += count;
    }
    const after = calls.lookAtOpen(file);
    return after && isUnchanged(seen, after) ? { seen, content: into.subarray(0, used) } : undefined;
  } finally {
    calls.close(file);
  }
}

function readPatiently(
  path: string,
  into: Uint8Array<ArrayBuffer>,
  follow: boolean,
  shown: string,
): SmallFile | "too large" | "link" {
  let found: Seen;
  try {
    found = follow ? lookThrough(path) : look(path);
  } catch (error) {
    throw diskError(error, `opening ${shown}`);
  }
  if (found.kind === "link") return "link";
  if (found.kind === "file" && found.size > into.length) return "too large";
  const source = new FileSource(path, shown, found);
  try {
    return { seen: source.seen, content: source.readAll(into) };
  } finally {
    source.close();
  }
}

/** What {@linkcode writeSmallFile} writes. */
export interface NewSmallFile {
  /** All of its bytes. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** Its rights, less what the umask takes. */
  readonly mode: number;
  /** Time of its last change, in milliseconds since 1970. */
  readonly modified: number;
  /** Whether it is to be flushed at once, where the disk is a quick one. */
  readonly sync: boolean;
}

/**
 * Creates a file and writes it. It is gone again when that fails.
 *
 * @param path must be free
 * @param file see {@linkcode NewSmallFile}
 * @returns whether it is flushed
 * @throws what the system throws
 */
export function writeSmallFile(path: string, file: NewSmallFile): boolean {
  return writeQuickly(path, file) ?? writePatiently(path, file);
}

/** Writes a file by the C library; `undefined` when that fails for whatever reason, and nothing is left of it then. */
function writeQuickly(path: string, { content, mode, modified, sync }: NewSmallFile): boolean | undefined {
  const calls = libc();
  const file = calls?.create(path, mode) ?? -1;
  if (!calls || file < 0) return undefined;
  let done = false;
  try {
    for (let at = 0; at < content.length;) {
      const count = calls.write(file, at === 0 ? content : content.subarray(at));
      if (count <= 0) return undefined;
      at += count;
    }
    if (!calls.setTime(file, modified)) return undefined;
    const flushed = !sync || trySyncData(() => {
      if (!calls.sync(file)) throw new DiskError("internal", "not flushed");
    });
    done = true;
    return flushed;
  } catch {
    return undefined;
  } finally {
    calls.close(file);
    if (!done) calls.remove(path);
  }
}

function writePatiently(path: string, { content, mode, modified, sync }: NewSmallFile): boolean {
  let open: Deno.FsFile | undefined;
  try {
    open = Deno.openSync(path, { write: true, createNew: true, mode });
    const file = open;
    for (let at = 0; at < content.length;) at += file.writeSync(at === 0 ? content : content.subarray(at));
    const time = new Date(modified);
    file.utimeSync(time, time);
    return !sync || trySyncData(() => file.syncDataSync());
  } catch (error) {
    if (open) Deno.removeSync(path);
    throw error;
  } finally {
    open?.close();
  }
}
