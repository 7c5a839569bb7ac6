/**
 * Files with content that can be told apart, and what to find out about files afterwards.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { isPartialName } from "../../disk/names.ts";

/**
 * Random-looking bytes that are always the same for the same seed.
 *
 * @param size how many
 * @param seed any whole number
 */
export function pattern(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  // The first steps of a generator of this kind still look like its seed.
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** Random numbers that are always the same for the same seed: to repeat a run that failed. */
export class Random {
  #state: number;

  /** @param seed any whole number */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /**
   * The next one.
   *
   * @param limit above all that may come
   * @returns a whole number from 0
   */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * limit);
  }
}

/** SHA-256 of bytes, in hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** SHA-256 of the content of a file, in hexadecimal digits. */
export function sha256OfFile(path: string): string {
  return sha256(Deno.readFileSync(path));
}

/** The names in a folder, those that start with a dot included, sorted. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** The names of the partial files in a folder. */
export function partialsIn(folder: string): string[] {
  return namesIn(folder).filter(isPartialName);
}

/**
 * How many files and folders below a folder a process holds open.
 *
 * @param path of the folder, with no link in it
 * @param pid of the process; this one by default
 */
export function openBelow(path: string, pid: number | "self" = "self"): number {
  let count = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      if (`${Deno.readLinkSync(`/proc/${pid}/fd/${name}`)}/`.startsWith(`${path}/`)) count++;
    } catch { /* it is the one that all of them are read by */ }
  }
  return count;
}
