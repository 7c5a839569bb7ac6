/**
 * How long a client may let the server wait (PROTOCOL.md section 9).
 *
 * @module
 */

/** A client must have said HELLO within this time, in milliseconds. */
const HELLO_MS = 10_000;

/** What to do: nothing; tell the client that the server is there; tell it that this is the end; or end it without a word. */
export type Verdict = "wait" | "sign of life" | "expire" | "cut";

/** What is known of a connection. Times are in milliseconds of `performance.now()`. */
export interface State {
  /** Since when a read waits for what it is to read; `undefined` while none does. */
  readingSince: number | undefined;
  /** Since when a read waits, and nothing has come at all; `undefined` while none does. */
  silentSince: number | undefined;
  /** Since when a write waits to be taken; `undefined` while none does. */
  writingSince: number | undefined;
  /** Whether the client has said HELLO. */
  greeted: boolean;
  /** Whether a body is arriving. */
  arriving: boolean;
  /** Whether a request has not been answered, or its body has not ended. */
  busy: boolean;
}

/** Judges the silence of a client, on one connection. */
export class Idle {
  readonly #idleMs: number;
  /** The client is waited for since then at the earliest. */
  #since: number;
  #checkedAt = 0;

  /**
   * The connection is open.
   *
   * @param idleMs milliseconds of silence that are allowed
   * @param now milliseconds of `performance.now()`
   */
  constructor(idleMs: number, now: number = performance.now()) {
    this.#idleMs = idleMs;
    this.#since = now;
  }

  /** The client has had something from us, or we from it: its time begins anew. */
  restart(now: number = performance.now()): void {
    this.#since = now;
  }

  /**
   * How long the client may let us wait now.
   *
   * @param greeted whether it has said HELLO
   * @returns in milliseconds
   */
  limit(greeted: boolean): number {
    return greeted ? this.#idleMs : Math.min(HELLO_MS, this.#idleMs);
  }

  /**
   * What to do. To be asked now and then.
   *
   * @param state see {@linkcode State}
   * @param now milliseconds of `performance.now()`
   */
  judge({ readingSince, silentSince, writingSince, greeted, arriving, busy }: State, now: number): Verdict {
    const checkedAt = this.#checkedAt;
    this.#checkedAt = now;
    const limit = this.limit(greeted);
    if (writingSince !== undefined && now - writingSince > limit) return "cut";
    // The opening must be there in time as a whole. Later, while a request runs, it is the client that waits, unless the
    // request waits for its body.
    const since = !greeted
      ? this.#since
      : readingSince !== undefined && (arriving || !busy)
      ? Math.max(readingSince, this.#since)
      : now;
    if (now - since > limit) return "expire";
    // A body that takes long is all that the client hears nothing about, and its PING may stand in line behind much of it.
    const takes = silentSince === undefined || silentSince > checkedAt;
    return arriving && takes && writingSince === undefined ? "sign of life" : "wait";
  }
}
