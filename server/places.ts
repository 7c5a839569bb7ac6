/**
 * How many clients are connected, counted across all threads of a server.
 *
 * @module
 */

/** A number of places for clients. */
export class Places {
  /** The count itself; another thread makes its own {@linkcode Places} of it. */
  readonly shared: SharedArrayBuffer;
  readonly #taken: Int32Array;
  /** How many places there are. */
  readonly total: number;

  /**
   * Places that are all free, or those of another thread.
   *
   * @param total how many there are
   * @param shared the count of the other thread
   */
  constructor(total: number, shared: SharedArrayBuffer = new SharedArrayBuffer(4)) {
    this.total = total;
    this.shared = shared;
    this.#taken = new Int32Array(shared);
  }

  /**
   * Takes a place.
   *
   * @returns whether there was one
   *
   * @example
   * ```ts
   * import { Places } from "./places.ts";
   * import { assertEquals } from "@std/assert";
   *
   * const here = new Places(1);
   * const there = new Places(1, here.shared);
   * assertEquals([here.take(), there.take()], [true, false]);
   * here.leave();
   * assertEquals(there.take(), true);
   * ```
   */
  take(): boolean {
    if (Atomics.add(this.#taken, 0, 1) < this.total) return true;
    this.leave();
    return false;
  }

  /** Gives a place back. */
  leave(): void {
    Atomics.sub(this.#taken, 0, 1);
  }
}
