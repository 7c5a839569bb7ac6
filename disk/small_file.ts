/**
 * Small files, read and written in one go.
 *
 * @module
 */

import { FileSource } from "./file_source.ts";
import { AT_FDCWD, type Libc, libc } from "./libc.ts";
import { isUnchanged, type Stat, type Version } from "./stat.ts";

/** What was read of a file. */
export interface SmallFile {
  /** What the system said of it. */
  readonly seen: Stat;
  /** All of its bytes. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/** A file to be written. */
export interface NewSmallFile {
  /** All of its bytes. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** Its rights, less what the umask takes. */
  readonly mode: number;
  /** Time of its last change to set, in milliseconds since 1970. */
  readonly modified?: number;
  /** Whether it is to be flushed at once, where the disk is a quick one. */
  readonly sync: boolean;
}

/**
 * Reads a file by its path: by the C library where that can be, and else by Deno, which says why it cannot be read.
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
  const calls = libc();
  const seen = calls?.stat(AT_FDCWD, path, true);
  if (calls && seen?.kind === "file") {
    if (seen.size > into.length) return "too large";
    const file = readWhole(calls, AT_FDCWD, path, seen, into, true);
    if (file !== "changed" && !(file instanceof Error)) return file;
  }
  const source = new FileSource(path, shown());
  try {
    return source.size > into.length ? "too large" : { seen: source.seen, content: source.readAll(into) };
  } finally {
    source.close();
  }
}

/**
 * Reads all of a file by the C library.
 *
 * @param at the folder that is held open; or {@linkcode AT_FDCWD}
 * @param path in it
 * @param before what the system has said of it
 * @param into has room for it
 * @param follow whether it may be a symbolic link
 * @returns `changed` when it is another one by now, or was written to since; the error when it cannot be read
 */
export function readWhole(
  calls: Libc,
  at: number,
  path: string,
  before: Version,
  into: Uint8Array<ArrayBuffer>,
  follow = false,
): SmallFile | "changed" | Error {
  const file = calls.open(at, path, follow);
  if (file < 0) return calls.error();
  try {
    let used = 0;
    while (used < before.size) {
      const count = calls.read(file, into.subarray(used, before.size));
      if (count < 0) return calls.error();
      if (count === 0) return "changed";
      used += count;
    }
    // Of the open file: it is what was looked at, and not something that has taken its place since.
    const seen = calls.statOpen(file);
    if (seen?.kind !== "file" || !isUnchanged(before, seen)) return "changed";
    return { seen, content: into.subarray(0, used) };
  } finally {
    calls.close(file);
  }
}
