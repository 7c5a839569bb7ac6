/**
 * One client: its opening, its requests in order, its leaving.
 *
 * @module
 */

import { giveWay } from "../disk/give_way.ts";
import { EMPTY_END } from "../protocol/body_digest.ts";
import type { Connection } from "../protocol/connection.ts";
import { CommandError, ConnectionLostError, ProtocolError, TruncatedError } from "../protocol/errors.ts";
import { FLAG_BODY, type Frame, FrameKind, kindName, MAX_CONTROL_BYTES, PREAMBLE } from "../protocol/frame.ts";
import { type BodyBudget, IncomingBody } from "../protocol/incoming_body.ts";
import { type AnyRequest, decodeMessage, decodeRequest, encodeMessage } from "../protocol/message_codec.ts";
import {
  type Access,
  BODY_WINDOW_BYTES,
  bodyEnd,
  clientHello,
  type Collision,
  errorMessage,
  goodbye,
  MAX_OUTSTANDING_REQUESTS,
  PROTOCOL_VERSION,
} from "../protocol/messages.ts";
import { SOFTWARE } from "../protocol/version.ts";
import { dispatch } from "./dispatch.ts";
import { Idle } from "./idle.ts";
import type { Log } from "./log.ts";
import type { Storage } from "./storage/storage.ts";

/** How long a refused client may take to read why, in milliseconds. */
const LINGER_MS = 1_000;
/** What a peer that speaks something else is told (PROTOCOL.md section 2). */
const NOT_CONNME = new TextEncoder().encode(
  "This port speaks connme/1; use the ftp program of connme to reach it.\r\n",
);

/** What a session needs to know of its server. */
export interface SessionOptions {
  /** The served files. */
  readonly storage: Storage;
  /** What a client may do. */
  readonly allowed: ReadonlySet<Access>;
  /** What an upload does with a name that is taken, unless it says so itself. */
  readonly collision: Collision;
  /** Milliseconds of silence after which the session ends. */
  readonly idleMs: number;
  /** Where the session reports. */
  readonly log: Log;
}

/** A request that has not been answered, or whose body has not ended. */
interface Outstanding {
  readonly body: IncomingBody;
  readonly abort: AbortController;
  answered: boolean;
}

/** One client's session over one connection. */
export class Session {
  readonly #connection: Connection;
  readonly #options: SessionOptions;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #budget: BodyBudget = { left: BODY_WINDOW_BYTES };
  /** The last request in the queue; requests run one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #arriving: { id: number; body: IncomingBody } | undefined;
  /** How many requests are in the queue, the running one not counted. */
  #waiting = 0;
  /** Bytes of the requests in the queue. */
  #queuedBytes = 0;
  readonly #idle: Idle;
  #greeted = false;
  #leaving = false;
  #abandoned = false;
  #stopping = false;
  #timedOut = false;
  #farewell: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param connection belongs to the session from now on
   * @param options see {@linkcode SessionOptions}
   */
  constructor(connection: Connection, options: SessionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#idle = new Idle(options.idleMs);
  }

  /** Serves the client until it leaves or is thrown out. Never throws. */
  async run(): Promise<void> {
    const { log } = this.#options;
    let reason: string;
    try {
      reason = await this.#greet() ? await this.#serve() : "it did not speak connme/1";
    } catch (error) {
      reason = await this.#fail(error);
    }
    this.#connection.close();
    clearTimeout(this.#farewell);
    log("left", { reason: this.#timedOut ? "it was silent for too long" : reason });
  }

  /**
   * Ends the session if its client has been silent for too long. To be called now and then.
   *
   * @param now in milliseconds of `performance.now()`
   */
  checkIdle(now: number): void {
    const { readingSince, silentSince, writingSince } = this.#connection;
    const [greeted, arriving, busy] = [this.#greeted, this.#arriving !== undefined, this.#outstanding.size > 0];
    const state = { readingSince, silentSince, writingSince, greeted, arriving, busy };
    switch (this.#idle.judge(state, now)) {
      case "cut":
        this.#timedOut = true;
        return this.#connection.close();
      case "expire":
        if (!this.#leaving) this.#expire(this.#idle.limit(greeted));
        return;
      case "sign of life":
        if (!this.#leaving) this.#connection.writeFrame(FrameKind.PONG, 0, new Uint8Array(0));
    }
  }

  /** Takes no more requests, finishes those that it has, then says goodbye. */
  async stop(): Promise<void> {
    this.#stopping = true;
    // What comes while it waits is refused, and that answered, too: GOODBYE is the last frame.
    let seen: Promise<void>;
    do {
      seen = this.#queue;
      await seen.catch(() => {});
    } while (seen !== this.#queue);
    if (this.#leaving) return; // whatever it leaves for closes it; the end of the grace period does so at the latest
    if (!this.#greeted) return this.#connection.close();
    this.#leaving = true;
    this.#connection.writeFrame(FrameKind.GOODBYE, 0, encodeMessage({ reason: "the server is stopping" }));
    await this.#connection.closeWrite();
    // It is for the client to close now: closing with unread bytes would reset the connection under the last answer.
    this.#farewell = setTimeout(() => this.#connection.close(), LINGER_MS);
  }

  /** Ends the session at once. */
  close(): void {
    this.#connection.close();
  }

  /** Tells a client that has been silent for too long, where it still listens, and closes. */
  async #expire(limit: number): Promise<void> {
    this.#leaving = true;
    this.#timedOut = true;
    const message = `nothing came for ${limit / 1000} s`;
    this.#connection.writeFrame(FrameKind.ERROR, 0, encodeMessage({ code: "idle", message }));
    this.#farewell = setTimeout(() => this.#connection.close(), LINGER_MS);
    await this.#connection.closeWrite();
  }

  /** The opening and both HELLOs; false when the peer speaks something else. */
  async #greet(): Promise<boolean> {
    const opening = await this.#connection.readOpening();
    if (opening === null) throw new ConnectionLostError("it left without a word");
    if (!opening.every((byte, at) => byte === PREAMBLE[at])) {
      this.#leaving = true;
      this.#connection.write(NOT_CONNME);
      await this.#connection.linger(LINGER_MS);
      return false;
    }
    const frame = await this.#connection.readFrame(MAX_CONTROL_BYTES);
    if (frame === null) throw new ConnectionLostError("it left before HELLO");
    if (frame.kind !== FrameKind.HELLO) throw new ProtocolError(`${kindName(frame.kind)} frame before HELLO`);
    const { version, software } = decodeMessage(clientHello, frame.payload, "HELLO");
    if (version !== PROTOCOL_VERSION) {
      throw new ProtocolError(`the client speaks version ${version}; this server speaks ${PROTOCOL_VERSION}`);
    }
    this.#options.log("hello", { software });
    this.#connection.writeFrame(
      FrameKind.HELLO,
      0,
      encodeMessage({
        version: PROTOCOL_VERSION,
        software: SOFTWARE,
        capabilities: ["sha256", "packs", "folder_digests"],
        readOnly: !this.#options.allowed.has("write"),
        collision: this.#options.collision === "rename" ? undefined : this.#options.collision,
        idleTimeout: this.#options.idleMs / 1000,
        maxRequests: MAX_OUTSTANDING_REQUESTS,
        window: BODY_WINDOW_BYTES,
      }),
    );
    this.#greeted = true;
    this.#idle.restart();
    return true;
  }

  /** Reads frames until the client leaves; returns why it left. */
  async #serve(): Promise<string> {
    for (;;) {
      const frame = await this.#connection.readFrame();
      if (frame === null) {
        if (this.#arriving) throw new TruncatedError("the stream ended inside a body");
        break;
      }
      if (this.#timedOut) continue; // it has been told that this is the end
      if (frame.kind === FrameKind.GOODBYE) {
        decodeMessage(goodbye, frame.payload, "GOODBYE");
        // Nobody reads from here on, so a request that still waited for its body would wait for ever.
        if (this.#arriving) throw new ProtocolError(`GOODBYE in the middle of the body of ${this.#arriving.id}`);
        await this.#queue;
        if (!this.#leaving) this.#connection.writeFrame(FrameKind.GOODBYE, 0, encodeMessage({ reason: "bye" }));
        this.#leaving = true;
        await this.#connection.closeWrite();
        return "goodbye";
      }
      await this.#take(frame);
      await giveWay();
    }
    this.#abandon(new ConnectionLostError("the client closed the connection"));
    await this.#queue;
    return "the client closed the connection";
  }

  async #take(frame: Frame): Promise<void> {
    const { kind, id, payload } = frame;
    switch (kind) {
      case FrameKind.REQUEST:
        return await this.#accept(id, payload, (frame.flags & FLAG_BODY) !== 0);
      case FrameKind.DATA:
        return await this.#bodyOf(id, kind).push(payload);
      case FrameKind.END: {
        const body = this.#bodyOf(id, kind);
        body.end(decodeMessage(bodyEnd, payload, "END"));
        return this.#bodyEnded(id);
      }
      case FrameKind.ERROR: {
        const { code, message } = decodeMessage(errorMessage, payload, "ERROR");
        if (id === 0) throw new ConnectionLostError(`the client gave up: ${message}`);
        this.#bodyOf(id, kind).fail(new CommandError(code, message));
        return this.#bodyEnded(id);
      }
      case FrameKind.CANCEL:
        return this.#cancel(id);
      case FrameKind.PING:
        this.#connection.writeFrame(FrameKind.PONG, 0, payload);
        return await this.#connection.ready();
      case FrameKind.PONG:
        return;
      default:
        throw new ProtocolError(`${kindName(kind)} frame from a client`);
    }
  }

  async #accept(id: number, payload: Uint8Array, hasBody: boolean): Promise<void> {
    if (this.#arriving) throw new ProtocolError(`request ${id} in the middle of the body of ${this.#arriving.id}`);
    if (this.#outstanding.has(id)) throw new ProtocolError(`request id ${id} is in use`);
    if (this.#outstanding.size >= MAX_OUTSTANDING_REQUESTS) {
      throw new ProtocolError(`more than ${MAX_OUTSTANDING_REQUESTS} requests are unanswered`);
    }
    // Held up as bodies are that come before their turn. No body is arriving, so the queue ends without us.
    if (this.#queuedBytes + payload.length > BODY_WINDOW_BYTES) await this.#queue;
    // Frames that had arrived already when it was given up: nobody would carry this out, or take its body.
    if (this.#abandoned) throw new ConnectionLostError("the connection was given up");
    const { length } = payload; // by the time it has its turn the payload is gone
    this.#queuedBytes += length;
    const asked = requestOf(payload);
    const request: Outstanding = {
      body: new IncomingBody(this.#budget),
      abort: new AbortController(),
      answered: false,
    };
    this.#outstanding.set(id, request);
    if (hasBody) this.#arriving = { id, body: request.body };
    else request.body.end(EMPTY_END);
    if (this.#stopping) request.abort.abort(new CommandError("stopping", "the server is stopping"));
    this.#waiting++;
    this.#queue = this.#queue.then(() => {
      this.#waiting--;
      this.#queuedBytes -= length;
      return this.#answer(id, asked, request);
    });
    this.#queue.catch((error) => {
      if (this.#abandoned) return;
      if (!(error instanceof ProtocolError)) this.#options.log("fault", { message: Deno.inspect(error) });
      this.#abandon(error); // what is behind it in the queue will not run, and the reader may wait for it
      this.#connection.close();
    });
    await this.#connection.ready();
  }

  async #answer(id: number, asked: AnyRequest | CommandError, request: Outstanding): Promise<void> {
    const { storage, collision, allowed, log } = this.#options;
    const { body, abort: { signal } } = request;
    await giveWay();
    if (this.#waiting > 0) this.#connection.hold(); // its answer can go with the next one
    await dispatch({ connection: this.#connection, allowed, log }, id, asked, { storage, collision, signal, body });
    if (this.#waiting === 0) this.#connection.release();
    request.answered = true;
    this.#forget(id, request);
  }

  #bodyOf(id: number, kind: FrameKind): IncomingBody {
    if (this.#arriving?.id !== id) throw new ProtocolError(`${kindName(kind)} frame for ${id}, which expects no body`);
    return this.#arriving.body;
  }

  #bodyEnded(id: number): void {
    this.#arriving = undefined;
    this.#forget(id, this.#outstanding.get(id)!);
  }

  #cancel(id: number): void {
    const request = this.#outstanding.get(id);
    const error = new CommandError("canceled", "canceled");
    request?.abort.abort(error);
    request?.body.interrupt(error);
  }

  #forget(id: number, request: Outstanding): void {
    if (request.answered && request.body.ended) this.#outstanding.delete(id);
    this.#idle.restart();
  }

  #abandon(error: Error): void {
    this.#abandoned = true;
    for (const { abort, body } of this.#outstanding.values()) {
      abort.abort(error);
      body.fail(error);
    }
  }

  /** Tells the client, where it can still hear, why it is thrown out; returns the same for the log. */
  async #fail(error: unknown): Promise<string> {
    const problem = error instanceof ProtocolError ? error : new ProtocolError("internal error", { code: "internal" });
    if (problem !== error) this.#options.log("fault", { message: Deno.inspect(error) });
    this.#abandon(problem);
    await this.#queue.catch(() => {});
    if (this.#timedOut || problem instanceof ConnectionLostError) return problem.message;
    this.#leaving = true;
    this.#connection.writeFrame(
      FrameKind.ERROR,
      0,
      encodeMessage({ code: problem.code, message: problem.message }),
    );
    await this.#connection.linger(LINGER_MS);
    return problem.message;
  }
}

/** What is asked for, or why it cannot be, which is answered in its turn. */
function requestOf(payload: Uint8Array): AnyRequest | CommandError {
  try {
    return decodeRequest(payload);
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}
