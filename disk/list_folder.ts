/**
 * The names in a folder.
 *
 * @module
 */

import { errnoOf } from "./errors.ts";
import { type Libc, libc } from "./libc.ts";
import { lstat, type Stat } from "./stat.ts";
import { under } from "./path.ts";
import { movedMeanwhile, whyNotPlain } from "./plain.ts";

/** What a folder tells of something in it. */
export interface Listed {
  /** Its name; what of it is no Unicode is U+FFFD. */
  readonly name: string;
  /** What stands there. */
  readonly kind: Stat["kind"];
}

/** Bytes that are read in one go: about two hundred names. */
const BATCH_BYTES = 8 * 1024;

// Offsets in a `struct linux_dirent64`, and what its kinds are called.
const LENGTH_AT = 16;
const KIND_AT = 18;
const NAME_AT = 19;
const KINDS: Record<number, Stat["kind"]> = { 4: "folder", 8: "file", 10: "link" };
const UNKNOWN_KIND = 0;

const buffer = new Uint8Array(BATCH_BYTES);
const view = new DataView(buffer.buffer);
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * What is in a folder, some hundreds at a time: Deno reads all of them at once, and a hundred thousand take 40 MiB. Without the
 * C library that is what happens.
 *
 * @param path of the folder
 * @param plain whether no part of the path may be a symbolic link, as far as the system can see to it
 * @throws {DiskError} `changed` when there is a link in a path that must be plain; what the system throws
 */
export function* listFolder(path: string, plain = false): Generator<Listed[]> {
  const calls = libc();
  if (!calls || plain && !calls.refusesLinks) return yield readAll(path);
  const folder = calls.openFolder(path, plain, true);
  if (folder < 0) {
    if (plain) throw whyNotPlain(calls.error());
    return yield readAll(path);
  }
  yield* listOpen(calls, folder, path);
}

/**
 * What is in a folder that is open.
 *
 * @param calls of the C library
 * @param folder its descriptor, opened to read names; closed in the end
 * @param path of it, for what its names alone do not tell
 * @throws what the system throws
 */
export function* listOpen(calls: Libc, folder: number, path: string): Generator<Listed[]> {
  const isLossyFolder = lossyFolders(path);
  let names = 0;
  try {
    for (let begun = false;; begun = true) {
      const bytes = calls.names(folder, buffer);
      if (bytes === 0) return;
      if (bytes > 0) {
        const some = parse(path, bytes, isLossyFolder);
        names += some.length;
        yield some;
        continue;
      }
      const error = calls.error();
      const errno = errnoOf(error);
      // It has been removed meanwhile: there is nothing in it any more. But where there was, its path may lead to another one by now,
      // which is not empty. (One that was empty may have been exchanged by who makes new folders: `new_folder.ts`.)
      if (errno === "ENOENT" && names === 0) return;
      if (errno === "ENOENT") throw movedMeanwhile();
      if (begun || errno !== "ENOSYS") throw error;
      return yield readAll(path); // this C library cannot
    }
  } finally {
    calls.close(folder);
  }
}

function readAll(path: string): Listed[] {
  return Array.from(Deno.readDirSync(path), ({ name, isFile, isDirectory, isSymlink }) => ({
    name,
    kind: isFile ? "file" : isDirectory ? "folder" : isSymlink ? "link" : "other",
  }));
}

/** What was read last, but for the folder itself and the one above it. */
function parse(path: string, bytes: number, isLossyFolder: (name: string) => boolean): Listed[] {
  const listed: Listed[] = [];
  for (let at = 0; at < bytes; at += view.getUint16(at + LENGTH_AT, true)) {
    const start = at + NAME_AT;
    const name = decoder.decode(buffer.subarray(start, buffer.indexOf(0, start)));
    if (name === "." || name === "..") continue;
    const kind = buffer[at + KIND_AT];
    listed.push({ name, kind: kind === UNKNOWN_KIND ? kindOf(path, name, isLossyFolder) : KINDS[kind] ?? "other" });
  }
  return listed;
}

/** Not every file system tells kinds with names. */
function kindOf(folder: string, name: string, isLossyFolder: (name: string) => boolean): Stat["kind"] {
  try {
    return lstat(under(folder, name)).kind;
  } catch {
    return name.includes("\ufffd") && isLossyFolder(name) ? "folder" : "other";
  }
}

/** Under a name that is not valid Unicode there is nothing for us, but Deno asks with the name as it is: once for all of them. */
function lossyFolders(path: string): (name: string) => boolean {
  let folders: Set<string> | undefined;
  return (name) => {
    folders ??= new Set(readAll(path).filter(({ kind }) => kind === "folder").map((one) => one.name));
    return folders.has(name);
  };
}
