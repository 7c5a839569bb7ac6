/**
 * How long a server may say nothing (PROTOCOL.md sections 4.3 and 9).
 *
 * @module
 */

/** What to do: nothing, ask for a sign of life, or give the server up, which may not even have said HELLO. */
export type Verdict = "wait" | "ping" | "lost" | "unreachable";

/** What is known of a connection. Times are in milliseconds of `performance.now()`. */
export interface State {
  /** Since when a read waits, and nothing has come; `undefined` while none does. */
  silentSince: number | undefined;
  /** Since when a write waits to be taken; `undefined` while none does. */
  writingSince: number | undefined;
  /** Whether the server owes an answer. */
  owing: boolean;
  /** After how many milliseconds of silence the server closes; `undefined` before it has said HELLO. */
  idleMs: number | undefined;
}

/** So many pauses are made up for, in a row, without a word from the server. */
const MOST_WAKINGS = 10;

/** Judges the silence of a server, on one connection. */
export class Silence {
  /** How often to ask for a {@linkcode Silence.judge}, in milliseconds. */
  readonly checkMs: number;
  readonly #timeoutMs: number;
  readonly #openedAt: number;
  #checkedAt: number;
  /** When we went on after a pause: what came meanwhile is still to be read, so silence before that says nothing. */
  #awakeSince = -Infinity;
  #wakings = 0;
  #pinged = false;
  /** Since when the server has owed us something; silence before that says nothing. */
  #owedSince = 0;

  /**
   * The connection is open, and HELLO sent.
   *
   * @param timeoutMs milliseconds of silence after which a server that owes an answer counts as lost
   * @param now milliseconds of `performance.now()`
   */
  constructor(timeoutMs: number, now: number = performance.now()) {
    this.#timeoutMs = timeoutMs;
    this.checkMs = Math.min(1000, timeoutMs / 4);
    this.#openedAt = this.#checkedAt = now;
  }

  /** The server owes an answer from now on, and has owed none before. */
  owed(now: number = performance.now()): void {
    this.#owedSince = now;
  }

  /** A frame has come. */
  heard(): void {
    this.#pinged = false;
    this.#wakings = 0;
  }

  /**
   * What to do. To be asked every {@linkcode Silence.checkMs}.
   *
   * @param state see {@linkcode State}
   * @param now milliseconds of `performance.now()`
   */
  judge({ silentSince, writingSince, owing, idleMs }: State, now: number = performance.now()): Verdict {
    // We were stopped, or the machine slept; or it is so busy that we are always late, and then silence counts all the same.
    if (now - this.#checkedAt > 3 * this.checkMs && this.#wakings++ < MOST_WAKINGS) {
      this.#awakeSince = now;
      this.#pinged = false; // what was asked before may be lost
    }
    this.#checkedAt = now;
    const since = (time: number) => now - Math.max(time, this.#awakeSince);
    if (idleMs === undefined) return since(this.#openedAt) > this.#timeoutMs ? "unreachable" : "wait";
    const silent = silentSince === undefined ? 0 : since(silentSince);
    // What is written takes its time over a slow line, while the server says that it is there. One that lets us answer its
    // PINGs, and takes no answer, is not.
    const blocked = writingSince === undefined ? 0 : Math.min(since(writingSince), since(silentSince ?? -Infinity));
    const late = owing || this.#pinged ? Math.min(silent, now - this.#owedSince) : 0;
    if (Math.max(blocked, late) > this.#timeoutMs) return "lost";
    const patience = Math.min(idleMs / 3, owing ? this.#timeoutMs / 2 : Infinity);
    if (this.#pinged || silent <= patience) return "wait";
    this.#pinged = true;
    if (!owing) this.#owedSince = now;
    return "ping";
  }
}
