/** Several connections for one transfer: against the built programs. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type Client, ConnectionLostError } from "../client/client.ts";
import type { Arguments, Context } from "../client/commands/command.ts";
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

Deno.test("a lane whose place on the server was taken meanwhile goes on with the first connection", async () => {
  const lost = new ConnectionLostError("the line was cut");
  const first = { close: () => Promise.resolve() } as Client;
  const second = { lost: undefined as Error | undefined, close: () => Promise.resolve() };
  const dials: (() => Promise<Client>)[] = [
    () => Promise.resolve(second as Client),
    () => Promise.reject(new ConnectionLostError("connection refused")),
    () => Promise.reject(new ConnectionLostError("it has its connections already", { code: "busy" })),
  ];
  const context = {
    client: first,
    retries: 5,
    signal: new AbortController().signal,
    dial: () => dials.shift()!(),
    reconnect: () => Promise.resolve(),
  } as Partial<Context> as Context;
  await withLanes(
    context,
    { values: new Map([["jobs", "2"]]) } as Partial<Arguments> as Arguments,
    async ([, lane]) => {
      assertEquals(lane.client, second);
      second.lost = lost;
      assertThrows(() => lane.client, ConnectionLostError, "the line was cut");
      await assertRejects(() => lane.reconnect(), ConnectionLostError, "refused"); // it may come back
      assertThrows(() => lane.client, ConnectionLostError, "the line was cut");
      await lane.reconnect();
      assertEquals(lane.client, first);
    },
  );
  assertEquals(dials, []);
});
