/**
 * Bodies: DATA frames and the END that proves them (PROTOCOL.md section 6). The same code for both directions.
 *
 * @module
 */

import type { Hash } from "node:crypto";
import { giveBuffer, takeBuffer } from "./buffers.ts";
import type { Connection } from "./connection.ts";
import { crc32, crc32Text, expectBytes } from "./crc32.ts";
import { CommandError } from "./errors.ts";
import { FrameKind, HEADER_BYTES } from "./frame.ts";
import { type BodyEnd, encodeMessage } from "./messages.ts";

/** The DATA frames of a body grow from the first size to the second as long as the peer takes them quickly. */
const FIRST_CHUNK_BYTES = 64 * 1024;
const LARGEST_CHUNK_BYTES = 1024 * 1024;
/** What the chunks of all bodies that are being sent may take together, two of each; with many bodies they are smaller. */
const ALL_CHUNKS_BYTES = 16 * 1024 * 1024;
/** A frame that took longer than this to hand over, in milliseconds, makes the next ones smaller. */
const SLOW_MS = 250;
const SMALLEST_CHUNK_BYTES = 16 * 1024;
/** What is kept of a body lies in blocks of at least this size. */
const SMALLEST_BLOCK_BYTES = 4 * 1024;

/** The running proof of a body: its size, CRC-32 and, where asked for, SHA-256. */
export class BodyDigest {
  /** Bytes so far. */
  size = 0;
  #crc = 0;
  readonly #sha256: Hash | undefined;

  /**
   * Starts at zero bytes.
   *
   * @param sha256 whether to compute SHA-256 as well
   */
  constructor(sha256 = false) {
    this.#sha256 = sha256 ? process.getBuiltinModule("node:crypto").createHash("sha256") : undefined;
  }

  /** Takes the next bytes. */
  update(chunk: Uint8Array): void {
    this.size += chunk.length;
    this.#crc = crc32(chunk, this.#crc);
    this.#sha256?.update(chunk);
  }

  /**
   * What END carries; to be called once, at the end.
   *
   * @example
   * ```ts
   * import { BodyDigest } from "./body.ts";
   * import { assertEquals } from "@std/assert";
   *
   * const digest = new BodyDigest();
   * digest.update(new TextEncoder().encode("hello"));
   * assertEquals(digest.end(), { size: 5, crc32: "3610a686" });
   * ```
   */
  end(): BodyEnd {
    const end: BodyEnd = { size: this.size, crc32: crc32Text(this.#crc) };
    if (this.#sha256) end.sha256 = this.#sha256.digest("hex");
    return end;
  }
}

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
  connection.writeFrame(FrameKind.END, id, encodeMessage(end));
  return end;
}

/** A source may have nothing to give for as long as it likes, as a keyboard does: the signal ends the waiting. */
function unlessAborted<T>(read: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return read;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  read.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  return promise;
}

/** How many bytes of bodies whose turn has not come may be kept; shared by all bodies of one connection. */
export interface BodyBudget {
  /** Bytes that may still be kept. */
  left: number;
  /** Resolved when there is more of it again; set while the connection's reader is held up. */
  more?: PromiseWithResolvers<void>;
}

/**
 * A body as it arrives: the connection's reader pushes, a consumer reads.
 *
 * A chunk that a waiting consumer takes is handed over without a copy. While no consumer waits, chunks are copied and kept
 * as far as the budget goes; beyond it, {@linkcode IncomingBody.push} holds up the connection's reader.
 */
export class IncomingBody {
  readonly #budget: BodyBudget;
  #digest: BodyDigest | undefined;
  #announced: { size?: number; sha256?: boolean } = {};
  #kept: { block: Uint8Array<ArrayBuffer>; used: number }[] = [];
  #wanted: PromiseWithResolvers<Uint8Array<ArrayBuffer> | null> | undefined;
  #taken: PromiseWithResolvers<void> | undefined;
  #trailer: BodyEnd | undefined;
  #error: Error | undefined;
  #ended = false;
  #discarding = false;

  /**
   * A body of which nothing has arrived yet.
   *
   * @param budget shared by the bodies of the connection
   */
  constructor(budget: BodyBudget) {
    this.#budget = budget;
  }

  /**
   * The consumer's side, before its first read: what was announced.
   *
   * @param announced the size in bytes, where it is known, and whether END will carry SHA-256
   */
  expect(announced: { size?: number; sha256?: boolean }): void {
    this.#announced = announced;
    expectBytes(announced.size ?? 0);
  }

  /** Whether END, or the ERROR in its place, has arrived. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that were read so far. */
  get size(): number {
    return this.#digest?.size ?? 0;
  }

  /**
   * The reader's side: one DATA payload.
   *
   * @param chunk may be reused when the promise has resolved
   */
  async push(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    // After an error nobody would be given it any more.
    if (this.#discarding || this.#error || chunk.length === 0) return;
    if (this.#wanted) {
      const wanted = this.#wanted;
      this.#wanted = undefined;
      this.#taken = Promise.withResolvers();
      wanted.resolve(chunk);
      await this.#taken.promise;
      return;
    }
    this.#keep(chunk);
    // Any body of the connection may give bytes back. One that has failed waits for nobody: its consumer may be gone.
    while (this.#budget.left < 0 && this.#kept.length > 0 && this.#error === undefined) {
      this.#budget.more ??= Promise.withResolvers();
      await this.#budget.more.promise;
    }
  }

  /** The reader's side: END arrived. */
  end(trailer: BodyEnd): void {
    this.#ended = true;
    this.#trailer = trailer;
    this.#settle();
  }

  /** The reader's side: ERROR arrived in the place of END, or the connection failed. */
  fail(error: Error): void {
    this.#ended = true;
    this.interrupt(error);
    this.#release();
  }

  /** Anybody: the consumer is to stop with this error, though more of the body may still come. */
  interrupt(error: Error): void {
    this.#error ??= error;
    this.#settle();
  }

  /**
   * The consumer's side: the next bytes.
   *
   * @returns bytes that are valid until the next call; `null` at the end, after size and digests were found right
   * @throws {CommandError} `mismatch` when the body is not what END or the announcement said, or what the sender's ERROR said
   * @throws {ProtocolError} when the connection failed meanwhile
   */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    this.#release();
    const chunk = await this.#take();
    const digest = this.#digest ??= new BodyDigest(this.#announced.sha256);
    if (chunk === null) {
      this.#verify(digest.end());
      return null;
    }
    digest.update(chunk);
    const { size } = this.#announced;
    if (size !== undefined && digest.size > size) {
      throw new CommandError("mismatch", `the body is longer than the ${size} bytes that were announced`);
    }
    return chunk;
  }

  /** The consumer's side: it wants no more; what still comes is thrown away. */
  discard(): void {
    this.#discarding = true;
    const bytes = this.#kept.reduce((sum, { used }) => sum + used, 0);
    this.#kept = [];
    this.#giveBack(bytes);
    this.#release();
  }

  /** Keeps a copy. Tiny chunks go together into one block: each as an array of its own would take many times its size. */
  #keep(chunk: Uint8Array<ArrayBuffer>): void {
    let last = this.#kept.at(-1);
    if (last === undefined || last.used + chunk.length > last.block.length) {
      this.#kept.push(last = { block: new Uint8Array(Math.max(chunk.length, SMALLEST_BLOCK_BYTES)), used: 0 });
    }
    last.block.set(chunk, last.used);
    last.used += chunk.length;
    this.#budget.left -= chunk.length;
  }

  /** The consumer has done with the last chunk, so the reader may go on. */
  #release(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.resolve();
  }

  #take(): Promise<Uint8Array<ArrayBuffer> | null> {
    const kept = this.#kept.shift();
    if (kept) {
      this.#giveBack(kept.used);
      return Promise.resolve(kept.block.subarray(0, kept.used));
    }
    if (this.#error) return Promise.reject(this.#error);
    if (this.#trailer) return Promise.resolve(null);
    this.#wanted = Promise.withResolvers();
    return this.#wanted.promise;
  }

  #settle(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted) this.#error ? wanted.reject(this.#error) : wanted.resolve(null);
    this.#giveBack(0); // a push that waits looks again
  }

  #giveBack(bytes: number): void {
    this.#budget.left += bytes;
    const { more } = this.#budget;
    this.#budget.more = undefined;
    more?.resolve();
  }

  #verify(got: BodyEnd): void {
    const said = this.#trailer!;
    const { size } = this.#announced;
    if (size !== undefined && got.size !== size) {
      throw new CommandError("mismatch", `${got.size} bytes arrived where ${size} were announced`);
    }
    if (got.size !== said.size) {
      throw new CommandError("mismatch", `${got.size} bytes arrived where the sender counted ${said.size}`);
    }
    if (got.crc32 !== said.crc32) {
      throw new CommandError("mismatch", `the CRC-32 of what arrived is ${got.crc32}, the sender's ${said.crc32}`);
    }
    if (got.sha256 !== undefined && got.sha256 !== said.sha256) {
      throw new CommandError("mismatch", `the SHA-256 of what arrived is ${got.sha256}, the sender's ${said.sha256}`);
    }
  }
}
