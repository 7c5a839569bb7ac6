/**
 * Local files as ends of transfers.
 *
 * @module
 */

import { diskError, errnoOf } from "../disk/errors.ts";
import { split } from "../disk/path.ts";
import { joinPath, withoutSlashes } from "../protocol/path.ts";

/** Where a download is to be saved. */
export interface LocalTarget {
  /** An existing folder. */
  folder: string;
  /** The name in it. */
  name: string;
}

/**
 * Where a download is to be saved.
 *
 * @param typed what the person gave; a folder means: into it
 * @param name the name of the remote file, as the person gave it
 */
export function localTarget(typed: string | undefined, name: string): LocalTarget {
  if (typed === undefined) return { folder: ".", name };
  if (typed.endsWith("/") || isLocalFolder(typed)) return { folder: withoutSlashes(typed), name };
  return split(typed);
}

/** The path of a target, as a person would write it. */
export function targetPath({ folder, name }: LocalTarget): string {
  return folder === "." ? name : joinPath(folder, name);
}

/**
 * Reads the first bytes of a file.
 *
 * @param path of the file
 * @param count how many bytes at most
 * @throws {DiskError} when it cannot be read
 */
export function readHead(path: string, count: number): Uint8Array {
  try {
    using file = Deno.openSync(path);
    const head = new Uint8Array(count);
    let used = 0;
    for (let read = 1; used < count && read > 0; used += read) read = file.readSync(head.subarray(used)) ?? 0;
    return head.subarray(0, used);
  } catch (error) {
    throw diskError(error, `reading ${JSON.stringify(path)}`);
  }
}

/**
 * Whether a folder stands under a local path.
 *
 * @throws {DiskError} when that cannot be told
 */
export function isLocalFolder(path: string): boolean {
  return lookAt(path)?.isDirectory ?? false;
}

/**
 * Whether a path leads to a file here.
 *
 * @param path as a person would write it
 */
export function isLocalFile(path: string): boolean {
  return lookAt(path)?.isFile ?? false;
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw diskError(error, JSON.stringify(path));
  }
}

/**
 * The name of a local file or folder, whatever way its path is written.
 *
 * @param path such as `../photos/`
 */
export function localName(path: string): string {
  const name = path.replace(/\/+$/, "").split("/").at(-1)!;
  if (name !== "" && name !== "." && name !== "..") return name;
  try {
    return Deno.realPathSync(path).split("/").at(-1)!;
  } catch (error) {
    throw diskError(error, `the local file ${JSON.stringify(path)}`);
  }
}
