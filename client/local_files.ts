/**
 * Local files as ends of transfers.
 *
 * @module
 */

import { diskError, errnoOf } from "../disk/errors.ts";
import { type Collision, PartialFile } from "../disk/partial_file.ts";
import type { Download } from "./client.ts";
import type { Meter } from "./shell/progress.ts";

/**
 * Where a download is to be saved.
 *
 * @param typed what the person gave; a folder means: into it
 * @param name the name of the remote file, as the person gave it
 * @returns folder and name
 */
export function localTarget(typed: string | undefined, name: string): { folder: string; name: string } {
  if (typed === undefined) return { folder: ".", name };
  if (typed.endsWith("/") || isFolder(typed)) return { folder: typed.replace(/(.)\/+$/, "$1"), name };
  const slash = typed.lastIndexOf("/");
  return { folder: slash < 0 ? "." : typed.slice(0, slash) || "/", name: typed.slice(slash + 1) };
}

/**
 * Saves a download under its name when it is complete and verified, and not before.
 *
 * @param download read to its end, or canceled
 * @param target where to, see {@linkcode localTarget}
 * @param collision what to do when the name is taken
 * @param meter told how it goes
 * @returns the path that it got
 * @throws {DiskError} when it cannot be saved
 * @throws {CommandError} {@linkcode ProtocolError} when it cannot be fetched
 */
export async function saveDownload(
  download: Download,
  target: { folder: string; name: string },
  collision: Collision,
  meter: Meter,
): Promise<string> {
  const { entry } = download;
  let partial: PartialFile | undefined;
  try {
    partial = new PartialFile(target.folder, entry.executable, `the local file ${JSON.stringify(join(target))}`);
    let bytes = 0;
    for (let chunk = await download.read(); chunk !== null; chunk = await download.read()) {
      await partial.write(chunk);
      meter.update(bytes += chunk.length);
    }
    const name = await partial.publish(target.name, { collision, modified: entry.modified, sync: false });
    return join({ folder: target.folder, name });
  } catch (error) {
    partial?.discard();
    download.cancel();
    throw error;
  }
}

function join({ folder, name }: { folder: string; name: string }): string {
  return folder === "." ? name : folder === "/" ? `/${name}` : `${folder}/${name}`;
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

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw diskError(error, JSON.stringify(path));
  }
}

/**
 * The name of a local file or folder, whatever way its path is written.
 *
 * @param path such as `../photos/`
 * @throws {DiskError} when that can only be told by looking, and there is nothing
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
