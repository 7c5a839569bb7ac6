/**
 * Reads exactly as many bytes as asked from a byte stream.
 *
 * @module
 */

import { giveBuffer, takeBuffer } from "./buffers.ts";
import { TruncatedError } from "./errors.ts";
import { HEADER_BYTES } from "./frame.ts";

/** A resting connection posts a view of this size, so that thousands of them cost little memory. */
const RESTING_BYTES = 4 * 1024;
/** What is left of a block goes to its start before the next read when it is no more than this. */
const CHEAP_TO_MOVE_BYTES = 4 * 1024;
/** The largest read posted for its own sake; a longer exact read gets what it needs. */
const LARGEST_BYTES = 1024 * 1024;

/** Each time that so many bytes of a long read have come, the wait for it counts anew. */
const STEP_BYTES = 64 * 1024;

/**
 * Exact reads over a readable byte stream with a BYOB reader.
 *
 * It reads ahead into one block and gives out views of it: **a view is valid only until the next call**, because the
 * next read detaches the block. The block grows while the peer fills it and goes back to a small one at rest.
 */
export class ExactReader {
  readonly #reader: ReadableStreamBYOBReader;
  #block = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #size = RESTING_BYTES;

  /**
   * When the wait for what is read began, in milliseconds of `performance.now()`; `undefined` while nothing is waited for. In a
   * read of more than 64 KiB, each 64 KiB that arrive begin it anew: over a slow line a whole frame may take its time.
   */
  waitingSince: number | undefined;
  /** The same, but whatever arrives begins it anew. */
  silentSince: number | undefined;

  /**
   * Reads from this stream.
   *
   * @param readable a byte stream (`type: "bytes"`), such as the one of a TCP connection; it is locked from now on
   */
  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader({ mode: "byob" });
  }

  /**
   * Reads exactly `length` bytes.
   *
   * @param length how many bytes, 0 or more
   * @param resting true where the peer may say nothing for long: the next wait then holds a small buffer only
   * @returns the bytes, valid until the next call; `null` when the stream had ended cleanly before the first of them
   * @throws {TruncatedError} when the stream ends in the middle
   *
   * @example
   * ```ts
   * import { ExactReader } from "./exact_reader.ts";
   * import { assertEquals } from "@std/assert";
   *
   * const reader = new ExactReader(new Blob(["hello world"]).stream());
   * assertEquals(new TextDecoder().decode((await reader.read(5))!), "hello");
   * assertEquals(new TextDecoder().decode((await reader.read(6))!), " world");
   * assertEquals(await reader.read(1), null);
   * ```
   */
  async read(length: number, resting = false): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#end - this.#start < length) {
      if (resting && this.#end === this.#start) this.#rest();
      try {
        if (!await this.#fill(length)) return null;
      } finally {
        this.waitingSince = this.silentSince = undefined;
      }
    }
    const start = this.#start;
    this.#start += length;
    return this.#block.subarray(start, this.#start);
  }

  /** Reads to the end of the stream and throws it all away. */
  async drain(): Promise<void> {
    for (let view = new Uint8Array(RESTING_BYTES);;) {
      const { done, value } = await this.#reader.read(view);
      if (done) return;
      view = new Uint8Array(value.buffer);
    }
  }

  /** Gives up: a pending read ends, and the stream is canceled. */
  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason);
  }

  #rest(): void {
    this.#size = RESTING_BYTES;
    if (this.#block.length > RESTING_BYTES) {
      giveBuffer(this.#block);
      this.#block = new Uint8Array(RESTING_BYTES);
    }
    this.#start = this.#end = 0;
  }

  /** Makes at least `length` bytes available from #start; false at a clean end. */
  async #fill(length: number): Promise<boolean> {
    let have = this.#end - this.#start;
    // Room for the headers before and behind it: a stream of full DATA frames then needs no copying.
    const wanted = Math.max(this.#size, length + 2 * HEADER_BYTES);
    if (this.#block.length < wanted) {
      const small = this.#block;
      this.#moveTo(takeBuffer(wanted));
      giveBuffer(small);
    } else if (have <= CHEAP_TO_MOVE_BYTES || this.#block.length - this.#start < length + HEADER_BYTES) {
      this.#moveTo(this.#block);
    }

    let step = -Infinity;
    while (have < length) {
      const from = this.#end;
      const view = this.#block.subarray(from);
      const { byteOffset } = this.#block;
      const room = view.length;
      this.silentSince = performance.now();
      if (have - step >= STEP_BYTES) [step, this.waitingSince] = [have, this.silentSince];
      const { done, value } = await this.#reader.read(view);
      if (value === undefined) { // canceled: the block went with it
        this.#block = new Uint8Array(0);
        this.#start = this.#end = 0;
        if (have > 0) throw new TruncatedError(`the stream was canceled after ${have} of ${length} bytes`);
        return false;
      }
      this.#block = new Uint8Array(value.buffer, byteOffset);
      this.#end = from + value.byteLength;
      if (value.byteLength === room && this.#size < LARGEST_BYTES) this.#size *= 4;
      have += value.byteLength;
      if (done) {
        if (have > 0) throw new TruncatedError(`the stream ended after ${have} of ${length} bytes`);
        return false;
      }
    }
    return true;
  }

  /** Puts what has not been given out at the start of a block, which may be the same one. */
  #moveTo(block: Uint8Array<ArrayBuffer>): void {
    block.set(this.#block.subarray(this.#start, this.#end));
    this.#block = block;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
