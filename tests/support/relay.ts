/**
 * A man in the middle: passes frames on between a client and a server, and may hold or change them.
 *
 * @module
 */

import { ExactReader } from "../../protocol/exact_reader.ts";
import { decodeHeader, encodeFrame, type Frame, FrameKind, HEADER_BYTES, PREAMBLE } from "../../protocol/frame.ts";

/** What is done to each frame: it may be changed, or held for a while. */
export type Meddle = (frame: Frame) => void | Promise<void>;

/** Listens on a port of its own and connects everybody to one server. */
export class Relay implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.Conn>();
  readonly #done: Promise<void>[] = [];
  /** Rejects at the end, so that a frame that is still held does not hold up the end of a test that failed. */
  readonly #cut = Promise.withResolvers<never>();

  /**
   * @param server where to
   * @param meddle what is done to the frames of clients, and to those of the server
   * @param turnedAway how many clients find nobody before the first is let through, as if the server were down
   */
  constructor(server: { port: number }, meddle: { up?: Meddle; down?: Meddle }, turnedAway = 0) {
    this.#cut.promise.catch(() => {});
    this.#done.push(this.#accept(server.port, meddle, turnedAway));
  }

  /** What a client is told to connect to. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Cuts the connections that there are; who comes then is let through. */
  cut(): void {
    this.#conns.forEach(close);
    this.#conns.clear();
  }

  /** Cuts all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#conns.forEach(close);
    this.#cut.reject(new Error("the relay was cut"));
    await Promise.all(this.#done);
  }

  async #accept(port: number, { up, down }: { up?: Meddle; down?: Meddle }, turnedAway: number): Promise<void> {
    try {
      for (; turnedAway > 0; turnedAway--) close(await this.#listener.accept());
      for (;;) {
        const client = await this.#listener.accept();
        this.#conns.add(client);
        let server: Deno.Conn;
        try {
          server = await Deno.connect({ hostname: "127.0.0.1", port });
        } catch {
          close(client); // it is gone: whoever comes is to find nobody, too
          continue;
        }
        this.#conns.add(server);
        const [hold, holdBack] = [up, down].map((meddle): Meddle => (frame) =>
          Promise.race([meddle?.(frame), this.#cut.promise])
        );
        this.#done.push(pass(client, server, PREAMBLE.length, hold), pass(server, client, 0, holdBack));
      }
    } catch { /* the listener was closed */ }
  }
}

/** Lets a number of bytes of bodies pass, then nothing until it is released. */
export class Hold {
  readonly #reached = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();
  #left: number;

  /** @param bytes how many of them pass at least */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** What to do to each frame. */
  readonly meddle: Meddle = async ({ kind, payload }) => {
    if (kind === FrameKind.DATA) this.#left -= payload.length;
    if (this.#left > 0) return;
    this.#reached.resolve();
    await this.#released.promise;
  };

  /** Resolves when the bytes have passed. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** Lets everything pass. */
  release(): void {
    this.#released.resolve();
  }
}

async function pass(from: Deno.Conn, to: Deno.Conn, opening: number, meddle: Meddle): Promise<void> {
  try {
    const reader = new ExactReader(from.readable);
    await write(to, (await reader.read(opening))!);
    for (let head = await reader.read(HEADER_BYTES); head !== null; head = await reader.read(HEADER_BYTES)) {
      const header = decodeHeader(head);
      const frame = { ...header, payload: (await reader.read(header.length))!.slice() };
      await meddle(frame);
      await write(to, encodeFrame(frame.kind, frame.id, frame.payload, frame.flags));
    }
    await to.closeWrite();
  } catch {
    // One of the two is gone: so is the other one then.
    close(from);
    close(to);
  }
}

async function write(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch { /* it is closed */ }
}
