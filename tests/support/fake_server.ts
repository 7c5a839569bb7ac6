/**
 * A server that does what a test tells it.
 *
 * @module
 */

import { FrameKind } from "../../protocol/frame.ts";
import { RawClient, type RawFrame } from "./raw_client.ts";

/** What it says of itself. */
export const HELLO = { version: 1, software: "fake", idleTimeout: 900, maxRequests: 256, window: 1_048_576 };

/** Answers a request. */
export type Play = (peer: RawClient, request: RawFrame) => Promise<void>;

/** A server that does what a test tells it, to every client. */
export class FakeServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #peers: RawClient[] = [];
  readonly #played: Promise<void>[] = [];
  readonly #accepting: Promise<void>;

  constructor(play: (peer: RawClient) => Promise<void>) {
    this.#accepting = this.#accept(play);
  }

  /** A server that greets, and then plays to each request. */
  static greeting(play: Play, hello: object = HELLO): FakeServer {
    return new FakeServer(async (peer) => {
      await peer.opening();
      await peer.frame(FrameKind.HELLO, 0, hello);
      for (let frame = await peer.next(); frame !== null; frame = await peer.next()) {
        if (frame.kind === FrameKind.REQUEST) await play(peer, frame);
        if (frame.kind === FrameKind.GOODBYE) return await peer.frame(FrameKind.GOODBYE, 0, {});
      }
    });
  }

  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Waits until it has played to the end with every client that has come. */
  async played(): Promise<void> {
    await Promise.all(this.#played);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const peer of this.#peers) peer[Symbol.dispose]();
    await this.#accepting;
    await this.played();
  }

  async #accept(play: (peer: RawClient) => Promise<void>): Promise<void> {
    try {
      for (;;) {
        const peer = RawClient.over(await this.#listener.accept());
        this.#peers.push(peer);
        // That ftp has had enough is what most tests want.
        this.#played.push(play(peer).catch(() => {}).finally(() => peer[Symbol.dispose]()));
      }
    } catch { /* the listener was closed */ }
  }
}
