/**
 * What the system says of a path.
 *
 * @module
 */

import { libc } from "./libc.ts";
import { modeOf } from "./mode.ts";

/** What the system says of a path. */
export interface Seen {
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
export function look(path: string): Seen {
  return libc()?.look(path, false) ?? seen(Deno.lstatSync(path));
}

/**
 * Looks at what a path leads to.
 *
 * @param path of the disk
 * @throws what the system throws
 */
export function lookThrough(path: string): Seen {
  return libc()?.look(path, true) ?? seen(Deno.statSync(path));
}

/**
 * What Deno tells, in the form that we use.
 *
 * @param info of anything
 */
export function seen(info: Deno.FileInfo): Seen {
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
 * Whether two things that were looked at are one and the same file, with the same content as far as the system can tell.
 *
 * @param one what was seen first
 * @param other what was seen later
 */
export function isUnchanged(one: Seen, other: Seen): boolean {
  return one.ino === other.ino && one.size === other.size && one.modified === other.modified;
}
