/**
 * Small files, read and written in one go: with calls of the C library where it can be had, with Deno's own where not.
 *
 * @module
 */

import { DiskError } from "./errors.ts";
import { FileSource } from "./file_source.ts";
import { libc } from "./libc.ts";
import { isUnchanged, type Seen } from "./look.ts";
import { requirePlainFolder } from "./plain.ts";
import { trySyncData } from "./sync.ts";
import { tryToRemove } from "./try_to_remove.ts";

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
 * @param path a regular file; anything else is refused before it is opened, which would let a writer of a pipe go on, say
 * @param into has room for it
 * @param shown what it is called in messages; asked for only when there is one
 * @returns its content is a part of `into`, unless that is too small
 * @throws {DiskError} when it cannot be read; `changed` when it was written to meanwhile
 */
export function readSmallFile(
  path: string,
  into: Uint8Array<ArrayBuffer>,
  shown: () => string,
): SmallFile | "too large" {
  return readQuickly(path, into, false) ?? readPatiently(path, into, shown());
}

/**
 * As {@linkcode readSmallFile}, where no part of the path may be a symbolic link.
 *
 * @param path a regular file
 * @param into has room for it
 * @returns `undefined` when it cannot be read that way, for whatever reason
 */
export function readPlainFile(path: string, into: Uint8Array<ArrayBuffer>): SmallFile | "too large" | undefined {
  return readQuickly(path, into, true);
}

/** Reads a file by the C library; `undefined` when that fails for whatever reason. */
function readQuickly(
  path: string,
  into: Uint8Array<ArrayBuffer>,
  plain: boolean,
): SmallFile | "too large" | undefined {
  const calls = libc();
  const seen = calls?.look(path, !plain);
  if (!calls || seen?.kind !== "file") return undefined;
  if (seen.size > into.length) return "too large";
  const file = calls.open(path, plain);
  if (file < 0) return undefined;
  try {
    let used = 0;
    while (used < seen.size) {
      const count = calls.read(file, into.subarray(used, seen.size));
      if (count <= 0) return undefined;
      used += count;
    }
    // Of the open file: it is what was looked at, and not something that has taken its place since.
    const after = calls.lookAtOpen(file);
    return after && isUnchanged(seen, after) ? { seen, content: into.subarray(0, used) } : undefined;
  } finally {
    calls.close(file);
  }
}

function readPatiently(path: string, into: Uint8Array<ArrayBuffer>, shown: string): SmallFile | "too large" {
  const source = new FileSource(path, shown);
  try {
    return source.size > into.length ? "too large" : { seen: source.seen, content: source.readAll(into) };
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
 * @param plain whether no part of the path may be a symbolic link
 * @returns whether it is flushed
 * @throws {DiskError} `changed` when its folder is reached by a link by now; what the system throws
 */
export function writeSmallFile(path: string, file: NewSmallFile, plain: boolean): boolean {
  const flushed = writeQuickly(path, file, plain);
  if (flushed !== undefined) return flushed;
  if (plain) requirePlainFolder(path);
  return writePatiently(path, file);
}

/** Writes a file by the C library; `undefined` when that fails for whatever reason, and nothing is left of it then. */
function writeQuickly(
  path: string,
  { content, mode, modified, sync }: NewSmallFile,
  plain: boolean,
): boolean | undefined {
  const calls = libc();
  const file = calls?.create(path, mode, plain) ?? -1;
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
  const file = Deno.openSync(path, { write: true, createNew: true, mode });
  let done = false;
  try {
    for (let at = 0; at < content.length;) at += file.writeSync(at === 0 ? content : content.subarray(at));
    const time = new Date(modified);
    file.utimeSync(time, time);
    const flushed = !sync || trySyncData(() => file.syncDataSync());
    done = true;
    return flushed;
  } finally {
    file.close();
    if (!done) tryToRemove(path);
  }
}
