/**
 * What the system says of a path.
 *
 * @module
 */

import { DiskError, errnoOf } from "./errors.ts";
import { AT_FDCWD, libc } from "./libc.ts";
import { modeOf } from "./mode.ts";

/** What the system says of a path. */
export interface Stat {
  /** What stands there. */
  readonly kind: "file" | "folder" | "link" | "other";
  /** Bytes, as its file system counts them. */
  readonly size: number;
  /** Time of the last change of its content, in milliseconds since 1970; 0 where there is none that a Date can hold. */
  readonly modified: number;
  /** Time of the last change of anything about it, in the same way; Deno tells whole seconds only. */
  readonly changed: number;
  /** Its rights: the lowest nine bits of its mode. */
  readonly mode: number;
  /** Its file system. */
  readonly dev: number;
  /** What it is called there; with `dev`, what stays its own when it is moved. */
  readonly ino: number | null;
}

/**
 * Looks at what stands under a path; at a symbolic link itself.
 *
 * @param path of the disk
 * @throws what the system throws
 */
export function lstat(path: string): Stat {
  return statByLibc(path, false) ?? statOf(Deno.lstatSync(path));
}

/**
 * Looks at what a path leads to.
 *
 * @param path of the disk
 * @throws what the system throws
 */
export function stat(path: string): Stat {
  return statByLibc(path, true) ?? statOf(Deno.statSync(path));
}

/** `undefined` where it cannot tell, or Deno is to tell why. */
function statByLibc(path: string, follow: boolean): Stat | undefined {
  const calls = libc();
  const found = calls?.stat(AT_FDCWD, path, follow);
  if (calls && !found) {
    const error = calls.error();
    // It is no failure, most of the time, and Deno's own error takes many times as long to make.
    if (errnoOf(error) === "ENOENT") throw error;
  }
  return found;
}

/**
 * What Deno tells, in the form that we use.
 *
 * @param info of anything
 */
export function statOf(info: Deno.FileInfo): Stat {
  const { isFile, isDirectory, isSymlink, size, mtime, ctime, dev, ino } = info;
  return {
    kind: isFile ? "file" : isDirectory ? "folder" : isSymlink ? "link" : "other",
    size,
    modified: mtime?.getTime() || 0, // NaN where it can hold none
    changed: ctime?.getTime() || 0,
    mode: modeOf(info),
    dev,
    ino,
  };
}

/**
 * Refuses what cannot be read as a file is.
 *
 * @param seen what the system says of it
 * @param shown what it is called in messages
 * @throws {DiskError} `is_folder` or `denied`
 */
export function requireFile({ kind }: Stat, shown: () => string): void {
  if (kind === "folder") throw new DiskError("is_folder", `${shown()} is a folder`);
  if (kind !== "file") throw new DiskError("denied", `${shown()} is neither a file nor a folder`);
}

/**
 * What is thrown when a file is written to while it is read.
 *
 * @param shown what it is called in messages
 */
export function changedMeanwhile(shown: string): DiskError {
  return new DiskError("changed", `${shown} was changed while it was being read; try again`);
}

/** What tells one content of a file from another, as far as the system can. */
export type Version = Pick<Stat, "size" | "modified">;

/**
 * Whether two things that were looked at are one and the same file, with the same content as far as the system can tell.
 *
 * @param one what was seen first; with `ino`, where that is known
 * @param other what was seen later
 */
export function isUnchanged(one: Version & { ino?: number | null }, other: Stat): boolean {
  return (one.ino === undefined || one.ino === other.ino) && one.size === other.size && one.modified === other.modified;
}
