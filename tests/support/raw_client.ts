/**
 * A client that says exactly what a test wants, well-formed or not, and shows exactly what the server answers.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import {
  decodeHeader,
  encodeFrame,
  FLAG_BODY,
  FrameKind,
  HEADER_BYTES,
  MAX_DATA_BYTES,
  PREAMBLE,
} from "../../protocol/frame.ts";
import { encodeMessage } from "../../protocol/message_codec.ts";
import { concat } from "./frames.ts";
import { PATIENCE_MS } from "./transcript.ts";
import { inTime } from "./watchdog.ts";

/** A frame as it came. */
export interface RawFrame {
  /** What it is. */
  kind: FrameKind;
  /** Which request it belongs to. */
  id: number;
  /** The payload of DATA, PING and PONG. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The payload of all others, as JSON. */
  // deno-lint-ignore no-explicit-any
  message: any;
}

/** What became of a request. */
export interface RawAnswer {
  /** What REPLY carried; `undefined` when the request failed. */
  // deno-lint-ignore no-explicit-any
  reply?: any;
  /** The bytes behind the REPLY, up to END. */
  body: Uint8Array<ArrayBuffer>;
  /** The code of the ERROR; `undefined` when the request went well. */
  code?: string;
  /** The message of the ERROR. */
  message?: string;
}

/** HELLO of a client, preamble included. */
export const GREETING: Uint8Array<ArrayBuffer> = concat([
  PREAMBLE,
  encodeFrame(FrameKind.HELLO, 0, encodeMessage({ version: 1, software: "raw" })),
]);

/** One connection. Closed at the end of its block: `using client = await RawClient.connect(server)`. */
export class RawClient implements Disposable {
  readonly #conn: Deno.TcpConn;
  #rest = new Uint8Array(0);
  #lastId = 0;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Opens a connection and says nothing. */
  static async connect({ port }: { port: number }): Promise<RawClient> {
    return RawClient.over(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** The server's end of a connection, to play a server with. */
  static over(conn: Deno.TcpConn): RawClient {
    conn.setNoDelay(true);
    return new RawClient(conn);
  }

  /** Opens a connection and exchanges HELLOs. */
  static async greet(server: { port: number }): Promise<RawClient> {
    const client = await RawClient.connect(server);
    await client.send(GREETING);
    const hello = await client.next();
    if (hello?.kind === FrameKind.HELLO) return client;
    client[Symbol.dispose]();
    throw new Error(`no HELLO but ${JSON.stringify(hello?.message)}`);
  }

  /** The port of this end, by which the server's log names it. */
  get port(): number {
    return this.#conn.localAddr.port;
  }

  /** Sends bytes as they are. */
  async send(...parts: Uint8Array[]): Promise<void> {
    const bytes = concat(parts);
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** Sends a frame; the payload is bytes, or anything that becomes JSON. */
  async frame(kind: FrameKind, id: number, payload: Uint8Array | object = new Uint8Array(0), flags = 0): Promise<void> {
    await this.send(encodeFrame(kind, id, payload instanceof Uint8Array ? payload : encodeMessage(payload), flags));
  }

  /**
   * Sends a request and reads its whole answer.
   *
   * @param command its name
   * @param parameters what it takes
   * @param body what follows it, if anything does
   */
  async ask(command: string, parameters: object, body?: Uint8Array): Promise<RawAnswer> {
    const id = ++this.#lastId;
    await this.frame(FrameKind.REQUEST, id, { command, ...parameters }, body ? FLAG_BODY : 0);
    if (body) {
      for (let at = 0; at < body.length; at += MAX_DATA_BYTES) {
        await this.frame(FrameKind.DATA, id, body.subarray(at, at + MAX_DATA_BYTES));
      }
      await this.frame(FrameKind.END, id, endOf(body));
    }
    return await this.answer(id);
  }

  /** Reads the whole answer to a request. */
  async answer(id: number): Promise<RawAnswer> {
    let reply: unknown;
    const body: Uint8Array[] = [];
    for (;;) {
      const frame = await this.next();
      if (frame === null) throw new Error(`the server closed instead of answering ${id}`);
      if (frame.id !== id) {
        if (frame.kind === FrameKind.PONG) continue;
        throw new Error(`kind ${frame.kind} for ${frame.id} instead of the answer to ${id}: ${frame.message?.message}`);
      }
      if (frame.kind === FrameKind.ERROR) return { ...frame.message, body: concat(body) };
      if (frame.kind === FrameKind.DATA) body.push(frame.bytes);
      if (frame.kind === FrameKind.END) return { reply, body: concat(body) };
      if (frame.kind === FrameKind.REPLY) {
        if (!frame.hasBody) return { reply: frame.message, body: concat(body) };
        reply = frame.message;
      }
    }
  }

  /** Reads the next frame; `null` when the server has closed. */
  async next(): Promise<(RawFrame & { hasBody: boolean }) | null> {
    const head = await this.#exactly(HEADER_BYTES);
    if (head === null) return null;
    const { kind, id, length, flags } = decodeHeader(head);
    const bytes = await this.#exactly(length);
    if (bytes === null) throw new Error(`the server closed inside a frame of kind ${kind}`);
    const raw = kind === FrameKind.DATA || kind === FrameKind.PING || kind === FrameKind.PONG;
    const message = raw ? undefined : JSON.parse(new TextDecoder().decode(bytes));
    return { kind, id, bytes, message, hasBody: (flags & FLAG_BODY) !== 0 };
  }

  /** Reads frames until the server closes, and returns all of them. */
  async rest(): Promise<RawFrame[]> {
    const frames = [];
    for (let frame = await this.next(); frame !== null; frame = await this.next()) frames.push(frame);
    return frames;
  }

  /** Reads until the server closes or resets, and returns what came as text. */
  async text(): Promise<string> {
    try {
      while (await this.#more());
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
    return new TextDecoder().decode(this.#rest);
  }

  /** Reads what a client opens with: preamble and HELLO. */
  async opening(): Promise<void> {
    await this.#exactly(PREAMBLE.length);
    await this.next();
  }

  /** Says that nothing more will come; reading goes on. */
  async closeWrite(): Promise<void> {
    await this.#conn.closeWrite();
  }

  /** Closes. Does nothing the second time. */
  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch { /* it was closed */ }
  }

  async #exactly(length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.#rest.length < length) {
      if (await this.#more()) continue;
      if (this.#rest.length === 0) return null;
      throw new Error(`the server closed after ${this.#rest.length} of ${length} bytes`);
    }
    const bytes = this.#rest.slice(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }

  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(64 * 1024);
    const count = await inTime(this.#conn.read(buffer), "a server that neither answers nor closes", PATIENCE_MS);
    if (count !== null) this.#rest = concat([this.#rest, buffer.subarray(0, count)]);
    return count !== null;
  }
}

/** What END says of a body. */
export function endOf(body: Uint8Array): { size: number; crc32: string } {
  return { size: body.length, crc32: crc32(body).toString(16).padStart(8, "0") };
}

/** Text as bytes. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
