/**
 * Partials in a folder: what interrupted transfers have left, and what others are writing.
 *
 * @module
 */

import { giveWay } from "./give_way.ts";
import { type Listed, listFolder } from "./list_folder.ts";
import { isOwnerless, partialOwner } from "./names.ts";
import { removeStaged } from "./new_folder.ts";
import { under } from "./path.ts";

/** Who has written nothing for so long, in milliseconds, is most likely gone without a word, as a laptop that was closed. */
const SILENT_MS = 30_000;

/** A partial that was found. */
export interface FoundPartial {
  /** Its path. */
  readonly path: string;
  /** Its name. */
  readonly name: string;
  /** The run that wrote it. */
  readonly run: string;
  /** How many bytes it holds. */
  readonly size: number;
}

/**
 * The partials of a transfer in a folder. Others have their turn meanwhile: the folder may be a large one.
 *
 * @param folder where to look
 * @param token the transfer
 * @param plain whether no part of the path of the folder may be a symbolic link
 * @throws what the system throws when it cannot be listed
 */
export async function* partialsOf(folder: string, token: string, plain = false): AsyncGenerator<FoundPartial> {
  for (const some of listFolder(folder, plain)) {
    await giveWay();
    for (const { name, kind } of some) {
      const owner = partialOwner(name);
      if (owner?.token !== token || kind !== "file") continue; // a link of that name would lead anywhere
      const path = under(folder, name);
      yield { path, name, run: owner.run, size: sizeOf(path) };
    }
  }
}

/**
 * Before when something was last written to, or its times or its name changed, in milliseconds since 1970. Unlike the time of
 * its content, which a partial gets from its original just before it is published, nobody can set this one back.
 *
 * @param path of a file
 * @throws what the system throws when it cannot be looked at
 */
export function lastTouched(path: string): number {
  const { ctime, mtime } = Deno.lstatSync(path);
  return ctime ? ctime.getTime() + 1000 /* we are told whole seconds */ : mtime?.getTime() ?? Date.now();
}

/**
 * Whether nobody is writing to a partial, as far as that can be known. Nothing but courtesy rests on it.
 *
 * @param path of the partial
 * @param now in milliseconds since 1970
 */
export function isAbandoned(path: string, now: number): boolean {
  try {
    if (lastTouched(path) < now - SILENT_MS) return true;
    using file = Deno.openSync(path, { read: true, write: true });
    return tryLock(file);
  } catch {
    return false;
  }
}

/**
 * Removes what nobody goes on with: of many small files that were on their way when their program was killed, say.
 *
 * @param folder where to look; others have their turn meanwhile
 * @param before what was touched since then stays; in milliseconds since 1970
 */
export async function removeOwnerless(folder: string, before: number): Promise<void> {
  const remove = ({ name, kind }: Listed) => {
    const path = under(folder, name);
    try {
      if (lastTouched(path) < before) removePartial(path, kind);
    } catch { /* it went away, or is not ours to touch */ }
  };
  try {
    let names = 0;
    for (const some of listFolder(folder)) {
      if (names > 0) await giveWay(); // most folders are small
      names += some.length;
      some.filter(({ name }) => isOwnerless(name)).forEach(remove);
    }
  } catch { /* whoever writes there is told */ }
}

/**
 * Removes a partial: a file, or a folder that was to become one.
 *
 * @param path of it
 * @param kind what it is
 * @throws what the system throws
 */
export function removePartial(path: string, kind: Listed["kind"]): void {
  if (kind === "folder") removeStaged(path);
  else Deno.removeSync(path);
}

/** How often is looked whether a file can be locked by now, in milliseconds. */
const LOOK_MS = 20;

/**
 * Locks a file for as long as it is open, once whoever has locked it has closed it.
 *
 * @param file to lock
 * @param ms how long to wait, in milliseconds
 * @returns whether nobody else has it locked, as far as the file system knows locks
 */
export async function lockInTime(file: Deno.FsFile, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    try {
      if (file.tryLockSync(true)) return true;
    } catch {
      return true; // there are no locks here
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

/** Locks a file for as long as it is open; `false` when somebody else has, or the file system knows no locks. */
export function tryLock(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    return false;
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return 0;
  }
}
