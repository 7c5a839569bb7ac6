/**
 * Sending a body: DATA frames and the END that proves them (PROTOCOL.md section 6). The same code for both directions.
 *
 * @module
 */

import { BodyDigest } from "./body_digest.ts";
import { giveBuffer, takeBuffer } from "./buffers.ts";
import type { Connection } from "./connection.ts";
import { expectBytes } from "./crc32.ts";
import { CommandError } from "./errors.ts";
import { FrameKind, HEADER_BYTES } from "./frame.ts";
import { encodeMessage } from "./message_codec.ts";
import type { BodyEnd } from "./messages.ts";
import { unlessAborted } from "./unless_aborted.ts";

/** The DATA frames of a body grow from the first size to the second as long as the peer takes them quickly. */
const FIRST_CHUNK_BYTES = 64 * 1024;
const LARGEST_CHUNK_BYTES = 1024 * 1024;
/** What has been sent is read again in such pieces. */
const AGAIN_CHUNK_BYTES = 256 * 1024;
/** What the chunks of all bodies that are being sent may take together, two of each; with many bodies they are smaller. */
const ALL_CHUNKS_BYTES = 16 * 1024 * 1024;
/** A frame that took longer than this to hand over, in milliseconds, makes the next ones smaller. */
const SLOW_MS = 250;
const SMALLEST_CHUNK_BYTES = 16 * 1024;

/** Where the bytes of a body come from. */
export interface ByteSource {
  /** How many bytes there will be; `undefined` when that is not known before the end. */
  readonly size?: number;
  /**
   * Fills a part of `into`. Synchronous where that is faster.
   *
   * @param into at least one byte long
   * @returns how many bytes were put there; 0 only at the end
   */
  read(into: Uint8Array<ArrayBuffer>): number | Promise<number>;
  /**
   * Asked once, at the end. If what was read may have changed meanwhile, goes back to the first byte, so that it is read again.
   *
   * @param signal ends it
   * @returns the error to throw unless the second reading gives the same; `undefined` if nothing has changed
   */
  rewindIfChanged?(signal: AbortSignal | undefined): Error | undefined | Promise<Error | undefined>;
}

/** Options of {@linkcode sendBody}. */
export interface SendOptions {
  /** Whether END carries SHA-256 as well. */
  sha256?: boolean;
  /** Stops the body; {@linkcode sendBody} then throws the reason. */
  signal?: AbortSignal;
  /** Told after each frame how many bytes of the body have been handed over. */
  onProgress?: (bytes: number) => void;
}

/**
 * Sends a body: DATA frames and END (PROTOCOL.md section 6.1).
 *
 * @param connection where to
 * @param id the request it belongs to
 * @param source read to its end, or to its `size`
 * @param options see {@linkcode SendOptions}
 * @returns what END said
 * @throws {CommandError} `changed` when the source ends before its size; whatever the source or the signal throws. No END
 * was sent then: the caller owes the peer an ERROR frame under the same id.
 * @throws {ConnectionLostError} when the connection fails before the last DATA frame; what comes after is not awaited
 */
export async function sendBody(
  connection: Connection,
  id: number,
  source: ByteSource,
  options: SendOptions = {},
): Promise<BodyEnd> {
  sending++;
  try {
    return await sendFrames(connection, id, source, options);
  } finally {
    sending--;
  }
}

/** Bodies that this program is sending now, on all connections. */
let sending = 0;

/** How large a DATA frame may be now. */
function largestChunk(): number {
  return Math.max(FIRST_CHUNK_BYTES, Math.min(LARGEST_CHUNK_BYTES, Math.floor(ALL_CHUNKS_BYTES / (2 * sending))));
}

async function sendFrames(
  connection: Connection,
  id: number,
  source: ByteSource,
  options: SendOptions,
): Promise<BodyEnd> {
  const digest = new BodyDigest(options.sha256);
  const { size } = source;
  expectBytes(size ?? 0);
  let chunk = FIRST_CHUNK_BYTES;
  // Two buffers: one is filled while the other is on its way.
  let buffer: Uint8Array<ArrayBuffer> | undefined;
  let other: Uint8Array<ArrayBuffer> | undefined;
  let written: Promise<void> | undefined;
  while (size === undefined || digest.size < size) {
    options.signal?.throwIfAborted();
    const largest = largestChunk();
    chunk = Math.min(chunk, largest);
    // Many bodies at once: the large buffer of this one goes.
    if (buffer !== undefined && buffer.length > HEADER_BYTES + largest) buffer = undefined;
    const room = Math.min(chunk, size === undefined ? chunk : size - digest.size);
    if (buffer !== undefined && buffer.length < HEADER_BYTES + room) {
      giveBuffer(buffer);
      buffer = undefined;
    }
    buffer ??= takeBuffer(HEADER_BYTES + room);
    const payload = buffer.subarray(HEADER_BYTES, HEADER_BYTES + room);
    const read = source.read(payload);
    // It may have nothing to give for as long as it likes, as a keyboard does.
    const count = typeof read === "number" ? read : await unlessAborted(read, options.signal);
    if (count === 0) {
      if (size === undefined) break;
      throw new CommandError("changed", `the file became shorter while it was read (${digest.size} of ${size} bytes)`);
    }
    digest.update(payload.subarray(0, count));
    if (written) {
      const began = performance.now();
      await written;
      const took = performance.now() - began;
      if (took > SLOW_MS) chunk = Math.max(SMALLEST_CHUNK_BYTES, chunk / 2);
      else if (took < SLOW_MS / 8) chunk = Math.min(largest, chunk * 2);
    }
    written = connection.writeData(id, buffer.subarray(0, HEADER_BYTES + count));
    [buffer, other] = [other, buffer];
    options.onProgress?.(digest.size);
  }
  options.signal?.throwIfAborted();
  const end = digest.end();
  // The last frame is not awaited: so END follows at once.
  const last = other;
  if (buffer) giveBuffer(buffer);
  if (last) written!.then(() => giveBuffer(last), () => {});
  let changed = source.rewindIfChanged?.(options.signal);
  if (changed instanceof Promise) changed = await changed;
  if (changed && !await givesAgain(source, end, options.signal)) throw changed;
  connection.writeFrame(FrameKind.END, id, encodeMessage(end));
  return end;
}

/**
 * Whether what is read again is what was read before. A log that is being written to can be sent as far as it went when it was
 * opened. What has changed otherwise, as a data base does, may have been read half before and half after: that was never the
 * content of any file.
 *
 * @param source where the same is to be read
 * @param end what was read before
 * @param signal ends it
 */
export async function givesAgain(source: ByteSource, end: BodyEnd, signal: AbortSignal | undefined): Promise<boolean> {
  const again = new BodyDigest(end.sha256 !== undefined);
  const buffer = takeBuffer(AGAIN_CHUNK_BYTES);
  for (let count = -1; count !== 0 && again.size < end.size;) {
    signal?.throwIfAborted();
    const read = source.read(buffer.subarray(0, Math.min(AGAIN_CHUNK_BYTES, end.size - again.size)));
    count = typeof read === "number" ? read : await unlessAborted(read, signal);
    again.update(buffer.subarray(0, count));
  }
  giveBuffer(buffer);
  const { crc32, sha256 } = again.end();
  return crc32 === end.crc32 && sha256 === end.sha256;
}
