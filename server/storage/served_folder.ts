/**
 * Where the paths that a client names lead: never out of the served folder.
 *
 * Confinement rests on the real path: every path is resolved through all of its symbolic links, and what does not lie in
 * the served folder then is refused. What is remembered between two calls is looked at again before it is used, or used in a way
 * that the system refuses where a link has come into it, so several servers may serve the same folder.
 *
 * @module
 */

import { DiskError, diskError, errnoOf } from "../../disk/errors.ts";
import { isFolder } from "../../disk/exists.ts";
import { lstat, stat } from "../../disk/stat.ts";
import { isPartialName } from "../../disk/names.ts";
import { isTooLong, under } from "../../disk/path.ts";
import { isPlainFolder } from "../../disk/plain.ts";
import type { Path } from "./storage.ts";

/** For so long, in milliseconds, it is remembered which folder a path leads to. */
export const FRESH_MS = 1;

/**
 * Real paths where the system shows itself as files. Deno keeps programs out of there, but neither what asks the C library nor
 * what comes through a link.
 */
const SYSTEM = /^\/(?:dev|proc|sys)(?:\/|$)/;

/** One folder of this machine, and what lies in it. */
export class ServedFolder {
  /** Its own real path. */
  readonly root: string;
  /** What {@linkcode ServedFolder.folderOf} found last, and when it was looked at. */
  #last: { path: Path; real: string; asked: number } | undefined;

  /**
   * @param root the folder to serve
   * @throws {DiskError} when it is missing, is none, or cannot be read
   */
  constructor(root: string) {
    try {
      this.root = Deno.realPathSync(root);
      Deno.readDirSync(this.root)[Symbol.iterator]().next();
    } catch (error) {
      throw diskError(error, `serving ${JSON.stringify(root)}`);
    }
  }

  /**
   * The real path of what stands under a path, links followed.
   *
   * @throws {DiskError} `outside` when it leads out, also where what it leads to is missing; the system's error when it is missing
   */
  resolve(path: Path): string {
    const joined = this.join(path);
    try {
      return this.inside(Deno.realPathSync(joined), path);
    } catch (error) {
      if (error instanceof DiskError) throw error;
      // What is missing may be missing outside: whether it is there is nobody's business.
      this.inside(this.#deepest(path), path);
      throw errnoOf(error) === "ENOENT" && this.#isLinkItself(path) ? nowhere(path) : error;
    }
  }

  /** The real path of as much of a path as there is. */
  #deepest(path: Path): string {
    let [there, missing] = [0, path.length];
    let real = this.root;
    while (missing - there > 1) {
      const middle = (there + missing) >> 1;
      try {
        real = Deno.realPathSync(this.join(path.slice(0, middle)));
        there = middle;
      } catch {
        missing = middle;
      }
    }
    return real;
  }

  /**
   * The path of an entry itself: links in its folder followed, but not the last one, wherever that leads. What is done to it is
   * done to the link.
   *
   * @throws {DiskError} as {@linkcode ServedFolder.resolve} does; `denied` for the served folder itself
   */
  entry(path: Path): string {
    if (path.length === 0) throw new DiskError("denied", "the served folder itself cannot be removed or moved");
    this.join(path);
    const target = entryIn(this.resolve(path.slice(0, -1)), path);
    lstat(target);
    return target;
  }

  /**
   * Where something new may be put. A link that stands there already must not lead out; it is followed to a file, while one
   * to a folder is a taken name like any other: what it leads to may be the served folder itself, beside which is outside.
   *
   * @throws {DiskError} as {@linkcode ServedFolder.resolve} does; `exists` for the served folder itself
   */
  writable(path: Path): string {
    if (path.length === 0) throw new DiskError("exists", "the served folder itself cannot be replaced");
    this.join(path);
    const target = entryIn(this.folder(path.slice(0, -1)), path);
    try {
      if (lstat(target).kind !== "link") return target;
      const real = this.#resolveLink(target, path);
      return isFolder(real) ? target : real;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return target;
      throw error;
    }
  }

  /**
   * The folder that a path stands in. Those of one folder often come in a row, so the last one is remembered for a moment.
   * Somebody may move it away meanwhile, and a link into its place.
   *
   * @returns its real path, only for what refuses links in it
   * @throws {DiskError} as {@linkcode ServedFolder.folder} does; `denied` where the path itself is the system's
   */
  folderOf(path: Path): string {
    const now = performance.now();
    if (!this.#last || now - this.#last.asked > FRESH_MS || !areInOneFolder(path, this.#last.path)) {
      this.#last = { path, real: this.folder(path.slice(0, -1)), asked: now };
    }
    entryIn(this.#last.real, path);
    return this.#last.real;
  }

  /**
   * The real path of a folder.
   *
   * @throws {DiskError} as {@linkcode ServedFolder.resolve} does; `not_folder` where it is none
   */
  folder(path: Path): string {
    const joined = this.join(path);
    requireNoSystem(joined, path);
    if (isPlainFolder(joined)) return joined;
    const folder = attempt(path, () => this.resolve(path));
    if (stat(folder).kind !== "folder") throw new DiskError("not_folder", `${show(path)} is not a folder`);
    return folder;
  }

  #resolveLink(link: string, path: Path): string {
    try {
      return this.inside(Deno.realPathSync(link), path);
    } catch (error) {
      throw errnoOf(error) === "ENOENT" ? nowhere(path) : error;
    }
  }

  /** As {@linkcode ServedFolder.isLink}, of what may be missing. */
  #isLinkItself(path: Path): boolean {
    try {
      return this.isLink(path);
    } catch {
      return false;
    }
  }

  /** Whether the last part of a path is a symbolic link. */
  isLink(path: Path): boolean {
    return path.length > 0 && lstat(this.join(path)).kind === "link";
  }

  /**
   * A real path, if it lies inside.
   *
   * @param real what {@linkcode Deno.realPathSync} said
   * @param path what was asked for, for the message
   * @throws {DiskError} `outside`, or `denied` where the system shows itself
   */
  inside(real: string, path: Path): string {
    if (real !== this.root && !real.startsWith(under(this.root, ""))) {
      throw new DiskError("outside", `${show(path)} leads out of the served folder`);
    }
    requireNoSystem(real, path);
    return real;
  }

  /** The path of something in the served folder whose real path is known. */
  below(real: string): Path {
    return real.slice(this.root.length).split("/").filter((name) => name !== "");
  }

  /**
   * A path as it is asked for, its links not followed.
   *
   * @throws {DiskError} `bad_path` for a name that is reserved
   */
  join(path: Path): string {
    if (path.some(isPartialName)) throw reserved(path);
    return path.length === 0 ? this.root : under(this.root, path.join("/"));
  }
}

function nowhere(path: Path): DiskError {
  return new DiskError("outside", `${show(path)} is a symbolic link that leads nowhere`);
}

/** The path of an entry of a folder whose real path is known; not one where the system shows itself, nor one too long to ask for. */
function entryIn(folder: string, path: Path): string {
  const target = under(folder, path.at(-1)!);
  if (isTooLong(target)) {
    throw new DiskError("name_too_long", `${show(path)}: the path is longer than the system takes`);
  }
  requireNoSystem(target, path);
  return target;
}

/** Whether two paths stand in the same folder. */
export function areInOneFolder(one: Path, other: Path): boolean {
  if (one.length !== other.length) return false;
  for (let at = one.length - 2; at >= 0; at--) if (one[at] !== other[at]) return false;
  return true;
}

/** Whether a real path is one where the system shows itself as files. */
export function isOfSystem(real: string): boolean {
  return SYSTEM.test(real);
}

/**
 * Where all of a machine is served, what its system shows of itself is not.
 *
 * @throws {DiskError} `denied`
 */
export function requireNoSystem(real: string, path: Path): void {
  if (isOfSystem(real)) {
    throw new DiskError("denied", `${show(path)}: special files, as in /dev and /proc, are out of bounds`);
  }
}

/** The error for a path with a reserved name in it. */
export function reserved(path: Path): DiskError {
  return new DiskError("bad_path", `${show(path)}: that name is reserved`);
}

/** Does something with a path; what the system says against it is told of that path. */
export function attempt<T>(path: Path, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, show(path));
  }
}

/** A path as messages show it. */
export function show(path: Path): string {
  return JSON.stringify(`/${path.join("/")}`);
}
