/**
 * A body as it arrives, and is proven (PROTOCOL.md section 6). The same code for both directions.
 *
 * @module
 */

import { BodyDigest } from "./body_digest.ts";
import { expectBytes } from "./crc32.ts";
import { CommandError } from "./errors.ts";
import type { BodyEnd } from "./messages.ts";

/** What is kept of a body lies in blocks of at least this size. */
const SMALLEST_BLOCK_BYTES = 4 * 1024;

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
      throw new CommandError(
        "mismatch",
        `the CRC-32 of what arrived is ${got.crc32}, the sender's ${said.crc32}; try again`,
      );
    }
    if (got.sha256 !== undefined && got.sha256 !== said.sha256) {
      throw new CommandError(
        "mismatch",
        `the SHA-256 of what arrived is ${got.sha256}, the sender's ${said.sha256}; try again`,
      );
    }
  }
}
