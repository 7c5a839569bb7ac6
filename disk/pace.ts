/**
 * Whether a file is read and written synchronously or not.
 *
 * @module
 */

/** A synchronous call that took longer than this, in milliseconds, is followed by asynchronous ones. */
const STALL_MS = 20;
/** So many asynchronous calls follow the first stall; twice as many each further one, up to the second number. */
const FIRST_PAUSE = 8;
const LONGEST_PAUSE = 1024;

/**
 * Synchronous calls are several times faster than asynchronous ones, but hold up everybody else while they run. So a disk
 * that stalls is asked asynchronously for a while, and then tried again: a single stall may come from a busy machine, and
 * must not slow down the rest of a large file.
 */
export class Pace {
  #pause = FIRST_PAUSE;
  #left = 0;

  /** Whether the next call is to be a synchronous one. */
  next(): boolean {
    if (this.#left === 0) return true;
    this.#left--;
    return false;
  }

  /** Tells how long a synchronous call took, in milliseconds. */
  took(ms: number): void {
    if (ms <= STALL_MS) return;
    this.#left = this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }
}
