/**
 * The server: accepts clients up to a limit, watches that none of them holds a place in silence, stops gracefully.
 *
 * @module
 */

import { Connection } from "../protocol/connection.ts";
import { FrameKind } from "../protocol/frame.ts";
import { hostPort } from "../protocol/host_port.ts";
import { encodeMessage } from "../protocol/message_codec.ts";
import type { ErrorMessage } from "../protocol/messages.ts";
import type { Settings } from "./config.ts";
import { createLog, type Log } from "./log.ts";
import type { Places } from "./places.ts";
import { Session, type SessionOptions } from "./session.ts";
import { LocalStorage } from "./storage/local.ts";
import type { Storage } from "./storage/storage.ts";

/** How often silence is checked, in milliseconds, unless the limit asks for more. */
const CHECK_MS = 1_000;
/** How long to wait before accepting again when the system is out of something, in milliseconds. */
const RETRY_MS = 50;
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

/** Options of {@linkcode Server}. */
export interface ServeOptions extends SessionOptions {
  /** Clients for whom there is no place are refused. */
  readonly places: Places;
}

/**
 * A server by its settings.
 *
 * @param dir the folder to serve
 * @param settings see `config.ts`
 * @param places shared with the other threads of the server
 * @param listen opens the port on an address
 * @throws {DiskError} when the folder cannot be served; what `listen` throws
 */
export function createServer(
  dir: string,
  settings: Settings,
  places: Places,
  listen: (hostname: string) => Deno.TcpListener,
): Server {
  const storage = new LocalStorage(dir, { sync: settings.fsync });
  return new Server(listen(settings.host), {
    storage,
    log: createLog(settings["log-format"]),
    allowed: new Set(settings["read-only"] ? ["read"] : ["read", "write"]),
    collision: settings["on-collision"],
    idleMs: settings["idle-timeout"] * 1000,
    places,
  });
}

/** A running server. */
export class Server {
  readonly #listener: Deno.TcpListener;
  readonly #options: ServeOptions;
  readonly #sessions = new Map<Session, Promise<void>>();
  /** Those for whom there is no place yet, in the order in which they came. */
  readonly #waiting: Waiting[] = [];
  readonly #refusals = new Set<Promise<void>>();
  #seating: Promise<void> | undefined;
  #endGrace = () => {};
  #stopped = false;

  /**
   * @param listener belongs to the server from now on
   * @param options see {@linkcode ServeOptions}
   */
  constructor(listener: Deno.TcpListener, options: ServeOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /** The served files. */
  get storage(): Storage {
    return this.#options.storage;
  }

  /** The address and port that it listens on. */
  get address(): Deno.NetAddr {
    return this.#listener.addr;
  }

  /** Accepts clients until {@linkcode Server.stop} is called. */
  async run(): Promise<void> {
    const every = Math.min(CHECK_MS, this.#options.idleMs / 4);
    let checked = performance.now();
    const watch = setInterval(() => {
      const now = performance.now();
      const slept = now - checked > 3 * every;
      checked = now;
      // We were stopped, or the machine slept: what came meanwhile has not been read yet.
      if (slept) return;
      for (const session of this.#sessions.keys()) session.checkIdle(now);
    }, every);
    let failing = false;
    // Not `for await`: it would end for good when a peer connects and resets at once.
    while (!this.#stopped) {
      try {
        const conn = await this.#listener.accept();
        failing = false;
        if (!this.#stopped) this.#welcome(conn);
        else conn.close();
      } catch (error) {
        if (this.#stopped) break;
        const gone = error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionReset;
        // Out of something, it fails again and again: one line says so.
        if (gone || !failing) {
          this.#options.log("accept", { outcome: gone ? "reset" : "failed", message: (error as Error).message });
        }
        if (gone) continue;
        failing = true;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    await Promise.all([...this.#sessions.values(), ...this.#refusals, this.#seating]);
    clearInterval(watch);
    this.#endGrace();
  }

  /**
   * Stops: no new clients; running requests may end. {@linkcode Server.run} returns when the last client is gone.
   *
   * @param graceMs after so many milliseconds the rest is cut off
   */
  stop(graceMs: number): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#listener.close();
    for (const one of this.#waiting.splice(0)) {
      this.#refuse(one, { code: "stopping", message: "the server is stopping" });
    }
    for (const session of this.#sessions.keys()) session.stop();
    const grace = setTimeout(() => this.cut(), graceMs);
    Deno.unrefTimer(grace);
    this.#endGrace = () => clearTimeout(grace);
  }

  /** Cuts off every client; what was half done is undone. {@linkcode Server.run} returns soon after. */
  cut(): void {
    for (const session of this.#sessions.keys()) session.close();
  }

  #welcome(conn: Deno.TcpConn): void {
    const { log, places } = this.#options;
    const { hostname, port } = conn.remoteAddr;
    const who = { client: hostPort(hostname, port) };
    const clientLog: Log = (event, ...fields) => log(event, who, ...fields);
    conn.setNoDelay(true);
    const connection = new Connection(conn);
    if (this.#waiting.length === 0 && places.take()) return this.#serve(connection, clientLog);
    // They cost sockets, if only for a moment. In a crowd, not everybody can wait, or is told why.
    if (this.#waiting.length + this.#refusals.size >= MAX_WAITING) {
      clientLog("refused", { reason: this.#full.message });
      return connection.close();
    }
    this.#waiting.push({ connection, log: clientLog, looks: 0 });
    if (this.#waiting.length === 1) this.#seating = this.#seat();
  }

  /** Serves a client for whom there is a place. */
  #serve(connection: Connection, log: Log): void {
    log("connected");
    const session = new Session(connection, { ...this.#options, log });
    const ended = session.run().finally(() => {
      this.#sessions.delete(session);
      this.#options.places.leave();
    });
    this.#sessions.set(session, ended);
  }

  /** Serves those who wait as places become free, until nobody waits any more. Never throws. */
  async #seat(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      while (this.#waiting.length > 0 && this.#options.places.take()) {
        const { connection, log } = this.#waiting.shift()!;
        this.#serve(connection, log);
      }
      for (const one of this.#waiting) one.looks++;
      while (this.#waiting[0]?.looks >= LOOKS) this.#refuse(this.#waiting.shift()!, this.#full);
    }
  }

  /** Tells a client why it cannot be served. */
  #refuse({ connection, log }: Waiting, { code, message }: ErrorMessage): void {
    log("refused", { reason: message });
    const refusal = refuse(connection, { code, message }).finally(() => this.#refusals.delete(refusal));
    this.#refusals.add(refusal);
  }

  get #full(): ErrorMessage {
    return {
      code: "busy",
      message: `the server has its ${this.#options.places.total} connections already; try again later`,
    };
  }
}

async function refuse(connection: Connection, why: ErrorMessage): Promise<void> {
  connection.writeFrame(FrameKind.ERROR, 0, encodeMessage(why));
  await connection.linger(REFUSE_MS);
  connection.close();
}

/** A client for whom there is no place yet. */
interface Waiting {
  readonly connection: Connection;
  readonly log: Log;
  /** How often a place was looked for. */
  looks: number;
}
