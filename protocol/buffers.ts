/**
 * Buffers: large ones that are used again, and many in one piece.
 *
 * @module
 */

/** Smaller ones are not kept: they cost less to make. */
const SMALLEST_BYTES = 64 * 1024;
/** Who needs no more than this gets a new one: it would keep a large one from who needs it. */
const LITTLE_BYTES = 8 * 1024;
/**
 * Where a buffer begins in its memory, in bytes. To copy into the first 32 bytes of a page, but for the very first, takes some
 * processors (AMD's Zen 3) three times as long, and the C library gives out large memory at byte 16 of one. So a buffer begins at
 * byte 56, and what comes behind the header of a frame at 64.
 */
const BEGIN_BYTES = 40;
/** So many are kept, whatever the number of connections. */
const MOST = 4;

/** From the smallest to the largest. */
const spare: Uint8Array<ArrayBuffer>[] = [];

/**
 * A buffer, of which nobody knows what it holds. A new one of a mebibyte costs as much as the sending of half of that; and those
 * that are left to the garbage collector pile up between its rounds.
 *
 * @param bytes how large it has to be
 * @returns one of at least that size
 *
 * @example
 * ```ts
 * import { giveBuffer, takeBuffer } from "./buffers.ts";
 * import { assertStrictEquals } from "@std/assert";
 *
 * const buffer = takeBuffer(200_000);
 * giveBuffer(buffer);
 * assertStrictEquals(takeBuffer(100_000), buffer);
 * ```
 */
export function takeBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  const at = bytes <= LITTLE_BYTES ? -1 : spare.findIndex(({ length }) => length >= bytes);
  return at < 0 ? newBuffer(bytes) : spare.splice(at, 1)[0];
}

function newBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes < SMALLEST_BYTES) return new Uint8Array(bytes);
  return new Uint8Array(new ArrayBuffer(BEGIN_BYTES + bytes), BEGIN_BYTES);
}

/**
 * Gives a buffer to whoever needs one next.
 *
 * @param buffer all of it; who gives it must not touch it, nor any view of it, any more
 */
export function giveBuffer(buffer: Uint8Array<ArrayBuffer>): void {
  if (buffer.length < SMALLEST_BYTES) return;
  spare.push(buffer);
  spare.sort((one, other) => one.length - other.length);
  if (spare.length > MOST) spare.shift();
}

/**
 * The same bytes in one piece.
 *
 * @param parts in their order; a single one is not copied
 *
 * @example
 * ```ts
 * import { concat } from "./buffers.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(concat([Uint8Array.of(1), Uint8Array.of(2, 3)]), Uint8Array.of(1, 2, 3));
 * ```
 */
export function concat(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
