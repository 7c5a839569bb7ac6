/**
 * The server: accepts clients up to a limit, watches that none of them holds a place in silence, stops gracefully.
 *
 * @module
 */

import { Connection } from "../protocol/connection.ts";
import { hostPort } from "../protocol/host_port.ts";
import type { Settings } from "./config.ts";
import { createLog, type Log } from "./log.ts";
import type { Places } from "./places.ts";
import { Session, type SessionOptions } from "./session.ts";
import { LocalStorage } from "./storage/local.ts";
import type { Storage } from "./storage/storage.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** How often silence is checked, in milliseconds, unless the limit asks for more. */
const CHECK_MS = 1_000;
/** How long to wait before accepting again when the system is out of something, in milliseconds. */
const RETRY_MS = 50;
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
  readonly #waitingRoom: WaitingRoom;
  #endGrace = () => {};
  #stopped = false;

  /**
   * @param listener belongs to the server from now on
   * @param options see {@linkcode ServeOptions}
   */
  constructor(listener: Deno.TcpListener, options: ServeOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#waitingRoom = new WaitingRoom(options.places, (connection, log) => this.#serve(connection, log));
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
    await Promise.all([...this.#sessions.values(), this.#waitingRoom.left()]);
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
    this.#waitingRoom.refuseAll({ code: "stopping", message: "the server is stopping" });
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
    const { log } = this.#options;
    const { hostname, port } = conn.remoteAddr;
    const who = { client: hostPort(hostname, port) };
    const clientLog: Log = (event, ...fields) => log(event, who, ...fields);
    conn.setNoDelay(true);
    this.#waitingRoom.enter(new Connection(conn), clientLog);
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
}
