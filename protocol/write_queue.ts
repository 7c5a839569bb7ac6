/**
 * What is written to a connection, and when it goes out.
 *
 * @module
 */

import { concat } from "./buffers.ts";
import { lostError } from "./errors.ts";

/**
 * Above this many queued bytes a sender should wait, see {@linkcode WriteQueue.ready}. More than the largest DATA frame that
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
 * A queue of writes. At most one is under way, and all that is written meanwhile goes out together in the next one.
 */
export class WriteQueue {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #queuedBytes = 0;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #held: PromiseWithResolvers<void> | undefined;
  #writes = 0;
  #wroteAt = 0;

  /** When the write under way began, in milliseconds of `performance.now()`; `undefined` while nothing is written. */
  writingSince: number | undefined;

  /**
   * An empty one.
   *
   * @param stream takes byte arrays; belongs to the queue from now on
   */
  constructor(stream: WritableStream<Uint8Array<ArrayBuffer>>) {
    this.#writer = stream.getWriter();
    this.#writer.closed.catch(() => {}); // write() reports it
  }

  /**
   * Queues bytes.
   *
   * @param bytes not to be touched until the promise resolves
   * @returns resolves when the transport has taken them; need not be awaited
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

  /** Says that nothing more will be written. Rejects when the transport fails. */
  async close(): Promise<void> {
    await this.#writer.close();
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
      throw lostError(error);
    } finally {
      this.writingSince = undefined;
      this.#wroteAt = performance.now();
      this.#queuedBytes -= bytes;
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
