/**
 * Setting the time and the rights of a file whose content is right already, and the rights of a folder.
 *
 * @module
 */

import { DiskError, diskError } from "./errors.ts";
import { closedFolderMode, modeOf, replacingMode, setMode } from "./mode.ts";

/** What {@linkcode touch} sets. */
export interface TouchOptions {
  /** Time of the last change of its content that it has now, in milliseconds since 1970. */
  before: number;
  /** The time to set. */
  modified: number;
  /** The rights of what it is a copy of: the lowest nine bits of its mode. */
  mode: number;
}

/**
 * Sets time and rights; of a folder only the rights.
 *
 * @param path of a file or folder
 * @param shown what it is called in messages
 * @param options see {@linkcode TouchOptions}
 * @throws {DiskError} `changed` when it has another time than it should have: its content may be another one, too
 */
export function touch(path: string, shown: string, { before, modified, mode }: TouchOptions): void {
  try {
    const found = Deno.statSync(path); // first: to open a pipe would wait for its writer
    if (found.isDirectory) {
      const wanted = closedFolderMode(modeOf(found), mode);
      if (found.mode !== null && wanted !== modeOf(found)) setMode(path, wanted);
      return;
    }
    if (!found.isFile) throw new DiskError("denied", `${shown} is neither a file nor a folder`);
    using file = Deno.openSync(path);
    const info = file.statSync();
    if (info.ino !== found.ino || info.dev !== found.dev) {
      throw new DiskError("changed", `${shown} was changed meanwhile; try again`);
    }
    const now = info.mtime?.getTime();
    const time = new Date(modified);
    // It has the wanted time already when somebody asks again whose answer was lost.
    if (now !== before && now !== time.getTime()) {
      throw new DiskError("changed", `${shown} was changed meanwhile; try again`);
    }
    const wanted = replacingMode(modeOf(info), mode);
    if (info.mode !== null && wanted !== modeOf(info)) setMode(path, wanted);
    file.utimeSync(time, time);
  } catch (error) {
    throw diskError(error, shown);
  }
}
