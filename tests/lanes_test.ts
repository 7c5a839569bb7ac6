/** Several connections for one transfer: against the built programs. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type Client, ConnectionLostError } from "../client/client.ts";
import type { Arguments, Context } from "../client/context.ts";
import { withLanes } from "../client/transfer/lanes.ts";
import { namesIn, pattern } from "./support/files.ts";
import { ftp, startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { logged, plant, snapshot } from "./support/trees.ts";

/** Enough for several packs, and some files that go by themselves. */
const FILES = Object.fromEntries(
  Array.from({ length: 900 }, (_, at) => [`tree/${at % 7}/${at}`, pattern(at % 100 === 0 ? 300_000 : 100, at)]),
);

Deno.test("-j: several connections move each file once, both ways", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, FILES);
  const sent = await ftp(server, "upload", "-r", "tree", "-j", "3", { cwd: local.path });
  assertEquals(sent.code, 0, sent.stderr);
  assertMatch(sent.stdout, /^Sent 900 files, /);
  assertEquals(snapshot(server.dir), snapshot(local.path));
  assertEquals(logged(server, "connected").length, 3);
  const busy = new Set(logged(server, "upload_pack").map((line) => /client=(\S+)/.exec(line)![1]));
  assert(busy.size > 1, "one connection did all the work");
  const fetched = await ftp(server, "sync", "--down", "tree", "copy", "-j", "2", { cwd: local.path });
  assertEquals(fetched.code, 0, fetched.stderr);
  assertEquals(snapshot(`${local.path}/copy`), snapshot(`${local.path}/tree`));
  await server.stderr.waitFor(/(left .*reason=goodbye[^]*){5}/);
});

Deno.test("-j: where the server takes no more connections, it goes on with those that it has, and says so", async () => {
  await using server = await startServer({ args: ["--max-connections", "2"] });
  using local = new TempFolder();
  plant(local.path, { "a": "1", "b": "2" });
  const { code, stderr } = await ftp(server, "mput", "a", "b", "-j", "4", { cwd: local.path });
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /going on with 2 connections: .*has its 2 connections already/);
  assertEquals(namesIn(server.dir), ["a", "b"]);
});

Deno.test("-j takes a number from 1 to 16", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "a": "1", "b": "2" });
  for (const count of ["0", "17", "x", "-1"]) {
    const { code, stderr } = await ftp(server, "mput", "a", "b", `--jobs=${count}`, { cwd: local.path });
    assertEquals(code, 2, stderr);
    assertMatch(stderr, /-j takes a number from 1 to 16/);
  }
  assertEquals(namesIn(server.dir), []);
});

Deno.test("a lane whose place on the server was taken meanwhile goes on with another one's connection", async () => {
  const lost = new ConnectionLostError("the line was cut");
  const busy = new ConnectionLostError("it has its connections already", { code: "busy" });
  const refused = new ConnectionLostError("connection refused");
  const line = () => ({ lost: undefined as Error | undefined, close: () => Promise.resolve() });
  const [first, second, third] = [line(), line(), line()];
  const dials = [
    () => Promise.resolve(second as Partial<Client> as Client),
    () => Promise.resolve(third as Partial<Client> as Client),
  ];
  const failures = [refused, busy, busy, refused];
  const context = {
    get client() {
      if (first.lost) throw first.lost;
      return first as Partial<Client> as Client;
    },
    retries: 5,
    signal: new AbortController().signal,
    dial: () => dials.shift()?.() ?? Promise.reject(failures.shift()!),
    reconnect: () => Promise.reject(failures.shift()!),
  } as Partial<Context> as Context;
  await withLanes(
    context,
    { values: new Map([["jobs", "3"]]) } as Partial<Arguments> as Arguments,
    async (lanes) => {
      const clients = () => lanes.map((lane) => lane.client as unknown);
      assertEquals(clients(), [first, second, third]);
      second.lost = lost;
      assertThrows(() => lanes[1].client, ConnectionLostError, "the line was cut");
      await assertRejects(() => lanes[1].reconnect(), ConnectionLostError, "refused"); // it may come back
      assertThrows(() => lanes[1].client, ConnectionLostError, "the line was cut");
      await lanes[1].reconnect();
      assert(clients()[1] === first);
      first.lost = lost;
      await lanes[0].reconnect();
      assert(clients().every((client) => client === third));
      // When the last one is lost, there is none to join.
      third.lost = lost;
      await assertRejects(() => lanes[1].reconnect(), ConnectionLostError, "refused");
    },
  );
  assertEquals([dials, failures], [[], []]);
});
