/**
 * When the server has all the clients that it takes: who waits, who is served, who is told what.
 */

import { assertEquals } from "@std/assert";
import { FrameKind } from "../protocol/frame.ts";
import { Places } from "../server/places.ts";
import { Server } from "../server/serve.ts";
import { LocalStorage } from "../server/storage/local.ts";
import { GREETING, RawClient } from "./support/raw_client.ts";
import { TempFolder } from "./support/temp_folder.ts";

/** Places that tell whenever somebody has asked for one. */
class WatchedPlaces extends Places {
  #asked = Promise.withResolvers<void>();

  /** Resolves when the next one asks. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  override take(): boolean {
    const asked = this.#asked;
    this.#asked = Promise.withResolvers();
    queueMicrotask(asked.resolve); // when what follows from it has been done
    return super.take();
  }
}

/** A server in this process. Stopped at the end of its block. */
class OwnServer implements AsyncDisposable {
  readonly #folder = new TempFolder();
  readonly places: WatchedPlaces;
  readonly log: string[] = [];
  readonly #server: Server;
  readonly ended: Promise<void>;

  constructor(places: number) {
    this.places = new WatchedPlaces(places);
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#server = new Server(listener, {
      storage: new LocalStorage(this.#folder.path, { sync: false }),
      log: (event) => void this.log.push(event),
      allowed: new Set(["read"]),
      collision: "fail",
      idleMs: 60_000,
      places: this.places,
    });
    this.ended = this.#server.run();
  }

  get port(): number {
    return this.#server.address.port;
  }

  stop(): void {
    this.#server.stop(60_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.stop(0);
    await this.ended;
    this.#folder[Symbol.dispose]();
  }
}

/** Connects, says HELLO, and waits until the server has found no place for it. */
async function waiting(server: OwnServer): Promise<RawClient> {
  const { asked } = server.places;
  const client = await RawClient.connect(server);
  await client.send(GREETING);
  await asked;
  return client;
}

Deno.test("who comes while somebody leaves is served, however long the server was busy meanwhile", async () => {
  await using server = new OwnServer(1);
  const first = await RawClient.greet(server);
  using second = await waiting(server);
  first[Symbol.dispose]();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500); // longer than anybody waits
  assertEquals((await second.next())?.kind, FrameKind.HELLO);
  assertEquals(server.log.includes("refused"), false);
});

Deno.test("who has waited in vain is told so, and leaves no place taken", async () => {
  await using server = new OwnServer(1);
  {
    using _first = await RawClient.greet(server);
    using second = await waiting(server);
    const frame = await second.next();
    assertEquals([frame?.kind, frame?.message.code], [FrameKind.ERROR, "busy"]);
    assertEquals(await second.next(), null);
  }
  using third = await RawClient.greet(server);
  assertEquals((await third.ask("stat", { path: "/" })).reply.entry.kind, "folder");
});

Deno.test("those who wait are served in the order in which they came", async () => {
  await using server = new OwnServer(1);
  const clients = [await RawClient.greet(server), await waiting(server), await RawClient.connect(server)];
  try {
    await clients[2].send(GREETING);
    clients[0][Symbol.dispose]();
    assertEquals((await clients[1].next())?.kind, FrameKind.HELLO);
    clients[1][Symbol.dispose]();
    assertEquals((await clients[2].next())?.kind, FrameKind.HELLO);
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
});

Deno.test("who waits when the server stops is told that", async () => {
  await using server = new OwnServer(0);
  using client = await waiting(server);
  server.stop();
  const frame = await client.next();
  assertEquals([frame?.kind, frame?.id, frame?.message.code], [FrameKind.ERROR, 0, "stopping"]);
  client[Symbol.dispose]();
  await server.ended;
  assertEquals(server.log, ["refused"]);
});
