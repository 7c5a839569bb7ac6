/**
 * New folders, which can get their first small files all at once.
 *
 * A file that is written under a hidden name needs one more step for its own, which costs as much as to make it. The first
 * files of a folder need none: they get their names in a hidden folder beside it, which then takes its place. The system
 * exchanges the two in one step, and only as long as nothing is in the one that goes; if anything was done to that since it was
 * made, it stays, and the files are put into it one by one.
 *
 * @module
 */

import { isFolder } from "./exists.ts";
import { isUnchanged, type Stat } from "./stat.ts";
import { folderMode } from "./mode.ts";
import { newPartialName } from "./names.ts";
import { openFolder } from "./open_folder.ts";
import { split, under } from "./path.ts";

/** So many folders are remembered: enough for those whose files come next. */
const MOST_REMEMBERED = 10_000;

/** Folders that this program has made, as they were then. What is in them now is for the system to say. */
const made = new Map<string, Stat>();

/**
 * Makes a folder.
 *
 * @param path whose parent is there
 * @param mode the rights of the one that it is a copy of
 * @param plain whether no part of the path may be a symbolic link
 * @throws what the system throws; {@linkcode DiskError} `changed` when a link leads to its parent by now
 */
export function makeFolder(path: string, mode: number, plain: boolean): void {
  const { folder, name } = split(path);
  using parent = openFolder(folder, plain);
  parent.makeFolder(name, folderMode(mode));
  made.delete(path); // to come last
  made.set(path, parent.stat(name));
  if (made.size > MOST_REMEMBERED) made.delete(made.keys().next().value!);
}

/**
 * Makes a folder where none is yet; a link to one will do.
 *
 * @param path whose parent is there
 * @param mode the rights of the one that it is a copy of
 * @returns whether it was made
 * @throws what the system throws
 */
export function ensureFolder(path: string, mode: number): boolean {
  try {
    makeFolder(path, mode, false);
    return true;
  } catch (error) {
    if (!isFolder(path)) throw error; // of "/" and ".." the system does not even say that they are there
    return false;
  }
}

/** Whether this program has made a folder, and put nothing into it yet. */
export function isFresh(path: string): boolean {
  return made.has(path);
}

/** A hidden folder that is to take the place of an empty one. */
export class StagedFolder {
  /** Its path: where files are put. */
  readonly path: string;
  /** The folder that both stand in. */
  readonly parent: string;
  readonly #hidden: string;
  readonly #name: string;
  readonly #before: Stat;
  readonly #plain: boolean;

  private constructor(parent: string, hidden: string, name: string, before: Stat, plain: boolean) {
    this.path = under(parent, hidden);
    this.parent = parent;
    this.#hidden = hidden;
    this.#name = name;
    this.#before = before;
    this.#plain = plain;
  }

  /**
   * Makes one for a folder to which nothing has been done since {@linkcode makeFolder} made it. Whoever has changed its rights,
   * say, wants it as it is.
   *
   * @param place the path of that folder
   * @param plain whether no part of that may be a symbolic link
   * @returns `undefined` where it is another folder by now, or none can be made beside it
   */
  static beside(place: string, plain: boolean): StagedFolder | undefined {
    const before = made.get(place);
    if (!before) return undefined;
    made.delete(place);
    try {
      const { folder, name } = split(place);
      using parent = openFolder(folder, plain);
      if (!isSame(before, parent.stat(name))) return undefined;
      const hidden = newPartialName();
      parent.makeFolder(hidden, folderMode(before.mode));
      return new StagedFolder(folder, hidden, name, before, plain);
    } catch {
      return undefined;
    }
  }

  /**
   * Takes the place of the other folder.
   *
   * @returns whether it did: not where anything was done to that one meanwhile
   */
  publish(): boolean {
    try {
      using parent = openFolder(this.parent, this.#plain);
      if (!isSame(this.#before, parent.stat(this.#name))) return false;
      parent.move(this.#hidden, parent, this.#name);
      return true;
    } catch {
      return false;
    }
  }

  /** Removes it, once it is empty. What is left in it is swept away with it. */
  remove(): void {
    try {
      using parent = openFolder(this.parent, this.#plain);
      parent.remove(this.#hidden, "folder");
    } catch { /* it is not empty, or its folder went away */ }
  }
}

/**
 * Removes what a program that was killed left of a {@linkcode StagedFolder}: it holds nothing but files.
 *
 * @param path of the hidden folder
 * @throws what the system throws
 */
export function removeStaged(path: string): void {
  const { folder, name } = split(path);
  using parent = openFolder(folder);
  // Under another name first: whoever may be at work on it after all finds it gone, and not half of it.
  const gone = newPartialName();
  parent.move(name, parent, gone);
  {
    // Plain: somebody else who may write there may have put a link in its place.
    using staged = openFolder(under(Deno.realPathSync(folder), gone), true);
    for (const { name } of [...staged.list()].flat()) staged.remove(name, "file");
  }
  parent.remove(gone, "folder");
}

function isSame(one: Stat, other: Stat): boolean {
  return one.dev === other.dev && one.mode === other.mode && one.changed === other.changed && isUnchanged(one, other);
}
