/**
 * A limit to how fast bytes go, for a line that others need, too.
 *
 * @module
 */

import type { Transport } from "../protocol/connection.ts";

/** What goes at once lasts for so many milliseconds at most: the line is never taken for long. */
const PIECE_MS = 50;
const LARGEST_PIECE_BYTES = 256 * 1024;
/** A wait of less, in milliseconds, is not worth a timer, which may come as much too late; it is added to the next one. */
const WORTH_A_TIMER_MS = 4;

/** A limit that several connections share: what all of them send stays within it, and what all of them receive, too. */
export class RateLimit {
  readonly #sending: Budget;
  readonly #receiving: Budget;

  /**
   * Nothing has been moved yet.
   *
   * @param bytesPerSecond each way; more than 0
   */
  constructor(bytesPerSecond: number) {
    this.#sending = new Budget(bytesPerSecond);
    this.#receiving = new Budget(bytesPerSecond);
  }

  /**
   * The same transport, but not faster. What is not read for a while waits at the sender, as TCP has it.
   *
   * @param transport belongs to the result from now on
   */
  around(transport: Transport): Transport {
    return {
      readable: received(transport.readable, this.#receiving),
      writable: sent(transport.writable, this.#sending),
      close: () => transport.close(),
      closeWrite: transport.closeWrite && (() => transport.closeWrite!()),
    };
  }
}

/** What may go in one direction. */
class Budget {
  /** How much goes at once, in bytes. */
  readonly piece: number;
  readonly #perMs: number;
  /** When all that has gone would have arrived at exactly this rate, in milliseconds of `performance.now()`. */
  #spentUntil = 0;

  constructor(bytesPerSecond: number) {
    this.#perMs = bytesPerSecond / 1000;
    this.piece = Math.ceil(Math.min(LARGEST_PIECE_BYTES, this.#perMs * PIECE_MS));
  }

  /** Waits until so many bytes more, which have gone already, are within the limit. */
  async spend(bytes: number): Promise<void> {
    const now = performance.now();
    // What a timer took too long may be made up for; a pause may not.
    this.#spentUntil = Math.max(now - PIECE_MS, this.#spentUntil) + bytes / this.#perMs;
    const ahead = this.#spentUntil - now;
    if (ahead >= WORTH_A_TIMER_MS) await new Promise((resolve) => setTimeout(resolve, ahead));
  }
}

function received(from: Transport["readable"], budget: Budget): Transport["readable"] {
  const reader = from.getReader({ mode: "byob" });
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const request = controller.byobRequest!; // there always is one: whoever reads frames brings a buffer
      const view = request.view!;
      const room = Math.min(view.byteLength, budget.piece);
      const { done, value } = await reader.read(new Uint8Array(view.buffer, view.byteOffset, room));
      const length = value?.length ?? 0; // it is gone with the view
      if (done) controller.close();
      if (value) request.respondWithNewView(value);
      await budget.spend(length);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function sent(to: Transport["writable"], budget: Budget): Transport["writable"] {
  const writer = to.getWriter();
  return new WritableStream({
    async write(bytes) {
      for (let at = 0; at < bytes.length; at += budget.piece) {
        const piece = bytes.subarray(at, at + budget.piece);
        await writer.write(piece);
        await budget.spend(piece.length);
      }
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}
