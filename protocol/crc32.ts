/**
 * CRC-32 as gzip, PNG and Ethernet have it (PROTOCOL.md section 6).
 *
 * Node's is forty times as fast as one in JavaScript, but merely loading it takes as long as starting the whole program, and
 * most commands have a few kilobytes to sum up. So it is loaded when there is enough to do.
 *
 * @module
 */

import plain from "crc-32";

/** From so many bytes on, in all, loading the fast one pays. */
const WORTH_LOADING_BYTES = 4 * 1024 * 1024;

let bytes = 0;
let fast: typeof import("node:zlib").crc32 | undefined;
let loading: Promise<unknown> | undefined;

/**
 * The sum of bytes.
 *
 * @param chunk the bytes
 * @param before the sum of those before them
 * @returns a whole number of 32 bits, not negative
 *
 * @example
 * ```ts
 * import { crc32 } from "./crc32.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("123456789");
 * assertEquals(crc32(text), 0xcbf43926);
 * assertEquals(crc32(text.subarray(4), crc32(text.subarray(0, 4))), 0xcbf43926);
 * ```
 */
export function crc32(chunk: Uint8Array, before = 0): number {
  if (fast) return fast(chunk, before);
  bytes += chunk.length;
  expectBytes(bytes);
  return plain.buf(chunk, before) >>> 0;
}

/**
 * Says how much there will be to sum up, so that what pays is loaded in time.
 *
 * @param count how many bytes, in all; those of a pack twice, as a part of it and of the body
 */
export function expectBytes(count: number): void {
  // Not by `process.getBuiltinModule`, as all of Node's `process` comes with that.
  if (count > WORTH_LOADING_BYTES) loading ??= import("node:zlib").then(({ crc32 }) => fast = crc32);
}

/**
 * A sum as messages carry it: eight hexadecimal digits.
 *
 * @param sum of {@linkcode crc32}
 */
export function crc32Text(sum: number): string {
  return sum.toString(16).padStart(8, "0");
}
