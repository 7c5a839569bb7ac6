/**
 * Whatever a client sends, or does not send: `ftpd` says clearly what is wrong where it can, closes, frees everything, logs
 * one line why it left, and goes on serving the others.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "node:net";
import { encodeFrame, FLAG_BODY, FrameKind } from "../protocol/frame.ts";
import { encodeMessage } from "../protocol/message_codec.ts";
import { namesIn, partialsIn, pattern, Random } from "./support/files.ts";
import { concat } from "./support/frames.ts";
import { openFiles, peakMemory } from "./support/machine.ts";
import { ftp, type ServerOptions, startServer, type TestServer } from "./support/programs.ts";
import { endOf, GREETING, RawClient, type RawFrame, utf8 } from "./support/raw_client.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { until } from "./support/until.ts";

const linux = Deno.build.os === "linux";

/** A server under attack. */
class Target implements AsyncDisposable {
  readonly server: TestServer;
  readonly folder: TempFolder;
  #files = 0;

  private constructor(server: TestServer, folder: TempFolder) {
    this.server = server;
    this.folder = folder;
  }

  static async start(options: ServerOptions = {}): Promise<Target> {
    const folder = new TempFolder();
    folder.file("plain.txt", "plain");
    folder.file("big", 256 * 1024 * 1024);
    const args = ["--no-fsync", ...options.args ?? []];
    const target = new Target(await startServer({ ...options, args, dir: folder.path }), folder);
    await target.serves(); // so that everything is open that stays open
    if (linux) {
      await until(
        () => target.#files === (target.#files = openFiles(target.server.pid)),
        "the first client to be gone",
      );
    }
    return target;
  }

  get port(): number {
    return this.server.port;
  }

  /** A client that behaves gets what it wants. */
  async serves(): Promise<void> {
    using client = await RawClient.greet(this);
    assertEquals((await client.ask("download", { path: "/plain.txt" })).body, utf8("plain"));
    await client.frame(FrameKind.GOODBYE, 0, {});
    await client.rest();
    assertEquals(await this.left(client.port), "goodbye");
  }

  /** Why a client left: what the one line says that the log has about it. */
  async left(port: number): Promise<string> {
    const line = new RegExp(`^.* left client=127.0.0.1:${port} reason=(.*)$`, "m");
    const [, reason] = await this.server.stderr.waitFor(line);
    assertEquals(this.server.log().split(` left client=127.0.0.1:${port} `).length, 2, "it left once");
    return reason.startsWith('"') ? JSON.parse(reason) : reason;
  }

  /** Nothing is left of all the others, and it still serves. */
  async isUnharmed(): Promise<void> {
    await this.serves();
    await this.hasFreed();
    assertEquals(partialsIn(this.folder.path), []);
    assert(!this.server.log().includes(" fault "), this.server.log());
  }

  /** Every connection is closed, but for some. */
  async hasFreed(but = 0): Promise<void> {
    const files = this.#files + but;
    if (linux) await until(() => openFiles(this.server.pid) <= files, `${files} open files, as before the attack`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("an exchange that is cut off anywhere ends the session cleanly", async () => {
  await using target = await Target.start();
  const body = utf8("whole");
  const exchange = concat([
    GREETING,
    request(1, { command: "upload", path: "/cut.txt", size: body.length }, FLAG_BODY),
    encodeFrame(FrameKind.DATA, 1, body),
    end(1, body),
    request(2, { command: "ls", path: "/" }),
    encodeFrame(FrameKind.PING, 0, utf8("still there?")),
    encodeFrame(FrameKind.GOODBYE, 0, encodeMessage({})),
  ]);
  const cut = async (length: number) => {
    using client = await RawClient.connect(target);
    await client.send(exchange.subarray(0, length));
    await client.closeWrite();
    await client.text();
    const reason = await target.left(client.port);
    const wanted = length === exchange.length
      ? /^goodbye$/
      : /^(the stream ended (after \d+ of \d+ bytes|inside a [A-Za-z]+( frame)?)|it left .*|the client closed the connection)$/;
    assertMatch(reason, wanted, `after ${length} bytes`);
  };
  const lengths = Array.from({ length: exchange.length + 1 }, (_, at) => at);
  while (lengths.length > 0) await Promise.all(lengths.splice(0, 32).map(cut));
  await target.isUnharmed();
  for (const name of namesIn(target.folder.path).filter((name) => name.startsWith("cut"))) {
    assertEquals(Deno.readTextFileSync(`${target.folder.path}/${name}`), "whole");
  }
});

Deno.test("a client that breaks the protocol is told how, and thrown out", async (t) => {
  await using target = await Target.start();
  const upload = request(1, { command: "upload", path: "/x" }, FLAG_BODY);
  const hello = (message: unknown) => concat([utf8("CONNME/1"), encodeFrame(FrameKind.HELLO, 0, json(message))]);
  const opening = (...frames: Uint8Array[]) => concat([utf8("CONNME/1"), ...frames]);
  const long = "x".repeat(65_000);
  const cases: Record<string, { sent: Uint8Array; greeted?: boolean; says: RegExp }> = {
    "a REQUEST longer than allowed": { sent: raw(2, 0, 1, 65_537), says: /REQUEST frame of 65537 bytes/ },
    "a DATA longer than allowed": { sent: concat([upload, raw(5, 0, 1, 1_048_577)]), says: /DATA frame of 1048577/ },
    "a PING of 4 GiB": { sent: raw(8, 0, 0, 0xffff_ffff), says: /PING frame of 4294967295 bytes/ },
    "kind 0": { sent: raw(0, 0, 1), says: /unknown frame kind 0/ },
    "kind 11": { sent: raw(11, 0, 1), says: /unknown frame kind 11/ },
    "kind 255": { sent: raw(255, 0, 0), says: /unknown frame kind 255/ },
    "an unknown flag of REQUEST": { sent: raw(2, 0x80, 1), says: /unknown flags 0x80 on a REQUEST/ },
    "two flags of REQUEST": { sent: raw(2, 0x03, 1), says: /unknown flags 0x3 on a REQUEST/ },
    "a flag on PING": { sent: raw(8, 0x01, 0), says: /unknown flags 0x1 on a PING/ },
    "REQUEST with id 0": { sent: raw(2, 0, 0), says: /REQUEST frame with request id 0/ },
    "PING with an id": { sent: raw(8, 0, 7), says: /PING frame with request id 7/ },
    "GOODBYE with an id": { sent: raw(10, 0, 1), says: /GOODBYE frame with request id 1/ },
    "a second HELLO": { sent: hello({ version: 1, software: "again" }).subarray(8), says: /HELLO frame from a client/ },
    "REPLY from a client": { sent: raw(3, 0, 1), says: /REPLY frame from a client/ },
    "a bare DATA": { sent: encodeFrame(FrameKind.DATA, 1, utf8("x")), says: /DATA frame for 1, which expects no body/ },
    "a bare END": { sent: end(1, utf8("")), says: /END frame for 1, which expects no body/ },
    "a bare ERROR": { sent: error(1, "canceled"), says: /ERROR frame for 1, which expects no body/ },
    "DATA for another request": {
      sent: concat([upload, encodeFrame(FrameKind.DATA, 2, utf8("x"))]),
      says: /DATA frame for 2, which expects no body/,
    },
    "DATA after END": {
      sent: concat([upload, end(1, utf8("")), encodeFrame(FrameKind.DATA, 1, utf8("x"))]),
      says: /DATA frame for 1, which expects no body/,
    },
    "a request in the middle of a body": {
      sent: concat([upload, request(2, { command: "ls", path: "/" })]),
      says: /request 2 in the middle of the body of 1/,
    },
    "GOODBYE in the middle of a body": {
      sent: concat([upload, encodeFrame(FrameKind.GOODBYE, 0, json({}))]),
      says: /GOODBYE in the middle of the body of 1/,
    },
    "an id in use": {
      sent: concat([request(7, { command: "download", path: "/big" }), request(7, { command: "ls", path: "/" })]),
      says: /request id 7 is in use/,
    },
    "more requests than allowed": {
      sent: concat(
        Array.from({ length: 257 }, (_, at) => request(at + 1, { command: at ? "stat" : "download", path: "/big" })),
      ),
      says: /more than 256 requests are unanswered/,
    },
    "REQUEST that is not UTF-8": { sent: raw(2, 0, 1, Uint8Array.of(0x22, 0xff, 0x22)), says: /not valid UTF-8/ },
    "REQUEST that is half a character": { sent: raw(2, 0, 1, Uint8Array.of(0x22, 0xc3)), says: /not valid UTF-8/ },
    "REQUEST with a byte order mark": { sent: raw(2, 0, 1, utf8("\ufeff{}")), says: /not valid JSON/ },
    "REQUEST that is not JSON": { sent: raw(2, 0, 1, utf8("{command:ls}")), says: /not valid JSON/ },
    "an empty REQUEST": { sent: raw(2, 0, 1), says: /not valid JSON/ },
    "two objects in one REQUEST": { sent: raw(2, 0, 1, utf8("{}{}")), says: /not valid JSON/ },
    "REQUEST of nested arrays": { sent: raw(2, 0, 1, utf8("[".repeat(65_536))), says: /not valid JSON/ },
    "REQUEST of nested, closed arrays": {
      sent: raw(2, 0, 1, utf8("[".repeat(32_000) + "]".repeat(32_000))),
      says: /REQUEST names no command/,
    },
    "REQUEST that is null": { sent: request(1, null), says: /REQUEST names no command/ },
    "REQUEST that is an array": { sent: request(1, ["ls"]), says: /REQUEST names no command/ },
    "REQUEST that is text": { sent: request(1, "ls"), says: /REQUEST names no command/ },
    "REQUEST without a command": { sent: request(1, { path: "/" }), says: /REQUEST names no command/ },
    "REQUEST whose command is a number": { sent: request(1, { command: 1 }), says: /REQUEST names no command/ },
    "END that is not JSON": { sent: concat([upload, raw(6, 0, 1, utf8("nonsense"))]), says: /END is not valid JSON/ },
    "END without CRC-32": { sent: concat([upload, raw(6, 0, 1, json({ size: 0 }))]), says: /END does not fit/ },
    "END with a CRC-32 of anything": {
      sent: concat([upload, raw(6, 0, 1, json({ size: 0, crc32: long }))]),
      says: /END does not fit/,
    },
    "END of a negative size": {
      sent: concat([upload, raw(6, 0, 1, json({ size: -1, crc32: "00000000" }))]),
      says: /END does not fit/,
    },
    "ERROR without a message": {
      sent: concat([upload, raw(4, 0, 1, json({ code: "canceled" }))]),
      says: /ERROR does not fit/,
    },
    "GOODBYE with a number for a reason": { sent: raw(10, 0, 0, json({ reason: 1 })), says: /GOODBYE does not fit/ },
    "REQUEST before HELLO": {
      sent: opening(request(1, { command: "ls", path: "/" })),
      greeted: false,
      says: /REQUEST frame before HELLO/,
    },
    "DATA of a megabyte before HELLO": {
      sent: opening(raw(5, 0, 1, 1_048_576)),
      greeted: false,
      says: /DATA frame of 1048576 bytes; the limit here is 65536/,
    },
    "HELLO of another version": {
      sent: hello({ version: 2, software: "later" }),
      greeted: false,
      says: /the client speaks version 2; this server speaks 1/,
    },
    "HELLO without a version": { sent: hello({ software: "x" }), greeted: false, says: /HELLO does not fit/ },
    "HELLO with a long text for a version": {
      sent: hello({ version: long, software: "x" }),
      greeted: false,
      says: /HELLO does not fit/,
    },
    "HELLO with a text that grows when it is quoted": {
      sent: hello({ version: '"\\\x01'.repeat(6_000), software: "x" }),
      greeted: false,
      says: /HELLO does not fit/,
    },
    "HELLO with a long name": {
      sent: hello({ version: 1, software: long }),
      greeted: false,
      says: /HELLO does not fit/,
    },
    "HELLO that is null": { sent: hello(null), greeted: false, says: /HELLO does not fit/ },
    "HELLO that is not JSON": {
      sent: opening(raw(1, 0, 0, utf8("hello"))),
      greeted: false,
      says: /HELLO is not valid JSON/,
    },
  };
  for (const [name, { sent, greeted = true, says }] of Object.entries(cases)) {
    await t.step(name, async () => {
      using client = await (greeted ? RawClient.greet(target) : RawClient.connect(target));
      await client.send(sent);
      const last = (await client.rest()).at(-1);
      assertEquals([last?.kind, last?.id, last?.message.code], [FrameKind.ERROR, 0, "protocol"]);
      assertMatch(last!.message.message, says);
      assert(last!.message.message.length <= 1000);
      client[Symbol.dispose]();
      assertEquals(await target.left(client.port), last!.message.message);
    });
  }
  await target.isUnharmed();
  // The one that was whole, for which the client did not wait, may have been stored.
  assertEquals(namesIn(target.folder.path).filter((name) => name !== "x"), ["big", "plain.txt"]);
});

Deno.test("a request that cannot be carried out is refused, and the connection lives on", async (t) => {
  await using target = await Target.start();
  using client = await RawClient.greet(target);
  const body = utf8("hello");
  const upload = (parameters: object = {}) => ({ command: "upload", path: "/x.txt", ...parameters });
  const sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  const data = encodeFrame(FrameKind.DATA, 1, body);
  const cases: Record<string, { request: unknown; body?: Uint8Array[]; code: string; says: RegExp }> = {
    "an unknown command": { request: { command: "format" }, code: "unsupported", says: /"format"/ },
    "a command named like a part of every object": {
      request: { command: "constructor", path: "/" },
      code: "unsupported",
      says: /"constructor"/,
    },
    "an unknown command of 60 kB": { request: { command: "\x1b\\".repeat(8_000) }, code: "unsupported", says: /./ },
    "no path": { request: { command: "stat" }, code: "bad_request", says: /stat: path/ },
    "null for a path": { request: { command: "stat", path: null }, code: "bad_request", says: /stat: path/ },
    "an array for a path": { request: { command: "rm", path: ["/"] }, code: "bad_request", says: /rm: path/ },
    "text for a switch": {
      request: { command: "ls", path: "/", hidden: "yes" },
      code: "bad_request",
      says: /ls: hidden/,
    },
    "a path in the prototype": {
      request: { command: "stat", ["__proto__"]: { path: "/" } },
      code: "bad_request",
      says: /stat: path/,
    },
    "a negative size": { request: upload({ size: -1 }), body: [end(1, utf8(""))], code: "bad_request", says: /size/ },
    "half a byte": { request: upload({ size: 0.5 }), body: [end(1, utf8(""))], code: "bad_request", says: /size/ },
    "a time after the end of time": {
      request: upload({ modified: 1e300 }),
      body: [end(1, utf8(""))],
      code: "bad_request",
      says: /modified/,
    },
    "an unknown collision": {
      request: upload({ collision: "x".repeat(60_000) }),
      body: [end(1, utf8(""))],
      code: "bad_request",
      says: /collision/,
    },
    "a body longer than announced": {
      request: upload({ size: 4 }),
      body: [data, end(1, body)],
      code: "mismatch",
      says: /longer than the 4 bytes/,
    },
    "a body shorter than announced": {
      request: upload({ size: 6 }),
      body: [data, end(1, body)],
      code: "mismatch",
      says: /5 bytes arrived where 6 were announced/,
    },
    "a body of another size than END says": {
      request: upload(),
      body: [data, raw(6, 0, 1, json({ ...endOf(body), size: 6 }))],
      code: "mismatch",
      says: /5 bytes arrived where the sender counted 6/,
    },
    "a wrong CRC-32": {
      request: upload(),
      body: [data, raw(6, 0, 1, json({ ...endOf(body), crc32: "00000000" }))],
      code: "mismatch",
      says: /CRC-32/,
    },
    "a wrong SHA-256": {
      request: upload({ sha256: true }),
      body: [data, raw(6, 0, 1, json({ ...endOf(body), sha256: "0".repeat(64) }))],
      code: "mismatch",
      says: /SHA-256/,
    },
    "no SHA-256 where one was promised": {
      request: upload({ sha256: true }),
      body: [data, end(1, body)],
      code: "mismatch",
      says: /SHA-256/,
    },
    "a body that its sender gives up": {
      request: upload(),
      body: [data, error(1, "changed", "it changed")],
      code: "changed",
      says: /it changed/,
    },
  };
  for (const [name, { request: message, body: frames, code, says }] of Object.entries(cases)) {
    await t.step(name, async () => {
      await client.send(request(1, message, frames ? FLAG_BODY : 0), ...frames ?? []);
      const answer = await client.answer(1);
      assertEquals(answer.code, code);
      assertMatch(answer.message!, says);
      assert(answer.message!.length <= 1000);
    });
  }
  await t.step("a body that nobody asked for is ignored", async () => {
    await client.send(request(1, { command: "stat", path: "/plain.txt" }, FLAG_BODY), data, data, end(1, body));
    assertEquals((await client.answer(1)).reply.entry.size, 5);
  });
  await t.step("and after all that an upload works", async () => {
    await client.send(request(1, upload({ sha256: true, size: 5 }), FLAG_BODY), data);
    await client.send(raw(6, 0, 1, json({ ...endOf(body), sha256 })));
    assertEquals((await client.answer(1)).reply, { path: "/x.txt", size: 5 });
  });
  client[Symbol.dispose]();
  await target.left(client.port);
  await target.isUnharmed();
  assertEquals(namesIn(target.folder.path), ["big", "plain.txt", "x.txt"]);
});

Deno.test("whoever speaks something else gets one readable line", async (t) => {
  await using target = await Target.start();
  const random = new Random(1);
  const spoken: Record<string, Uint8Array> = {
    HTTP: utf8("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    SSH: utf8("SSH-2.0-OpenSSH_9.6\r\n"),
    FTP: utf8("USER anonymous\r\nPASS guest\r\n"),
    // The start of a TLS 1.2 ClientHello.
    TLS: concat([Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), pattern(506)]),
    "connme in lower case": utf8("connme/1\x00\x00\x00\x00"),
    "a later connme": utf8("CONNME/2\x00\x00\x00\x00"),
    "64 kB of zeros": new Uint8Array(65_536),
  };
  for (let seed = 0; seed < 20; seed++) spoken[`noise ${seed}`] = pattern(8 + random.below(100_000), seed);
  for (const [name, bytes] of Object.entries(spoken)) {
    await t.step(name, async () => {
      using client = await RawClient.connect(target);
      await client.send(bytes);
      assertMatch(await client.text(), /^[ -~]*connme[ -~]*\r\n$/);
      client[Symbol.dispose]();
      assertEquals(await target.left(client.port), "it did not speak connme/1");
    });
  }
  await t.step("curl", async () => {
    const args = ["--http0.9", "--silent", "--show-error", "--max-time", "10", `http://127.0.0.1:${target.port}/`];
    let output;
    try {
      output = await new Deno.Command("curl", { args }).output();
    } catch {
      return; // there is no curl here
    }
    assertMatch(new TextDecoder().decode(output.stdout), /^[ -~]*connme[ -~]*\r\n$/);
  });
  await target.isUnharmed();
});

Deno.test("a client that is in the middle of sending can still read why it is thrown out", async () => {
  await using target = await Target.start();
  for (
    const opening of [utf8("GET / HTTP/1.1\r\n"), concat([GREETING, raw(99, 0, 0)]), concat([GREETING, raw(5, 0, 1)])]
  ) {
    using client = await RawClient.connect(target);
    await client.send(opening);
    // To close now would reset the connection under what it has not read yet.
    for (let i = 0; i < 50; i++) await client.send(new Uint8Array(100_000));
    await client.closeWrite();
    assertMatch(await client.text(), /connme|unknown frame kind 99|expects no body/);
    await target.left(client.port);
  }
  await target.isUnharmed();
});

Deno.test("whoever is thrown out and does not leave is cut off", async () => {
  await using target = await Target.start({ args: ["--idle-timeout", "0.5"] });
  using rude = await RawClient.connect(target);
  await rude.send(utf8("GET / HTTP/1.1\r\n"));
  using wrong = await RawClient.greet(target);
  await wrong.send(raw(99, 0, 0));
  using silent = await RawClient.greet(target);
  await Promise.all([rude.text(), wrong.rest(), silent.rest()]);
  assertEquals(
    await Promise.all([rude, wrong, silent].map(({ port }) => target.left(port))),
    ["it did not speak connme/1", "unknown frame kind 99", "it was silent for too long"],
  );
  await target.isUnharmed();
});

Deno.test("noise after the opening is a clear error, whatever it is", async () => {
  await using target = await Target.start();
  await Promise.all(Array.from({ length: 100 }, async (_, seed) => {
    using client = await RawClient.greet(target);
    await client.send(pattern(2_000, seed));
    const last = (await client.rest()).at(-1);
    assertEquals([last?.kind, last?.message.code], [FrameKind.ERROR, "protocol"]);
    client[Symbol.dispose]();
    assertEquals(await target.left(client.port), last!.message.message);
  }));
  await target.isUnharmed();
});

Deno.test("a port scan, and peers that reset at once, leave the server serving", async () => {
  await using target = await Target.start();
  const { stderr } = target.server;
  const gone = () => [...stderr.text.matchAll(/ (left client=|accept outcome=reset)/g)].length;
  const storm = async (what: string, peers: number, peer: () => Promise<void>) => {
    const before = gone();
    for (let done = 0; done < peers; done += 50) await Promise.all(Array.from({ length: 50 }, peer));
    await until(() => gone() >= before + peers, `a line for each of ${peers} peers that ${what}`);
    await target.serves();
    assertEquals(gone(), before + peers + 1);
  };
  await storm("connect and close", 200, async () => (await RawClient.connect(target))[Symbol.dispose]());
  await storm("connect and reset", 200, () => reset(target.port));
  await storm("greet and reset", 100, () => reset(target.port, GREETING));
  const download = concat([GREETING, request(1, { command: "download", path: "/big" })]);
  await storm("ask and reset", 100, () => reset(target.port, download));
  const upload = concat([GREETING, request(1, { command: "upload", path: "/x" }, FLAG_BODY), raw(5, 0, 1, 1000)]);
  await storm("upload and reset", 100, () => reset(target.port, upload));
  assert(!target.server.log().includes("outcome=failed"));
  await target.isUnharmed();
  assertEquals(namesIn(target.folder.path), ["big", "plain.txt"]);
});

Deno.test("a client that says nothing, stops in the middle or sends a byte at a time is told so and let go", async () => {
  await using target = await Target.start({ args: ["--idle-timeout", "0.5"] });
  const upload = request(1, { command: "upload", path: "/slow" }, FLAG_BODY);
  const stat = request(1, { command: "stat", path: `/${"x".repeat(1000)}` });
  const data = encodeFrame(FrameKind.DATA, 1, new Uint8Array(1000));
  const cases: Record<string, { at: Uint8Array; drip?: Uint8Array }> = {
    "nothing": { at: concat([]) },
    "half a preamble": { at: GREETING.subarray(0, 5) },
    "a preamble": { at: GREETING.subarray(0, 8) },
    "half a header of HELLO": { at: GREETING.subarray(0, 12) },
    "half a HELLO": { at: GREETING.subarray(0, 20) },
    "only HELLO": { at: GREETING },
    "half a header": { at: concat([GREETING, stat.subarray(0, 4)]) },
    "half a REQUEST": { at: concat([GREETING, stat.subarray(0, 40)]) },
    "no body": { at: concat([GREETING, upload]) },
    "half a DATA": { at: concat([GREETING, upload, data.subarray(0, 500)]) },
    "no END": { at: concat([GREETING, upload, data]) },
    "a slow preamble and HELLO": { at: concat([]), drip: concat([GREETING, stat]) },
    "a slow HELLO": { at: GREETING.subarray(0, 8), drip: concat([GREETING.subarray(8), stat]) },
    "a slow REQUEST": { at: GREETING, drip: stat },
    "a slow header of DATA": { at: concat([GREETING, upload]), drip: data },
    "a slow DATA": { at: concat([GREETING, upload, data.subarray(0, 8)]), drip: data.subarray(8) },
    "a slow END": { at: concat([GREETING, upload, data]), drip: end(1, new Uint8Array(1000)) },
  };
  await Promise.all(
    Object.entries(cases).map(async ([name, { at, drip }]) => {
      using client = await RawClient.connect(target);
      await client.send(at);
      const ended = client.rest();
      if (drip) await drop(client, drip, ended);
      const last = (await ended).at(-1);
      assertEquals([last?.kind, last?.id, last?.message.code], [FrameKind.ERROR, 0, "idle"], name);
      assertEquals(last!.message.message, "nothing came for 0.5 s");
      client[Symbol.dispose]();
      assertEquals(await target.left(client.port), "it was silent for too long", name);
    }),
  );
  await target.isUnharmed();
});

Deno.test("a client that reads nothing of its download is let go", async () => {
  await using target = await Target.start({ args: ["--idle-timeout", "0.5"] });
  using client = await RawClient.greet(target);
  await client.frame(FrameKind.REQUEST, 1, { command: "download", path: "/big" });
  assertEquals(await target.left(client.port), "it was silent for too long");
  await target.isUnharmed();
});

Deno.test("while a request runs it is the client that waits: its own time begins anew afterwards", async () => {
  const timeout = 1.2;
  await using target = await Target.start({ args: ["--idle-timeout", String(timeout)] });
  using client = await RawClient.greet(target);
  const began = performance.now();
  await client.frame(FrameKind.REQUEST, 1, { command: "download", path: "/big" });
  let read = 0;
  for (let frame = await client.next(); frame?.kind !== FrameKind.END; frame = await client.next()) {
    assert(frame?.kind === FrameKind.REPLY || frame?.kind === FrameKind.DATA, JSON.stringify(frame?.message));
    read += frame.bytes.length;
    // As slowly as it takes to need longer than the timeout, and less so for any part of it.
    const due = timeout * 1500 * (read / (256 * 1024 * 1024)) - (performance.now() - began);
    if (due > 50) await new Promise((resolve) => setTimeout(resolve, due));
  }
  const ended = performance.now();
  assert(ended - began > timeout * 1000);
  assertEquals((await client.rest()).at(-1)?.message.code, "idle");
  assert(performance.now() - ended > timeout * 500, "it was let go at once");
});

Deno.test("CANCEL ends a running download at once, also behind a PING, and the connection lives on", async () => {
  await using target = await Target.start();
  using client = await RawClient.greet(target);
  await client.frame(FrameKind.REQUEST, 1, { command: "download", path: "/big" });
  const { last, bytes, kinds } = await readBody(client, 16 * 1024 * 1024, async () => {
    for (let i = 0; i < 10; i++) await client.frame(FrameKind.PING, 0, utf8(`ping ${i}`));
    await client.frame(FrameKind.CANCEL, 1);
    await client.frame(FrameKind.CANCEL, 1);
    await client.frame(FrameKind.CANCEL, 99);
  });
  assertEquals([last.kind, last.message.code], [FrameKind.ERROR, "canceled"]);
  assertEquals(kinds.filter((kind) => kind === FrameKind.PONG).length, 10);
  // What was under way in the buffers of both systems still arrives.
  assert(bytes < 100 * 1024 * 1024, `it went on for ${bytes} bytes`);
  assertEquals((await client.ask("download", { path: "/plain.txt" })).body, utf8("plain"));
});

Deno.test("CANCEL of a queued request leaves the others alone; of one that is answered it does nothing", async () => {
  await using target = await Target.start();
  using client = await RawClient.greet(target);
  await client.send(request(1, { command: "download", path: "/big" }));
  await client.send(...[2, 3, 4].map((id) => request(id, { command: "mkdir", path: `/made-${id}` })));
  await client.frame(FrameKind.CANCEL, 3);
  await client.frame(FrameKind.CANCEL, 1);
  const { last } = await readBody(client);
  assertEquals([last.id, last.message.code], [1, "canceled"]);
  assertEquals((await client.answer(2)).reply, {});
  assertEquals((await client.answer(3)).code, "canceled");
  assertEquals((await client.answer(4)).reply, {});
  await client.frame(FrameKind.CANCEL, 2);
  await client.frame(FrameKind.PING, 0);
  assertEquals((await client.next())?.kind, FrameKind.PONG);
  assertEquals(namesIn(target.folder.path), ["big", "made-2", "made-4", "plain.txt"]);
});

Deno.test("CANCEL of an upload leaves nothing of it; what still comes of its body is thrown away", async () => {
  await using target = await Target.start();
  using client = await RawClient.greet(target);
  const body = new Uint8Array(100_000);
  await client.send(request(1, { command: "upload", path: "/x" }, FLAG_BODY), encodeFrame(FrameKind.DATA, 1, body));
  await client.frame(FrameKind.CANCEL, 1);
  assertEquals((await client.answer(1)).code, "canceled");
  assertEquals(namesIn(target.folder.path), ["big", "plain.txt"]);
  for (let i = 0; i < 50; i++) await client.frame(FrameKind.DATA, 1, body);
  await client.send(end(1, body), request(1, { command: "stat", path: "/x" }));
  assertEquals((await client.answer(1)).code, "not_found");
  client[Symbol.dispose]();
  await target.isUnharmed();
});

Deno.test("PING is answered in the middle of a download, with its own payload", async () => {
  await using target = await Target.start();
  using client = await RawClient.greet(target);
  await client.frame(FrameKind.REQUEST, 1, { command: "download", path: "/big" });
  let sent = 0;
  let answered = 0;
  const { last, bytes } = await readBody(client, 1, async () => {
    await client.frame(FrameKind.PING, 0, utf8("still there?"));
    sent = 1;
  }, (frame, bytes) => {
    if (frame.kind !== FrameKind.PONG) return;
    assertEquals(frame.bytes, utf8("still there?"));
    answered = bytes;
  });
  assertEquals([last.kind, bytes, sent], [FrameKind.END, 256 * 1024 * 1024, 1]);
  assert(answered > 0 && answered < 100 * 1024 * 1024, `it was answered after ${answered} bytes`);
});

const BEHIND_A_DOWNLOAD = concat([
  request(1, { command: "download", path: "/big" }),
  request(2, { command: "upload", path: "/x" }, FLAG_BODY),
]);

/** What a client that reads nothing may send without end. */
interface Flood {
  /** What it sends first. */
  first?: Uint8Array;
  /** What it sends again and again. */
  again: (at: number) => Uint8Array;
  /** How often. */
  limit?: number;
  /** How many do so at once. */
  peers?: number;
  /** How much memory one of them may cost, in MiB. */
  costs: number;
}

const FLOODS: Record<string, Flood> = {
  "large PINGs": { again: () => encodeFrame(FrameKind.PING, 0, new Uint8Array(65_536)), costs: 8 },
  "small PINGs": {
    again: () => repeat(encodeFrame(FrameKind.PING, 0, new Uint8Array(0)), 8_000),
    peers: 1,
    costs: 120,
  },
  "long requests": {
    again: (at) => request(at + 1, { command: "download", path: at === 0 ? "/big" : "/".padEnd(65_000, "x") }),
    limit: 256,
    costs: 8,
  },
  "padded requests": {
    again: (at) => request(at + 1, { command: "download", path: "/big", padding: "x".repeat(65_000) }),
    limit: 256,
    costs: 8,
  },
  "a large body behind a download": {
    first: BEHIND_A_DOWNLOAD,
    again: () => encodeFrame(FrameKind.DATA, 2, new Uint8Array(65_536)),
    costs: 8,
  },
  "a body in tiny pieces behind a download": {
    first: BEHIND_A_DOWNLOAD,
    again: () => repeat(encodeFrame(FrameKind.DATA, 2, new Uint8Array(16)), 2_000),
    costs: 12,
  },
};

for (const [name, { first = new Uint8Array(0), again, limit = 1000, peers = 4, costs }] of Object.entries(FLOODS)) {
  Deno.test(`a flood of ${name}, and nothing read: it is held up, costs little memory, and is let go`, async () => {
    await using target = await Target.start({ args: ["--idle-timeout", "0.5"] });
    const before = linux ? peakMemory(target.server.pid) : 0;
    await Promise.all(Array.from({ length: peers }, async () => {
      using client = await RawClient.connect(target);
      let sent = 0;
      try {
        await client.send(GREETING, first);
        for (let at = 0; at < limit; at++) {
          const bytes = again(at);
          await client.send(bytes);
          sent += bytes.length;
        }
      } catch { /* the server has closed */ }
      assert(sent < 40 * 1024 * 1024, `the server took ${sent} bytes`);
      assertEquals(await target.left(client.port), "it was silent for too long");
    }));
    if (linux) {
      const used = (peakMemory(target.server.pid) - before) / peers;
      assert(used < costs, `the server needed ${used.toFixed(1)} MiB more for each`);
    }
    await target.isUnharmed();
  });
}

Deno.test("a flood of PINGs that reads its answers gets all of them, and does not delay the others", async () => {
  await using target = await Target.start();
  using client = await RawClient.greet(target);
  const count = 200_000;
  const flooding = (async () => {
    const some = repeat(encodeFrame(FrameKind.PING, 0, new Uint8Array(0)), 1_000);
    for (let sent = 0; sent < count; sent += 1_000) await client.send(some);
  })();
  const answers = (async () => {
    for (let got = 0; got < count; got++) assertEquals((await client.next())?.kind, FrameKind.PONG);
  })();
  await target.serves();
  await Promise.all([flooding, answers]);
});

Deno.test("nobody waits for all that another client has asked for at once", async () => {
  await using target = await Target.start();
  // To follow so long a link takes some milliseconds each time, and all that ask for it arrive in one piece.
  const deep = "d/".repeat(1_000);
  Deno.mkdirSync(`${target.folder.path}/${deep}`, { recursive: true });
  Deno.symlinkSync(deep, `${target.folder.path}/deep`);
  using client = await RawClient.greet(target);
  using other = await RawClient.greet(target);
  await client.send(...Array.from({ length: 1_000 }, (_, at) => request(at + 1, { command: "stat", path: "/deep" })));
  await client.next();
  await other.ask("mkdir", { path: "/others" });
  const { index } = await target.server.stderr.waitFor(" mkdir client=");
  const before = target.server.log().slice(0, index).split(" stat client=").length - 1;
  assert(before < 900, `${before} of 1000 requests came first`);
});

Deno.test("a crowd of hostile clients does not keep others from working", async () => {
  await using target = await Target.start();
  using files = new TempFolder();
  files.file("up.bin", pattern(3_000_000));
  const crowd: RawClient[] = [];
  const join = async (...sent: Uint8Array[]) => {
    const client = await RawClient.connect(target);
    crowd.push(client);
    await client.send(...sent);
  };
  const download = request(1, { command: "download", path: "/big" });
  const upload = request(1, { command: "upload", path: "/half" }, FLAG_BODY);
  try {
    for (let i = 0; i < 60; i++) {
      await join();
      await join(GREETING.subarray(0, 11));
      await join(GREETING, download);
      await join(GREETING, upload, raw(5, 0, 1, 500_000));
      await join(GREETING, repeat(encodeFrame(FrameKind.PING, 0, new Uint8Array(0)), 2_000));
    }
    const { server } = target;
    const began = performance.now();
    const runs = [
      await ftp(server, "ls"),
      await ftp(server, "upload", "up.bin", { cwd: files.path }),
      await ftp(server, "download", "up.bin", "down.bin", { cwd: files.path }),
      await ftp(server, "rm", "--yes", "up.bin"),
    ];
    assertEquals(runs.map(({ code, stderr }) => [code, stderr]), runs.map(() => [0, ""]));
    assertEquals(Deno.readFileSync(`${files.path}/down.bin`), pattern(3_000_000));
    assert(performance.now() - began < 10_000, "it took too long");
  } finally {
    for (const client of crowd) client[Symbol.dispose]();
  }
  for (const client of crowd) await target.left(client.port);
  await target.isUnharmed();
});

Deno.test("clients beyond the limit are told so, cost one line each, and nothing of them stays", async () => {
  await using target = await Target.start({ args: ["--max-connections", "1"] });
  using first = await RawClient.greet(target);
  const others = await Promise.all(Array.from({ length: 150 }, () => RawClient.connect(target)));
  try {
    const told = await Promise.all(others.map((client) => client.rest()));
    const busy = told.filter((frames) => frames.length > 0);
    assert(busy.length >= 100, `only ${busy.length} of 150 were told`);
    for (const [frame] of busy) assertEquals([frame.kind, frame.id, frame.message.code], [FrameKind.ERROR, 0, "busy"]);
    const { log } = target.server;
    await until(() => log.call(target.server).split(" refused client=").length === 151, "a line for each");
    await target.hasFreed(1); // though they have not closed
    assertEquals((await first.ask("stat", { path: "/" })).reply.entry.kind, "folder");
  } finally {
    for (const client of others) client[Symbol.dispose]();
  }
  first[Symbol.dispose]();
  await target.left(first.port);
  await target.isUnharmed();
});

for (const format of ["text", "json"]) {
  Deno.test(`nothing that a client sends can forge or disturb the log (${format})`, async () => {
    await using server = await startServer({ args: ["--log-format", format] });
    const evil =
      "x\r\n2026-01-01T00:00:00.000Z left client=1.2.3.4:5 reason=bye\x1b[2J\x07\x7f\x9b31m\u2028\u202e\u200b";
    using client = await RawClient.connect(server);
    const hello = encodeFrame(FrameKind.HELLO, 0, json({ version: 1, software: evil }));
    await client.send(utf8("CONNME/1"), hello);
    assertEquals((await client.next())?.kind, FrameKind.HELLO);
    for (const command of ["stat", "rm", "mkdir", evil]) await client.ask(command, { path: `/${evil}` });
    await client.ask("upload", { path: `/${evil.repeat(20)}`, collision: evil }, utf8("x"));
    await client.ask("mv", { from: `/${evil}`, to: `/${"long".repeat(15_000)}` });
    await client.frame(FrameKind.ERROR, 0, { code: "internal", message: evil });
    await client.rest();
    client[Symbol.dispose]();
    const { stderr } = server;
    await stderr.waitFor(/(left client=|"event":"left",.*)127\.0\.0\.1:\d+.*gave up/);
    const log = stderr.text.replace(/\n$/, "");
    for (const line of log.split("\n")) {
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e\u200b]/.test(line), JSON.stringify(line));
      assertMatch(line, format === "text" ? /^20\S+Z \w+ client=127\.0\.0\.1:\d+/ : /^\{"time":"20\S+Z","event":"\w+"/);
      assert(line.length < 15_000, `a line of ${line.length} characters`);
      if (format === "json") JSON.parse(line);
    }
  });
}

/** Reads an answer with a body; once so many bytes have come, does something. */
async function readBody(
  client: RawClient,
  after = Infinity,
  then: () => Promise<void> = async () => {},
  look: (frame: RawFrame, bytes: number) => void = () => {},
): Promise<{ last: RawFrame; bytes: number; kinds: FrameKind[] }> {
  const kinds: FrameKind[] = [];
  let bytes = 0;
  let done = false;
  for (;;) {
    const frame = await client.next();
    assert(frame !== null, "the server closed");
    kinds.push(frame.kind);
    look(frame, bytes);
    if (frame.kind === FrameKind.END || frame.kind === FrameKind.ERROR) return { last: frame, bytes, kinds };
    if (frame.kind === FrameKind.DATA) bytes += frame.bytes.length;
    if (bytes >= after && !done) {
      done = true;
      await then();
    }
  }
}

/** Sends bytes one by one, until the server has had enough. */
async function drop(client: RawClient, bytes: Uint8Array, ended: Promise<unknown>): Promise<void> {
  let over = false;
  const end = ended.then(() => over = true);
  for (let at = 0; at < bytes.length && !over; at++) {
    try {
      await client.send(bytes.subarray(at, at + 1));
    } catch {
      return; // it has closed
    }
    let timer: ReturnType<typeof setTimeout>;
    await Promise.race([end, new Promise((resolve) => timer = setTimeout(resolve, 20))]);
    clearTimeout(timer!);
  }
}

/** Connects, says something perhaps, and resets the connection. */
function reset(port: number, say: Uint8Array = new Uint8Array(0)): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      if (say.length === 0) socket.resetAndDestroy();
      else socket.write(say, () => socket.resetAndDestroy());
    });
    socket.on("close", () => resolve());
    socket.on("error", reject);
  });
}

/** A frame with any header; instead of a payload, how long it claims to be. */
function raw(kind: number, flags: number, id: number, payload: Uint8Array | number = 0): Uint8Array<ArrayBuffer> {
  const length = typeof payload === "number" ? payload : payload.length;
  const header = new DataView(new ArrayBuffer(8));
  header.setUint32(0, length);
  header.setUint8(4, kind);
  header.setUint8(5, flags);
  header.setUint16(6, id);
  return concat([new Uint8Array(header.buffer), typeof payload === "number" ? new Uint8Array(0) : payload]);
}

function request(id: number, message: unknown, flags = 0): Uint8Array<ArrayBuffer> {
  return encodeFrame(FrameKind.REQUEST, id, json(message), flags);
}

function end(id: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeFrame(FrameKind.END, id, json(endOf(body)));
}

function error(id: number, code: string, message = "sorry"): Uint8Array<ArrayBuffer> {
  return encodeFrame(FrameKind.ERROR, id, json({ code, message }));
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify(value));
}

function repeat(bytes: Uint8Array, times: number): Uint8Array<ArrayBuffer> {
  return concat(Array.from({ length: times }, () => bytes));
}
