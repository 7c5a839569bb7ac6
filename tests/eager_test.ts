/**
 * One command waits for no more answers of the server than it needs: on a long line, each is a way there and back.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { FrameKind } from "../protocol/frame.ts";
import { FakeServer, HELLO } from "./support/fake_server.ts";
import { ftp, startFtp } from "./support/programs.ts";
import { utf8 } from "./support/raw_client.ts";
import { TempFolder } from "./support/temp_folder.ts";

const ENTRY = { name: "x", kind: "file", size: 7, modified: 0 };

Deno.test("one command asks before the server has said HELLO, and leaves without waiting for its GOODBYE", async () => {
  const kinds: FrameKind[] = [];
  await using server = new FakeServer(async (peer) => {
    await peer.opening();
    const request = (await peer.next())!;
    kinds.push(request.kind);
    await peer.frame(FrameKind.HELLO, 0, HELLO);
    await peer.frame(FrameKind.REPLY, request.id, { entry: ENTRY });
    for (let frame = await peer.next(); frame; frame = await peer.next()) kinds.push(frame.kind);
  });
  const { code, stdout, stderr } = await ftp(server.address, "stat", "x");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /x/);
  assertEquals(kinds, [FrameKind.REQUEST, FrameKind.GOODBYE]);
});

Deno.test("a second request waits for HELLO, which says how many are taken at once", async () => {
  const kinds: FrameKind[] = [];
  await using server = new FakeServer(async (peer) => {
    await peer.opening();
    const request = (await peer.next())!;
    await peer.frame(FrameKind.PING, 0, utf8("before HELLO"));
    for (let frame = await peer.next(); frame; frame = await peer.next()) kinds.push(frame.kind);
    assertEquals(request.kind, FrameKind.REQUEST);
  });
  // Of two names, each is a request of its own.
  const { code, stderr } = await ftp(server.address, "checksum", "a", "b");
  assertEquals([code, kinds], [3, []]);
  assertMatch(stderr, /^ftp: cannot connect to [^\n]+: what answers there is no connme server\n$/);
});

Deno.test("no content goes to what has not said HELLO", async () => {
  using local = new TempFolder();
  local.file("secret.txt", "the content of the file");
  for (const args of [["upload", "secret.txt"], ["upload", "-r", "."], ["mput", "*.txt"]]) {
    let heard = "";
    await using server = new FakeServer(async (peer) => {
      await peer.send(utf8("SSH-2.0-OpenSSH_9.6\r\n"));
      heard = await peer.text();
    });
    const { code, stderr } = await ftp(server.address, ...args, { cwd: local.path });
    assertEquals(code, 3, stderr);
    assertMatch(stderr, /^ftp: cannot connect to [^\n]+: what answers there is no connme server\n$/);
    assertMatch(heard, /^CONNME\/1/);
    assert(!heard.includes("the content"), heard);
  }
});

Deno.test("Ctrl-C while the server has not said HELLO: exit code 130 at once, for requests with content, too", async () => {
  using local = new TempFolder();
  local.file("a.txt", "content");
  for (const args of [["ls"], ["upload", "a.txt"], ["pwd"]]) {
    const opened = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    await using server = new FakeServer(async (peer) => {
      await peer.opening();
      opened.resolve();
      await peer.rest();
      left.resolve();
    });
    const child = startFtp([server.address, ...args], { cwd: local.path });
    await opened.promise;
    child.kill("SIGINT");
    const { code, stdout } = await child.output();
    assertEquals([args, code, stdout.length], [args, 130, 0]);
    await left.promise;
  }
});
