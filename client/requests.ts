/**
 * Requests over one connection: sent in order, answered in order, each with the bytes that belong to it.
 *
 * @module
 */

import { EMPTY_END } from "../protocol/body_digest.ts";
import type { Connection } from "../protocol/connection.ts";
import {
  CommandError,
  ConnectionLostError,
  ProtocolError,
  TruncatedError,
  UnreachableError,
} from "../protocol/errors.ts";
import { FLAG_BODY, type Frame, FrameKind, kindName, MAX_CONTROL_BYTES, PREAMBLE } from "../protocol/frame.ts";
import { type BodyBudget, IncomingBody } from "../protocol/incoming_body.ts";
import { decodeMessage, encodeMessage } from "../protocol/message_codec.ts";
import {
  BODY_WINDOW_BYTES,
  bodyEnd,
  type CommandName,
  COMMANDS,
  errorMessage,
  goodbye,
  PROTOCOL_VERSION,
  type Reply,
  type RequestInput,
  type ServerHello,
  serverHello,
} from "../protocol/messages.ts";
import { type ByteSource, sendBody } from "../protocol/send_body.ts";
import { unlessAborted } from "../protocol/unless_aborted.ts";
import { SOFTWARE } from "../protocol/version.ts";
import { Silence } from "./silence.ts";
import { after } from "./timer.ts";

/** An answer: what REPLY said, and the bytes behind it, to be read or discarded. */
export interface Answer<C extends CommandName> {
  /** What REPLY carried. */
  reply: Reply<C>;
  /** Bytes that follow; already at its end for commands without. */
  body: IncomingBody;
  /** Tells the server to stop sending, and throws away what still comes. */
  cancel(): void;
}

/** Options of {@linkcode Requests.send}. */
export interface RequestOptions {
  /** Bytes to send behind the request. */
  source?: ByteSource;
  /** Whether END is to carry SHA-256 as well. */
  sha256?: boolean;
  /** Cancels the request. */
  signal?: AbortSignal;
  /** Told how many bytes of the source have been sent. */
  onProgress?: (bytes: number) => void;
}

interface Pending {
  readonly command: CommandName;
  readonly answer: PromiseWithResolvers<Answer<CommandName>>;
  /** Ends the sending of its body when the server has refused it; there only while it is being sent. */
  stop?: AbortController;
  body?: IncomingBody;
  /** What cancels it; listened to until its answer, body included, has come. */
  readonly signal?: AbortSignal;
  readonly cancel: () => void;
}

/** The client's end of a connection. */
export class Requests {
  readonly #connection: Connection;
  readonly #pending = new Map<number, Pending>();
  readonly #budget: BodyBudget = { left: BODY_WINDOW_BYTES };
  readonly #timeoutMs: number;
  readonly #where: string;
  #endWatch!: () => void;
  readonly #ended: Promise<void>;
  readonly #hello = Promise.withResolvers<ServerHello>();
  /** What the server has said of itself; `undefined` until it has. */
  #greeting: ServerHello | undefined;
  #sending: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  readonly #silence: Silence;
  #lost: ProtocolError | undefined;
  #closing = false;
  /** Resolved when a request has been answered, for one that has to wait for it. */
  #room: PromiseWithResolvers<void> | undefined;

  /**
   * Opens a connection: sends the preamble and HELLO (PROTOCOL.md sections 2 and 4).
   *
   * @param connection belongs to the result from now on
   * @param where what people call the server, for when it does not say HELLO
   * @param timeoutMs milliseconds of silence after which a server that owes an answer counts as lost
   */
  constructor(connection: Connection, where: string, timeoutMs: number) {
    this.#connection = connection;
    this.#where = where;
    this.#timeoutMs = timeoutMs;
    this.#silence = new Silence(timeoutMs);
    this.#hello.promise.catch(() => {}); // all that was asked for meanwhile fails with the same
    connection.write(PREAMBLE.slice());
    const hello = { version: PROTOCOL_VERSION, software: SOFTWARE, capabilities: [] };
    connection.writeFrame(FrameKind.HELLO, 0, encodeMessage(hello));
    this.#watch();
    this.#ended = this.#receive();
  }

  /**
   * What the server says of itself.
   *
   * @throws {UnreachableError} (rejects) when it speaks something else, refuses, or says nothing in time
   * @throws {ProtocolError} (rejects) what {@linkcode Requests.abort} was given before
   */
  get hello(): Promise<ServerHello> {
    return this.#hello.promise;
  }

  /** Whether the server has said HELLO. */
  get greeted(): boolean {
    return this.#greeting !== undefined;
  }

  /** Resolves when the connection has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Why the connection is gone; `undefined` while it stands. */
  get lost(): ProtocolError | undefined {
    return this.#lost;
  }

  /**
   * Sends a request, with its body, once all earlier ones have been sent. Before the server has said HELLO, a single one is
   * sent, and only if it changes nothing.
   *
   * @param command its name
   * @param parameters what it takes; or gives that, and the bytes to send, when its turn to be sent has come
   * @param options see {@linkcode RequestOptions}
   * @returns the answer
   * @throws {CommandError} the server's ERROR, `canceled` by the signal included; or what the source threw
   * @throws {ProtocolError} when the connection is gone
   */
  async send<C extends CommandName>(
    command: C,
    parameters: RequestInput<C> | (() => { parameters: RequestInput<C>; source: ByteSource }),
    options: RequestOptions = {},
  ): Promise<Answer<C>> {
    const { signal } = options;
    signal?.throwIfAborted();
    const prepare = typeof parameters === "function" ? parameters : () => ({ parameters, source: options.source });
    const turn = this.#sending;
    const sent = Promise.withResolvers<void>();
    this.#sending = sent.promise;
    await turn;
    let pending: Pending;
    let id: number;
    try {
      while (!this.#lost && !this.#mayTake(command)) {
        this.#room ??= Promise.withResolvers();
        await unlessAborted(this.#room.promise, signal);
      }
      if (this.#lost) throw this.#lost;
      if (this.#closing) throw new ConnectionLostError("the connection is being closed");
      signal?.throwIfAborted();
      const made = prepare();
      const payload = encodeMessage({ command, ...made.parameters });
      if (payload.length > MAX_CONTROL_BYTES) {
        throw new CommandError("name_too_long", "the path is longer than any can be; shorten it");
      }
      id = this.#nextId();
      pending = { command, answer: Promise.withResolvers(), signal, cancel: () => this.#cancel(id) };
      pending.answer.promise.catch(() => {}); // it may fail while the body is still being sent
      if (this.#pending.size === 0) this.#silence.owed();
      this.#pending.set(id, pending);
      await this.#write(id, pending, payload, { ...options, source: made.source });
    } finally {
      sent.resolve();
    }
    if (this.#pending.get(id) === pending) { // else its answer has come, and the id may be another one's
      signal?.addEventListener("abort", pending.cancel);
      if (signal?.aborted) pending.cancel();
    }
    return await pending.answer.promise as Answer<C>;
  }

  /** Waits for what is outstanding, says goodbye, and closes. Never throws. */
  async close(): Promise<void> {
    if (!this.#lost) {
      this.#closing = true;
      await this.#sending;
      while (!this.#lost && this.#pending.size > 0) await (this.#room ??= Promise.withResolvers()).promise;
    }
    if (!this.#lost) {
      // All is answered, so nobody waits for the server's own: that would take as long as the way there and back.
      const said = this.#connection.writeFrame(FrameKind.GOODBYE, 0, encodeMessage({}));
      await Promise.race([said.catch(() => {}), this.#ended]);
    }
    this.abort(new ConnectionLostError("the connection was closed"));
    await this.#ended;
  }

  /** Ends the connection at once; everything outstanding fails with this error. */
  abort(error: ProtocolError): void {
    this.#lost ??= error;
    this.#hello.reject(this.#lost); // unless it has come
    this.#endWatch();
    this.#connection.close();
    for (const { answer, body, stop, signal, cancel } of this.#pending.values()) {
      signal?.removeEventListener("abort", cancel);
      stop?.abort(error);
      answer.reject(error);
      body?.fail(error);
    }
    this.#pending.clear();
    this.#room?.resolve();
  }

  /** Who has not said HELLO gets nothing that might be done without our knowing, and no content. */
  #mayTake(command: CommandName): boolean {
    const { size } = this.#pending;
    return this.#greeting ? size < this.#greeting.maxRequests : size === 0 && COMMANDS[command].access === "read";
  }

  async #write(
    id: number,
    pending: Pending,
    payload: Uint8Array,
    { source, sha256, signal, onProgress }: RequestOptions,
  ): Promise<void> {
    const { answer } = pending;
    const flags = source ? FLAG_BODY : 0;
    this.#connection.writeFrame(FrameKind.REQUEST, id, payload, flags);
    if (source) {
      const stop = pending.stop = new AbortController();
      const abort = () => stop.abort(signal!.reason);
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) abort();
      try {
        await sendBody(this.#connection, id, source, { sha256, signal: stop.signal, onProgress });
      } catch (error) {
        if (error instanceof ProtocolError) throw this.#lost ?? error;
        // The server answered before the end: its answer says why. Otherwise our own error is the reason.
        answer.reject(error);
        const code = error instanceof CommandError ? error.code : "canceled";
        this.#connection.writeFrame(
          FrameKind.ERROR,
          id,
          encodeMessage({ code, message: "the client stopped sending" }),
        );
      } finally {
        pending.stop = undefined;
        signal?.removeEventListener("abort", abort);
      }
    }
    await this.#connection.ready();
  }

  /** Reads frames until the connection ends. Never throws. */
  async #receive(): Promise<void> {
    try {
      await this.#greet();
      for (;;) {
        const frame = await this.#connection.readFrame();
        if (frame === null) throw new ConnectionLostError("the server closed the connection");
        this.#silence.heard();
        await this.#take(frame);
      }
    } catch (error) {
      this.abort(
        error instanceof TruncatedError
          ? new ConnectionLostError("it was cut in the middle of an answer", { cause: error })
          : error instanceof ProtocolError
          ? error
          : new ProtocolError("internal error", { cause: error }),
      );
    }
  }

  /** Takes the server's HELLO. */
  async #greet(): Promise<void> {
    try {
      this.#greeting = await readHello(this.#connection);
    } catch (error) {
      throw this.#unreachable(error as ProtocolError);
    }
    this.#hello.resolve(this.#greeting);
    this.#madeRoom();
  }

  #unreachable(why: ProtocolError): UnreachableError {
    return new UnreachableError(this.#where, why.message, { code: why.code, cause: why });
  }

  async #take(frame: Frame): Promise<void> {
    const { kind, id, payload, flags } = frame;
    switch (kind) {
      case FrameKind.REPLY:
        return this.#answered(id, payload, (flags & FLAG_BODY) !== 0);
      case FrameKind.DATA:
        return await this.#bodyOf(id, kind).push(payload);
      case FrameKind.END:
        this.#bodyOf(id, kind).end(decodeMessage(bodyEnd, payload, "END"));
        return this.#finished(id);
      case FrameKind.ERROR:
        return this.#failed(id, payload);
      case FrameKind.PING:
        this.#connection.writeFrame(FrameKind.PONG, 0, payload);
        return await this.#connection.ready();
      case FrameKind.PONG:
        return;
      case FrameKind.GOODBYE: {
        const { reason } = decodeMessage(goodbye, payload, "GOODBYE");
        throw new ConnectionLostError(`the server said goodbye: ${reason}`);
      }
      default:
        throw new ProtocolError(`${kindName(kind)} frame from a server`);
    }
  }

  #answered(id: number, payload: Uint8Array, hasBody: boolean): void {
    const pending = this.#pending.get(id);
    if (!pending || pending.body) throw new ProtocolError(`REPLY to ${id}, which waits for none`);
    // It cannot have what has not been sent.
    if (pending.stop) throw new ProtocolError(`REPLY to ${pending.command} before its body had ended`);
    const schema = COMMANDS[pending.command];
    if (hasBody !== ("body" in schema && schema.body !== "request")) {
      throw new ProtocolError(`REPLY to ${pending.command} ${hasBody ? "with" : "without"} a body`);
    }
    const reply = decodeMessage(schema.reply, payload, "REPLY") as Reply<CommandName>;
    const body = new IncomingBody(this.#budget);
    pending.body = body;
    if (!hasBody) {
      body.end(EMPTY_END);
      this.#finished(id);
    }
    const cancel = () => {
      body.discard();
      this.#cancel(id);
    };
    pending.answer.resolve({ reply, body, cancel });
    if (pending.signal?.aborted) pending.cancel();
  }

  #failed(id: number, payload: Uint8Array): void {
    const { code, message } = decodeMessage(errorMessage, payload, "ERROR");
    if (id === 0) throw new ConnectionLostError(`the server ended the connection: ${message}`, { code });
    const pending = this.#pending.get(id);
    if (!pending) throw new ProtocolError(`ERROR for ${id}, which waits for nothing`);
    const error = new CommandError(code, message);
    this.#finished(id);
    if (pending.body) pending.body.fail(error);
    pending.stop?.abort(error);
    pending.answer.reject(error);
  }

  #finished(id: number): void {
    const { signal, cancel } = this.#pending.get(id)!;
    signal?.removeEventListener("abort", cancel);
    this.#pending.delete(id);
    this.#madeRoom();
  }

  #madeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #bodyOf(id: number, kind: FrameKind): IncomingBody {
    const body = this.#pending.get(id)?.body;
    if (!body) throw new ProtocolError(`${kindName(kind)} frame for ${id}, which expects no body`);
    return body;
  }

  #cancel(id: number): void {
    const pending = this.#pending.get(id);
    if (!pending || this.#lost) return;
    pending.body?.interrupt(new CommandError("canceled", "canceled"));
    pending.body?.discard();
    this.#connection.writeFrame(FrameKind.CANCEL, id, new Uint8Array(0));
  }

  #nextId(): number {
    do this.#lastId = this.#lastId % 0xffff + 1; while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }

  #watch(): void {
    this.#endWatch = after(this.#silence.checkMs, () => {
      this.#checkSilence();
      if (!this.#lost) this.#watch();
    });
  }

  /** A server that owes us an answer is asked for a sign of life, and given up when none comes. */
  #checkSilence(): void {
    const { silentSince, writingSince } = this.#connection;
    const idleMs = this.#greeting && this.#greeting.idleTimeout * 1000;
    const seconds = this.#timeoutMs / 1000;
    switch (this.#silence.judge({ silentSince, writingSince, owing: this.#pending.size > 0, idleMs })) {
      case "unreachable": {
        const why = new ConnectionLostError(`no answer within ${seconds} s; is it an ftpd that listens there?`);
        return this.abort(this.#unreachable(why));
      }
      case "lost":
        return this.abort(new ConnectionLostError(`no answer for ${seconds} s`));
      case "ping": // over a slow line something is being written always: it goes behind that
        this.#connection.writeFrame(FrameKind.PING, 0, new Uint8Array(0));
    }
  }
}

async function readHello(connection: Connection): Promise<ServerHello> {
  let frame: Frame | null;
  try {
    frame = await connection.readFrame();
  } catch (error) {
    if (error instanceof ConnectionLostError) throw error;
    throw new ProtocolError("what answers there is no connme server", { cause: error });
  }
  if (frame === null) throw new ConnectionLostError("the server closed the connection at once");
  if (frame.kind === FrameKind.ERROR) {
    const { code, message } = decodeMessage(errorMessage, frame.payload, "ERROR");
    throw new ConnectionLostError(message, { code });
  }
  if (frame.kind !== FrameKind.HELLO) throw new ProtocolError("what answers there is no connme server");
  const hello = decodeMessage(serverHello, frame.payload, "HELLO");
  if (hello.version !== PROTOCOL_VERSION) {
    throw new ProtocolError(`the server speaks version ${hello.version}; this client speaks ${PROTOCOL_VERSION}`);
  }
  return hello;
}
