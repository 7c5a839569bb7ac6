/**
 * Two files with the same content.
 *
 * @module
 */

import type { OpenFolder } from "./open_folder.ts";

/** Larger ones are not compared: both are read in one go. */
export const LARGEST_COMPARED_BYTES = 8 * 1024 * 1024;

/**
 * Whether two files are the same in size, time and content.
 *
 * @param folder where the one is
 * @param name its name there
 * @param other where the other is
 * @param otherName its name there
 * @returns also `false` where that cannot be told: one is no file, cannot be read, or is larger than 8 MiB
 */
export function isSameFile(folder: OpenFolder, name: string, other: OpenFolder, otherName: string): boolean {
  try {
    const [one, two] = [folder.stat(name), other.stat(otherName)];
    if (one.kind !== "file" || one.size !== two.size || one.modified !== two.modified) return false;
    if (one.size > LARGEST_COMPARED_BYTES) return false;
    const [here, there] = [contentOf(folder, name, one.size), contentOf(other, otherName, one.size)];
    let at = 0;
    while (at < here.length && here[at] === there[at]) at++;
    return at === here.length && here.length === there.length;
  } catch {
    return false;
  }
}

function contentOf(folder: OpenFolder, name: string, size: number): Uint8Array {
  const file = folder.readFile(name, new Uint8Array(size), () => name);
  if (typeof file === "string") throw new Error(`${name}: ${file}`);
  return file.content;
}
