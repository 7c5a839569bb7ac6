/**
 * Buffers that are fast to read into.
 *
 * @module
 */

/** As in `protocol/buffers.ts`, which says why; there a header comes before what is read. */
const BEGIN_BYTES = 48;

/**
 * A new buffer, of zeros.
 *
 * @param bytes how large it is to be
 */
export function readBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(BEGIN_BYTES + bytes), BEGIN_BYTES);
}
