/**
 * Connections in memory: what a test needs of a network, with its tricks (short reads, slow readers, lost connections)
 * under the test's control.
 *
 * @module
 */

import type { Transport } from "../../protocol/connection.ts";

/** Options of {@linkcode memoryPair}. */
export interface MemoryOptions {
  /** How many of the bytes that are there the next read gets; at least 1. All of them by default. */
  cut?: (available: number) => number;
  /** A write waits while more than so many bytes are on their way. */
  capacity?: number;
}

/** One end of a connection in memory. */
export interface MemoryTransport extends Transport {
  /** Every write that reached the transport, in order, copied. */
  readonly writes: Uint8Array<ArrayBuffer>[];
  /** The size of every view that was posted for reading, in bytes: what the reader allocated. */
  readonly views: readonly number[];
}

const DEFAULT_CAPACITY = 256 * 1024;

/**
 * Two ends of a connection: what is written at one is read at the other.
 *
 * As with TCP, closing one end fails its own reads and writes, while the other end reads what was on its way and then a
 * clean end; its writes fail.
 *
 * @param options see {@linkcode MemoryOptions}
 */
export function memoryPair(options: MemoryOptions = {}): [MemoryTransport, MemoryTransport] {
  const there = new Pipe(options);
  const back = new Pipe(options);
  return [new End(back, there), new End(there, back)];
}

/**
 * The receiving end of a connection whose other end sends these bytes and then nothing more.
 *
 * @param bytes what it sends
 * @param cut see {@linkcode MemoryOptions}
 */
export function incoming(bytes: Uint8Array, cut?: MemoryOptions["cut"]): MemoryTransport {
  const pipe = new Pipe({ cut });
  pipe.push(bytes);
  pipe.end();
  return new End(pipe, new Pipe({ capacity: Infinity }));
}

class End implements MemoryTransport {
  readonly #from: Pipe;
  readonly #to: Pipe;

  constructor(from: Pipe, to: Pipe) {
    this.#from = from;
    this.#to = to;
  }

  get readable() {
    return this.#from.readable;
  }

  get writable() {
    return this.#to.writable;
  }

  get writes() {
    return this.#to.writes;
  }

  get views() {
    return this.#from.views;
  }

  close(): void {
    const closed = new Error("this end was closed");
    this.#from.breakReading(closed);
    this.#from.breakWriting(new Error("the other end was closed"));
    this.#to.breakWriting(closed);
    this.#to.end();
  }
}

/** One direction. */
class Pipe {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  readonly writes: Uint8Array<ArrayBuffer>[] = [];
  readonly views: number[] = [];
  readonly #cut: (available: number) => number;
  readonly #capacity: number;
  #reading!: ReadableByteStreamController;
  #writing!: WritableStreamDefaultController;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #broken: Error | undefined;
  #changed = Promise.withResolvers<void>();

  constructor({ cut = (available) => available, capacity = DEFAULT_CAPACITY }: MemoryOptions) {
    this.#cut = cut;
    this.#capacity = capacity;
    this.readable = new ReadableStream({
      type: "bytes",
      start: (controller) => void (this.#reading = controller),
      pull: () => this.#give(),
      cancel: () => this.breakWriting(new Error("nobody reads at the other end")),
    });
    this.writable = new WritableStream({
      start: (controller) => void (this.#writing = controller),
      write: (chunk) => this.#take(chunk),
      close: () => this.end(),
    });
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes.slice());
    this.#bytes += bytes.length;
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  breakReading(error: Error): void {
    if (this.#broken) return;
    this.#reading.error(error);
    this.breakWriting(error);
  }

  breakWriting(error: Error): void {
    if (this.#broken) return;
    this.#broken = error;
    this.#writing.error(error);
    this.#wake();
  }

  async #take(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    this.writes.push(chunk.slice());
    this.push(chunk);
    while (this.#bytes > this.#capacity && !this.#broken) await this.#changed.promise;
    if (this.#broken) throw this.#broken;
  }

  /** Answers the read that waits, as a socket would: with what is there, once there is something. */
  async #give(): Promise<void> {
    this.views.push(this.#reading.byobRequest?.view?.byteLength ?? 0);
    while (this.#bytes === 0 && !this.#ended && !this.#broken) await this.#changed.promise;
    const request = this.#reading.byobRequest;
    const view = request?.view;
    if (!request || !view) return; // broken or canceled meanwhile
    if (this.#bytes === 0) {
      this.#reading.close();
      return request.respond(0);
    }
    const room = Math.min(view.byteLength, this.#bytes);
    const count = Math.max(1, Math.min(room, this.#cut(room)));
    const into = new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, count);
    for (let filled = 0; filled < count;) {
      const head = this.#chunks[0];
      const part = head.subarray(0, count - filled);
      into.set(part, filled);
      filled += part.length;
      if (part.length === head.length) this.#chunks.shift();
      else this.#chunks[0] = head.subarray(part.length);
    }
    this.#bytes -= count;
    request.respond(count);
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
