/**
 * A connection: frames over any pair of byte streams (PROTOCOL.md sections 2 and 3).
 *
 * @module
 */

import { concat } from "./buffers.ts";
import { ConnectionLostError, ProtocolError, TruncatedError } from "./errors.ts";
import { ExactReader } from "./exact_reader.ts";
import {
  decodeHeader,
  encodeFrame,
  encodeHeader,
  type Frame,
  FrameKind,
  HEADER_BYTES,
  kindName,
  MAX_DATA_BYTES,
  PREAMBLE,
} from "./frame.ts";

/** What a connection runs over: TCP, TLS, or a pair in memory. */
export interface Transport {
  /** A byte stream (`type: "bytes"`). */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes byte arrays. */
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Ends both directions at once; pending reads and writes fail. */
  close(): void;
  /**
   * Says that nothing more will be written; reading goes on. Needed where closing `writable` ends reading as well, as it does
   * with the connections of Deno.
   */
  closeWrite?(): Promise<void>;
}

/**
 * Above this many queued bytes a sender should wait, see {@linkcode Connection.ready}. More than the largest DATA frame that
 * `sendBody` writes: whoever answers a PING beside a body must not wait for the end of the body.
 */
const HIGH_WATER_BYTES = 1280 * 1024;
/** What goes out together is copied into one write where its parts are smaller than this, and written by itself where not. */
const WORTH_A_WRITE_BYTES = 64 * 1024;
/** What each queued write costs beside its own bytes, roughly: an answer to PING is 8 bytes in an object of hundreds. */
const WRITE_OVERHEAD_BYTES = 256;

/** A write that comes sooner than this after the last one, in milliseconds, is gathered with others. */
const GATHER_MS = 0.2;
/** The first few writes are not: a short command has no use for it, and should not load what it takes. */
const UNGATHERED_WRITES = 4;

/** What is held goes out after so many milliseconds at the latest, or when there is so much of it in bytes. */
const HOLD_MS = 2;
const HOLD_BYTES = 32 * 1024;

/**
 * Frames over a {@linkcode Transport}.
 *
 * Reading is for one reader at a time. Writing is for anybody: at most one write is under way, and all that is written
 * meanwhile goes out together in the next one.
 */
export class Connection {
  readonly #transport: Transport;
  readonly #reader: ExactReader;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #lastKind: FrameKind | undefined;
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #queuedBytes = 0;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #closed = false;
  #held: PromiseWithResolvers<void> | undefined;
  #writes = 0;
  #wroteAt = 0;

  /** When the write under way began, in milliseconds of `performance.now()`; `undefined` while nothing is written. */
  writingSince: number | undefined;

  /**
   * Frames over this transport.
   *
   * @param transport belongs to the connection from now on
   */
  constructor(transport: Transport) {
    this.#transport = transport;
    this.#reader = new ExactReader(transport.readable);
    this.#writer = transport.writable.getWriter();
    this.#writer.closed.catch(() => {}); // write() reports it
  }

  /** Since when a read waits for what it is to read, see {@linkcode ExactReader.waitingSince}; `undefined` while none does. */
  get readingSince(): number | undefined {
    return this.#reader.waitingSince;
  }

  /** Since when a read waits, and nothing has come at all; `undefined` while none does. */
  get silentSince(): number | undefined {
    return this.#reader.silentSince;
  }

  /** Whether {@linkcode Connection.close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Reads the opening of a client (PROTOCOL.md section 2).
   *
   * @returns the eight bytes; `null` when the peer closed without a word
   * @throws {TruncatedError} when it closed after fewer
   */
  async readOpening(): Promise<Uint8Array<ArrayBuffer> | null> {
    return await this.#read(PREAMBLE.length);
  }

  /**
   * Reads the next frame.
   *
   * @param limit longest payload that is taken, in bytes, where less than usual is expected
   * @returns the frame, a DATA payload being valid only until the next call; `null` at a clean end between frames
   * @throws {ProtocolError} for a header that {@linkcode decodeHeader} refuses
   * @throws {TruncatedError} when the stream ends inside a frame
   * @throws {ConnectionLostError} when the transport fails
   */
  async readFrame(limit = MAX_DATA_BYTES): Promise<Frame | null> {
    const resting = this.#lastKind !== FrameKind.DATA;
    const head = await this.#read(HEADER_BYTES, resting);
    if (head === null) return null;
    const header = decodeHeader(head);
    if (header.length > limit) {
      throw new ProtocolError(`${kindName(header.kind)} frame of ${header.length} bytes; the limit here is ${limit}`);
    }
    this.#lastKind = header.kind;
    const payload = await this.#read(header.length);
    if (payload === null) throw new TruncatedError(`the stream ended inside a ${kindName(header.kind)} frame`);
    return { ...header, payload };
  }

  /**
   * Queues a frame for sending.
   *
   * @param kind what it is
   * @param id the request it belongs to, or 0
   * @param payload copied at once, so the caller may reuse it
   * @param flags see `FLAG_BODY`
   * @returns resolves when the transport has taken it; need not be awaited
   * @throws {ConnectionLostError} (rejects) when the transport fails
   */
  writeFrame(kind: FrameKind, id: number, payload: Uint8Array, flags = 0): Promise<void> {
    return this.write(encodeFrame(kind, id, payload, flags));
  }

  /**
   * Sends one DATA frame without copying its payload.
   *
   * @param id the request it belongs to
   * @param buffer the payload with 8 spare bytes before it, which receive the header
   * @returns resolves when the transport has taken it and `buffer` may be used again
   * @throws {ConnectionLostError} (rejects) when the transport fails
   */
  writeData(id: number, buffer: Uint8Array<ArrayBuffer>): Promise<void> {
    encodeHeader(buffer, { length: buffer.length - HEADER_BYTES, kind: FrameKind.DATA, flags: 0, id });
    return this.write(buffer);
  }

  /**
   * Sends raw bytes: frames already encoded, or the opening.
   *
   * @param bytes not to be touched until the promise resolves
   * @returns resolves when the transport has taken them
   * @throws {ConnectionLostError} (rejects) when the transport fails
   */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length + WRITE_OVERHEAD_BYTES;
    if (this.#queuedBytes > HOLD_BYTES) this.release();
    if (this.#next === undefined) {
      this.#next = this.#flushAfter(this.#current);
      this.#next.catch(() => {}); // whoever awaits it, or the reader, reports it
    }
    return this.#next;
  }

  /**
   * Resolves when little enough is queued to go on writing without awaiting each write.
   *
   * @throws {ConnectionLostError} (rejects) when the transport fails
   */
  async ready(): Promise<void> {
    while (this.#queuedBytes > HIGH_WATER_BYTES) await (this.#next ?? this.#current);
  }

  /** Resolves when everything queued has been taken by the transport; rejects when the transport fails. */
  async flush(): Promise<void> {
    await (this.#next ?? this.#current);
  }

  /** Sends what is queued, then says that nothing more will come; reading goes on. Never throws. */
  async closeWrite(): Promise<void> {
    try {
      await this.flush();
      await (this.#transport.closeWrite ? this.#transport.closeWrite() : this.#writer.close());
    } catch { /* the peer is gone already */ }
  }

  /**
   * Sends what is queued, says that nothing more will come, and reads what the peer still sends until it closes. A peer that
   * is thrown out can so read why: closing with unread bytes would reset the connection under its last message.
   *
   * @param ms how long to wait for the peer at most, in milliseconds
   */
  async linger(ms: number): Promise<void> {
    const timer = setTimeout(() => this.close(), ms);
    try {
      await this.closeWrite();
      await this.#reader.drain();
    } catch {
      /* the peer is gone already */
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the connection at once; a pending {@linkcode Connection.readFrame} fails or returns `null`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#transport.close();
    } catch { /* closed by the peer already */ }
  }

  /**
   * Says that more will be written soon: what is written now may wait for it, for a moment. Each write wakes the peer, which
   * costs more than the few bytes of an answer.
   */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  /** Says that nothing more is at hand: what was held goes out. */
  release(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.resolve();
  }

  async #flushAfter(previous: Promise<void>): Promise<void> {
    await previous; // at the least a microtask: what one piece of code writes goes out together
    // A socket takes small writes so fast that each of many answers would go out alone. So a write that follows another one
    // closely waits for the event loop to come round: everything that this turn still produces goes with it.
    const small = this.#queuedBytes < HOLD_BYTES;
    if (++this.#writes > UNGATHERED_WRITES && small && performance.now() - this.#wroteAt < GATHER_MS) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#held) {
      const timer = setTimeout(() => this.release(), HOLD_MS);
      await this.#held.promise;
      clearTimeout(timer);
    }
    const batch = this.#queue;
    const bytes = this.#queuedBytes;
    this.#queue = [];
    this.#current = this.#next!;
    this.#next = undefined;
    try {
      for (const part of joined(batch)) {
        this.writingSince = performance.now();
        await this.#writer.write(part);
      }
    } catch (error) {
      throw lost(error);
    } finally {
      this.writingSince = undefined;
      this.#wroteAt = performance.now();
      this.#queuedBytes -= bytes;
    }
  }

  async #read(length: number, resting = false): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      return await this.#reader.read(length, resting);
    } catch (error) {
      throw lost(error);
    }
  }
}

/** Puts together what is small: each part as a write of its own would cost more than its copy. */
function joined(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer>[] {
  const writes: Uint8Array<ArrayBuffer>[] = [];
  let small: Uint8Array<ArrayBuffer>[] = [];
  for (const part of parts) {
    if (part.length < WORTH_A_WRITE_BYTES) {
      small.push(part);
      continue;
    }
    if (small.length > 0) writes.push(concat(small));
    writes.push(part);
    small = [];
  }
  if (small.length > 0) writes.push(concat(small));
  return writes;
}

/** Transports throw whatever they like (resets, broken pipes, closed resources): to us all of it is one thing. */
function lost(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ConnectionLostError("the other side closed or reset it", { cause: error });
}
