/**
 * Clients for whom there is no place: they wait for a moment, and are refused then.
 *
 * @module
 */

import type { Connection } from "../protocol/connection.ts";
import { FrameKind } from "../protocol/frame.ts";
import { encodeMessage } from "../protocol/message_codec.ts";
import type { ErrorMessage } from "../protocol/messages.ts";
import type { Log } from "./log.ts";
import type { Places } from "./places.ts";

/**
 * How often those who wait for a place are looked after before they are refused, and how long the event loop has in between to
 * see who has left, in milliseconds. Who leaves does not wait for us, and may be back before we have seen it go.
 */
const LOOKS = 40;
const LOOK_MS = 5;
/** How long a client that is refused may take to read why, in milliseconds. */
const REFUSE_MS = 1_000;
/** So many clients can wait at once, for a place or to read why there is none. */
const MAX_WAITING = 100;

/** A client for whom there is no place yet. */
interface Waiting {
  readonly connection: Connection;
  readonly log: Log;
  /** How often a place was looked for. */
  looks: number;
}

/** Those who wait. */
export class WaitingRoom {
  readonly #places: Places;
  readonly #serve: (connection: Connection, log: Log) => void;
  /** In the order in which they came. */
  readonly #waiting: Waiting[] = [];
  readonly #refusals = new Set<Promise<void>>();
  #seating: Promise<void> | undefined;

  /**
   * An empty one.
   *
   * @param places which become free
   * @param serve takes over a client for whom a place was taken
   */
  constructor(places: Places, serve: (connection: Connection, log: Log) => void) {
    this.#places = places;
    this.#serve = serve;
  }

  /**
   * Serves a client if there is a place for it, and else lets it wait.
   *
   * @param connection belongs to the room, or to whoever serves it, from now on
   * @param log of this client
   */
  enter(connection: Connection, log: Log): void {
    if (this.#waiting.length === 0 && this.#places.take()) return this.#serve(connection, log);
    // They cost sockets, if only for a moment. In a crowd, not everybody can wait, or is told why.
    if (this.#waiting.length + this.#refusals.size >= MAX_WAITING) {
      log("refused", { reason: this.#full.message });
      return connection.close();
    }
    this.#waiting.push({ connection, log, looks: 0 });
    if (this.#waiting.length === 1) this.#seating = this.#seat();
  }

  /**
   * Refuses all who wait.
   *
   * @param why what they are told
   */
  refuseAll(why: ErrorMessage): void {
    for (const one of this.#waiting.splice(0)) this.#refuse(one, why);
  }

  /** Resolves when nobody is there any more. */
  async left(): Promise<void> {
    await this.#seating;
    await Promise.all(this.#refusals);
  }

  /** Serves those who wait as places become free, until nobody waits any more. Never throws. */
  async #seat(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      while (this.#waiting.length > 0 && this.#places.take()) {
        const { connection, log } = this.#waiting.shift()!;
        this.#serve(connection, log);
      }
      for (const one of this.#waiting) one.looks++;
      while (this.#waiting[0]?.looks >= LOOKS) this.#refuse(this.#waiting.shift()!, this.#full);
    }
  }

  #refuse({ connection, log }: Waiting, why: ErrorMessage): void {
    log("refused", { reason: why.message });
    const refusal = refuse(connection, why).finally(() => this.#refusals.delete(refusal));
    this.#refusals.add(refusal);
  }

  get #full(): ErrorMessage {
    return { code: "busy", message: `the server has its ${this.#places.total} connections already; try again later` };
  }
}

/** Tells a client why it cannot be served. */
async function refuse(connection: Connection, why: ErrorMessage): Promise<void> {
  connection.writeFrame(FrameKind.ERROR, 0, encodeMessage(why));
  await connection.linger(REFUSE_MS);
  connection.close();
}
