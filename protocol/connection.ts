/**
 * A connection: frames over any pair of byte streams (PROTOCOL.md sections 2 and 3).
 *
 * @module
 */

import { lostError, ProtocolError, TruncatedError } from "./errors.ts";
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
import { WriteQueue } from "./write_queue.ts";

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
 * Frames over a {@linkcode Transport}.
 *
 * Reading is for one reader at a time. Writing is for anybody, see {@linkcode WriteQueue}.
 */
export class Connection {
  readonly #transport: Transport;
  readonly #reader: ExactReader;
  readonly #writes: WriteQueue;
  #lastKind: FrameKind | undefined;
  #closed = false;

  /**
   * Frames over this transport.
   *
   * @param transport belongs to the connection from now on
   */
  constructor(transport: Transport) {
    this.#transport = transport;
    this.#reader = new ExactReader(transport.readable);
    this.#writes = new WriteQueue(transport.writable);
  }

  /** Since when a read waits for what it is to read, see {@linkcode ExactReader.waitingSince}; `undefined` while none does. */
  get readingSince(): number | undefined {
    return this.#reader.waitingSince;
  }

  /** Since when a read waits, and nothing has come at all; `undefined` while none does. */
  get silentSince(): number | undefined {
    return this.#reader.silentSince;
  }

  /** See {@linkcode WriteQueue.writingSince}. */
  get writingSince(): number | undefined {
    return this.#writes.writingSince;
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
    return this.#writes.write(bytes);
  }

  /**
   * Resolves when little enough is queued to go on writing without awaiting each write.
   *
   * @throws {ConnectionLostError} (rejects) when the transport fails
   */
  ready(): Promise<void> {
    return this.#writes.ready();
  }

  /** Resolves when everything queued has been taken by the transport; rejects when the transport fails. */
  flush(): Promise<void> {
    return this.#writes.flush();
  }

  /** Sends what is queued, then says that nothing more will come; reading goes on. Never throws. */
  async closeWrite(): Promise<void> {
    try {
      await this.flush();
      await (this.#transport.closeWrite ? this.#transport.closeWrite() : this.#writes.close());
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

  /** See {@linkcode WriteQueue.hold}. */
  hold(): void {
    this.#writes.hold();
  }

  /** See {@linkcode WriteQueue.release}. */
  release(): void {
    this.#writes.release();
  }

  async #read(length: number, resting = false): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      return await this.#reader.read(length, resting);
    } catch (error) {
      throw lostError(error);
    }
  }
}
