/**
 * New folders, which can get their first small files all at once.
 *
 * A file that is written under a hidden name needs one more step for its own, which costs as much as to make it. The first
 * files of a folder need none: they get their names in a hidden folder beside it, which then takes its place. The system
 * exchanges the two in one step, and only as long as nothing is in the one that goes.
 *
 * @module
 */

import { errnoOf } from "./errors.ts";
import { libc } from "./libc.ts";
import { isUnchanged, look, lookThrough, type Seen } from "./look.ts";
import { folderMode } from "./mode.ts";
import { newPartialName } from "./names.ts";

/** So many folders are remembered: enough for those whose files come next. */
const MOST_REMEMBERED = 10_000;

/** Folders that this program has made, as they were then. What is in them now is for the system to say. */
const made = new Map<string, Seen>();

/**
 * Makes a folder.
 *
 * @param path whose parent is there
 * @param mode the rights of the one that it is a copy of
 * @throws what the system throws
 */
export function makeFolder(path: string, mode: number): void {
  mkdir(path, folderMode(mode));
  made.delete(path); // to come last
  made.set(path, look(path));
  if (made.size > MOST_REMEMBERED) made.delete(made.keys().next().value!);
}

/**
 * Makes a folder where none is yet; a link to one will do.
 *
 * @param path whose parent is there
 * @param mode the rights of the one that it is a copy of
 * @throws what the system throws
 */
export function ensureFolder(path: string, mode: number): void {
  try {
    makeFolder(path, mode);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST" || lookThrough(path).kind !== "folder") throw error;
  }
}

/** A hidden folder that is to take the place of an empty one. */
export class StagedFolder {
  /** Its path: where files are put. */
  readonly path: string;
  /** The folder that both stand in. */
  readonly parent: string;
  readonly #place: string;

  private constructor(path: string, parent: string, place: string) {
    this.path = path;
    this.parent = parent;
    this.#place = place;
  }

  /**
   * Makes one for a folder to which nothing has been done since {@linkcode makeFolder} made it. Whoever has changed its rights,
   * say, wants it as it is.
   *
   * @param place the path of that folder
   * @returns `undefined` where it is another folder by now, or none can be made beside it
   */
  static beside(place: string): StagedFolder | undefined {
    const before = made.get(place);
    if (!before) return undefined;
    made.delete(place);
    try {
      if (!isSame(before, look(place))) return undefined;
      const slash = place.lastIndexOf("/");
      const path = `${place.slice(0, slash + 1)}${newPartialName()}`;
      mkdir(path, folderMode(before.mode));
      return new StagedFolder(path, slash < 0 ? "." : place.slice(0, slash) || "/", place);
    } catch {
      return undefined;
    }
  }

  /**
   * Takes the place of the other folder.
   *
   * @returns whether it did: not where something has been put into that one meanwhile
   */
  publish(): boolean {
    if (libc()?.moveFolder(this.path, this.#place)) return true;
    try {
      Deno.renameSync(this.path, this.#place);
      return true;
    } catch {
      return false;
    }
  }

  /** Removes it, once it is empty. */
  remove(): void {
    try {
      Deno.removeSync(this.path);
    } catch { /* what is left in it is swept away with it */ }
  }
}

/**
 * Removes what a program that was killed left of a {@linkcode StagedFolder}: it holds nothing but files.
 *
 * @param path of the hidden folder
 * @throws what the system throws
 */
export function removeStaged(path: string): void {
  for (const { name } of Deno.readDirSync(path)) Deno.removeSync(`${path}/${name}`);
  Deno.removeSync(path);
}

function mkdir(path: string, mode: number): void {
  if (!libc()?.makeFolder(path, mode)) Deno.mkdirSync(path, { mode });
}

function isSame(one: Seen, other: Seen): boolean {
  return one.dev === other.dev && one.mode === other.mode && one.changed === other.changed && isUnchanged(one, other);
}
