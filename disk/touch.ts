/**
 * Giving a file whose content is right the time of what it is a copy of, and such rights as when it had replaced another one.
 *
 * @module
 */

import { DiskError, diskError } from "./errors.ts";
import { modeOf, replacingMode, setMode } from "./mode.ts";

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
 * Sets time and rights.
 *
 * @param path of a file
 * @param shown what it is called in messages
 * @param options see {@linkcode TouchOptions}
 * @throws {DiskError} `changed` when it has another time than it should have: its content may be another one, too
 */
export function touch(path: string, shown: string, { before, modified, mode }: TouchOptions): void {
  try {
    using file = Deno.openSync(path); // another one may get its name meanwhile
    const info = file.statSync();
    if (info.isDirectory) throw new DiskError("is_folder", `${shown} is a folder`);
    if (!info.isFile) throw new DiskError("denied", `${shown} is neither a file nor a folder`);
    const now = info.mtime?.getTime();
    const time = new Date(modified);
    // It has the wanted time already when somebody asks again whose answer was lost.
    if (now !== before && now !== time.getTime()) throw new DiskError("changed", `${shown} was changed meanwhile`);
    const wanted = replacingMode(modeOf(info), mode);
    if (info.mode !== null && wanted !== modeOf(info)) setMode(path, wanted);
    file.utimeSync(time, time);
  } catch (error) {
    throw diskError(error, shown);
  }
}
