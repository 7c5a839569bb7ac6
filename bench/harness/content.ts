/**
 * Files to copy, and whether a copy is one.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { MIB } from "./units.ts";

/** Random bytes, which nobody can compress; each file gets them from another place on. */
const NOISE = new Uint8Array(4 * MIB);
for (let at = 0; at < NOISE.length; at += 65536) crypto.getRandomValues(NOISE.subarray(at, at + 65536));

/**
 * Writes a file of random bytes.
 *
 * @param path where to
 * @param size in bytes
 */
export function makeFile(path: string, size: number): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  const stamp = new Uint32Array(1);
  for (let written = 0; written < size;) {
    const start = Math.floor(Math.random() * MIB);
    const piece = NOISE.subarray(start, start + Math.min(2 * MIB, size - written));
    // Two pieces are never the same, so that nobody can find out that it has one already.
    crypto.getRandomValues(stamp);
    if (piece.length >= 4) piece.set(new Uint8Array(stamp.buffer));
    for (let at = 0; at < piece.length;) at += file.writeSync(piece.subarray(at));
    written += piece.length;
  }
}

/** A tree of files. */
export interface TreeShape {
  /** Sizes of its files in bytes. */
  readonly sizes: readonly number[];
  /** Files in each of its folders. */
  readonly perFolder: number;
}

/**
 * Makes a folder with folders of files.
 *
 * @param path the folder to make
 * @param shape see {@linkcode TreeShape}
 */
export function makeTree(path: string, { sizes, perFolder }: TreeShape): void {
  Deno.mkdirSync(path);
  sizes.forEach((size, number) => {
    const folder = `${path}/folder-${String(Math.floor(number / perFolder)).padStart(4, "0")}`;
    if (number % perFolder === 0) Deno.mkdirSync(folder);
    makeFile(`${folder}/file-${String(number).padStart(6, "0")}.dat`, size);
  });
}

const left = Buffer.alloc(MIB);
const right = Buffer.alloc(MIB);

/**
 * Compares two files, or two folders with all that is below them, byte by byte.
 *
 * @throws {Error} that tells the first difference
 */
export function requireEqual(original: string, copy: string): void {
  const info = Deno.lstatSync(original);
  const other = Deno.lstatSync(copy);
  if (info.isDirectory !== other.isDirectory) throw new Error(`${copy} is not of the same kind as its original`);
  if (info.isDirectory) return requireEqualFolders(original, copy);
  if (info.size !== other.size) throw new Error(`${copy} has ${other.size} bytes instead of ${info.size}`);
  using one = Deno.openSync(original);
  using two = Deno.openSync(copy);
  for (;;) {
    const count = one.readSync(left) ?? 0;
    if (count === 0) return;
    for (let at = 0; at < count;) {
      const more = two.readSync(right.subarray(at, count));
      if (more === null) throw new Error(`${copy} is cut short`);
      at += more;
    }
    if (left.compare(right, 0, count, 0, count) !== 0) throw new Error(`${copy} has another content`);
  }
}

function requireEqualFolders(original: string, copy: string): void {
  const names = namesIn(original);
  const others = namesIn(copy);
  if (names.length !== others.length) {
    throw new Error(`${copy} has ${others.length} entries instead of ${names.length}`);
  }
  names.forEach((name, at) => {
    if (name !== others[at]) throw new Error(`${copy} has ${others[at]} where ${name} should be`);
    requireEqual(`${original}/${name}`, `${copy}/${name}`);
  });
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
