/**
 * One command waits for no more of the server than it needs: on a long line, each answer is a way there and back.
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CommandError, connect } from "../client/client.ts";
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
  await server.played();
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /x/);
  assertEquals(kinds, [FrameKind.REQUEST, FrameKind.GOODBYE]);
});

Deno.test("a second request waits for HELLO, and so does one that changes something", async () => {
  // Of two names, each is a request of its own.
  for (
    const [args, sent] of [[["checksum", "a", "b"], ["checksum"]], [["rm", "--yes", "a"], []], [["mkdir", "a"], []]]
  ) {
    const commands: string[] = [];
    await using server = new FakeServer(async (peer) => {
      await peer.opening();
      for (let frame = await peer.next(); frame; frame = await peer.next()) commands.push(frame.message.command);
    });
    const { code, stderr } = await ftp(server.address, "--timeout", "0.5", ...args);
    await server.played();
    assertEquals([args, code, commands], [args, 3, sent]);
    assertMatch(
      stderr,
      /^ftp: cannot connect to [^\n]+: no answer within 0.5 s; is it an ftpd that listens there\?\n$/,
    );
  }
});

Deno.test("a request that waits for HELLO can be canceled, and one behind it is sent all the same", async () => {
  const opened = Promise.withResolvers<void>();
  const greet = Promise.withResolvers<void>();
  const commands: string[] = [];
  await using server = new FakeServer(async (peer) => {
    await peer.opening();
    opened.resolve();
    await greet.promise;
    await peer.frame(FrameKind.HELLO, 0, HELLO);
    for (let frame = await peer.next(); frame; frame = await peer.next()) {
      if (frame.kind === FrameKind.REQUEST) commands.push(frame.message.command);
      if (frame.message?.command === "stat") await peer.frame(FrameKind.REPLY, frame.id, { entry: ENTRY });
    }
  });
  const [hostname, port] = server.address.split(":");
  const client = await connect({ hostname, port: Number(port), eager: true });
  await opened.promise;
  const canceling = new AbortController();
  const removed = client.remove("/x", { signal: canceling.signal });
  const seen = client.stat("/x");
  canceling.abort(new CommandError("canceled", "canceled"));
  await assertRejects(() => removed, CommandError, "canceled");
  assertEquals(client.greeted, false);
  greet.resolve();
  assertEquals((await seen).size, 7);
  assertEquals((await client.hello).software, "fake");
  await client.close();
  await server.played();
  assertEquals(commands, ["stat"]);
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
    await server.played();
    assertEquals(code, 3, stderr);
    assertMatch(stderr, /^ftp: cannot connect to [^\n]+: what answers there is no connme server\n$/);
    assertMatch(heard, /^CONNME\/1/);
    assert(!heard.includes("the content"), heard);
  }
});

Deno.test("Ctrl-C while the server has not said HELLO: exit code 130, whatever waits for it", async () => {
  using local = new TempFolder();
  local.file("a.txt", "content");
  for (const args of [["ls"], ["upload", "a.txt"], ["upload", "-r", "."], ["pwd"]]) {
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
