/**
 * Whatever a server sends, or does not send: `ftp` says in one line what is wrong, exits with the code for it, needs little
 * memory, writes nothing where it should not, and lets nothing reach the terminal that the terminal would obey.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { exists } from "../disk/exists.ts";
import { newPartialName } from "../disk/names.ts";
import { encodeFrame, FLAG_BODY, FrameKind } from "../protocol/frame.ts";
import { encodeMessage } from "../protocol/message_codec.ts";
import { FakeServer, HELLO, type Play } from "./support/fake_server.ts";
import { namesIn, pattern } from "./support/files.ts";
import { concat } from "./support/frames.ts";
import { peakMemory } from "./support/machine.ts";
import { ftp, startFtp } from "./support/programs.ts";
import { endOf, utf8 } from "./support/raw_client.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { paths, plant } from "./support/trees.ts";

const linux = Deno.build.os === "linux";
/** More than ftp needs for anything, in MiB; an empty Deno program takes about 50. */
const MEMORY = 250;
const EVIL = "\x1b]0;owned\x07\x1b[2J\r\nftp: all is well\x9b31m\u202e\u2028";
/** All that a terminal could take for a command. */
// deno-lint-ignore no-control-regex
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/;

/** How a run against a hostile server ended. */
interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `ftp`, and sees that it keeps to memory and time, says nothing that a terminal obeys, and writes nothing. */
async function run(server: FakeServer, args: string[], { stdin, left = [], memory: limit = MEMORY }: {
  stdin?: string;
  /** What may stand in its folder afterwards. */
  left?: string[];
  /** How much memory it may need, in MiB. */
  memory?: number;
} = {}): Promise<Outcome> {
  using area = new TempFolder();
  const cwd = `${area.path}/cwd`;
  area.file("cwd/own.bin", pattern(2_000_000));
  area.file("kept", "as it was");
  const words = stdin === undefined
    ? [server.address, ...(args.includes("--retries") ? [] : ["--retries", "0"]), ...args]
    : args;
  const child = startFtp(words, { cwd, stdin });
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(utf8(stdin));
    await writer.close();
  }
  let memory = 0;
  const watch = setInterval(() => {
    try {
      memory = peakMemory(child.pid);
    } catch { /* it has ended, or there is no such thing here */ }
  }, 5);
  const late = setTimeout(() => child.kill("SIGKILL"), 90_000);
  const { code, signal, stdout, stderr } = await child.output();
  clearInterval(watch);
  clearTimeout(late);
  assertEquals(signal, null, "it did not come to an end");
  const outcome = { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  if (linux) assert(memory < limit, `it used ${Math.round(memory)} MiB`);
  assertEquals(namesIn(area.path), ["cwd", "kept"]);
  assertEquals(namesIn(cwd), [...left, "own.bin"].sort());
  for (const text of [outcome.stdout, outcome.stderr]) assert(!OBEYED.test(text), JSON.stringify(text.slice(0, 500)));
  return outcome;
}

/** As {@linkcode run}, for what has to fail: with one line on standard error and nothing else, but for what can go on. */
async function fails(
  server: FakeServer,
  args: string[],
  code: number,
  says: RegExp,
  { memory, canGoOn = false }: { memory?: number; canGoOn?: boolean } = {},
): Promise<void> {
  const outcome = await run(server, args, { memory });
  const note = canGoOn ? "[^\\n]+ were sent; the same command again goes on with what has arrived\\n" : "";
  assertMatch(outcome.stderr, new RegExp(`^${note}ftp: [^\\n]+\\n$`));
  assertMatch(outcome.stderr, says);
  assertEquals([outcome.code, outcome.stdout], [code, ""]);
  // A thousand characters of a server's words, each of them escaped perhaps.
  assert(outcome.stderr.length < 7000, `a line of ${outcome.stderr.length} characters`);
}

Deno.test("what answers is no connme server, or none that fits: exit code 3", async (t) => {
  const hello = (message: unknown) => encodeFrame(FrameKind.HELLO, 0, json(message));
  const none = /what answers there is no connme server/;
  const spoken: Record<string, { bytes: Uint8Array; says: RegExp }> = {
    SSH: { bytes: utf8("SSH-2.0-OpenSSH_9.6\r\n"), says: none },
    HTTP: { bytes: utf8("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<h1>What?</h1>"), says: none },
    FTP: { bytes: utf8("220 Welcome\r\n"), says: none },
    noise: { bytes: pattern(10_000), says: none },
    "a frame of 4 GiB": { bytes: frame(0xffff_ffff, 1, 0, 0), says: none },
    "an unknown kind": { bytes: frame(0, 77, 0, 0), says: none },
    "DATA of a megabyte": { bytes: encodeFrame(FrameKind.DATA, 1, new Uint8Array(1_048_576)), says: none },
    "REPLY": { bytes: encodeFrame(FrameKind.REPLY, 1, json({})), says: none },
    "HELLO that is no JSON": { bytes: encodeFrame(FrameKind.HELLO, 0, utf8("{")), says: /HELLO is not valid JSON/ },
    "HELLO that is not UTF-8": { bytes: encodeFrame(FrameKind.HELLO, 0, Uint8Array.of(0xff)), says: /not valid UTF-8/ },
    "HELLO that is null": { bytes: hello(null), says: /HELLO does not fit/ },
    "HELLO of version 2": { bytes: hello({ ...HELLO, version: 2 }), says: /speaks version 2; this client speaks 1/ },
    "HELLO of an evil version": { bytes: hello({ ...HELLO, version: EVIL }), says: /HELLO does not fit/ },
    "HELLO of an endless version": { bytes: hello({ ...HELLO, version: "x".repeat(65_000) }), says: /does not fit/ },
    "HELLO that takes no requests": { bytes: hello({ ...HELLO, maxRequests: 0 }), says: /HELLO does not fit/ },
    "an evil refusal": {
      bytes: encodeFrame(FrameKind.ERROR, 0, json({ code: "busy", message: EVIL })),
      says: /\\x1b\]0;owned\\x07.*ftp: all is well/,
    },
  };
  for (const [name, { bytes, says }] of Object.entries(spoken)) {
    await t.step(name, async () => {
      await using server = new FakeServer(async (peer) => {
        await peer.send(bytes);
        await peer.rest(); // leaves it to ftp to close
      });
      await fails(server, ["ls"], 3, says);
    });
  }
});

Deno.test("a server that closes, says nothing or is not there at all: exit code 3", async (t) => {
  await t.step("it closes at once", async () => {
    await using server = new FakeServer(() => Promise.resolve());
    await fails(server, ["ls"], 3, /clos|reset/);
  });
  await t.step("it closes in the middle of HELLO", async () => {
    await using server = new FakeServer(async (peer) => {
      await peer.opening();
      await peer.send(encodeFrame(FrameKind.HELLO, 0, json(HELLO)).subarray(0, 20));
    });
    await fails(server, ["ls"], 3, /no connme server/);
  });
  await t.step("it says nothing", async () => {
    await using server = new FakeServer(async (peer) => void await peer.text());
    await fails(server, ["--timeout", "0.5", "ls"], 3, /no answer within 0.5 s/);
  });
  await t.step("it says HELLO a byte at a time", async () => {
    await using server = new FakeServer(async (peer) => {
      for (const byte of encodeFrame(FrameKind.HELLO, 0, json(HELLO))) {
        await peer.send(Uint8Array.of(byte));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
    await fails(server, ["--timeout", "0.5", "ls"], 3, /no answer within 0.5 s/);
  });
  await t.step("it is not there", async () => {
    const server = new FakeServer(() => Promise.resolve());
    await server[Symbol.asyncDispose]();
    await fails(server, ["ls"], 3, /cannot connect to 127\.0\.0\.1:\d+: connection refused/);
  });
});

const HEADER = frame(0xffff_ffff, 5, 0, 1);
const WHOLE = utf8("the whole file");
const FILE = { name: "x", kind: "file", size: WHOLE.length, modified: 0 };

/** What a server may answer to a request with a small answer or none, and what `ftp` makes of it. */
const ANSWERS: Record<string, { args?: string[]; play: Play; code: number; says: RegExp }> = {
  "an ERROR that a terminal would obey": {
    play: (peer, { id }) => peer.frame(FrameKind.ERROR, id, { code: "denied", message: EVIL }),
    code: 1,
    says: /^ftp: \\x1b\]0;owned\\x07\\x1b\[2J\\r\\nftp: all is well\\x9b31m\\u202e\\u2028\n$/,
  },
  "an ERROR of 60 kB": {
    play: (peer, { id }) => peer.frame(FrameKind.ERROR, id, { code: "denied", message: "\x1b".repeat(10_000) }),
    code: 1,
    says: /^ftp: (\\x1b)+/,
  },
  "an ERROR of a later version": {
    play: (peer, { id }) => peer.frame(FrameKind.ERROR, id, { code: "too_hot", message: "it is too hot" }),
    code: 1,
    says: /it is too hot/,
  },
  "an ERROR without a message": {
    play: (peer, { id }) => peer.frame(FrameKind.ERROR, id, { code: "denied" }),
    code: 3,
    says: /ERROR does not fit/,
  },
  "the end of the connection, with an evil reason": {
    play: (peer) => peer.frame(FrameKind.ERROR, 0, { code: "internal", message: EVIL }),
    code: 3,
    says: /\\x1b\]0;owned/,
  },
  "an evil GOODBYE": {
    play: (peer) => peer.frame(FrameKind.GOODBYE, 0, { reason: EVIL }),
    code: 3,
    says: /\\x1b\]0;owned/,
  },
  "nothing any more": { play: (peer) => Promise.resolve(peer[Symbol.dispose]()), code: 3, says: /clos|reset/ },
  "noise": { play: (peer) => peer.send(pattern(1000)), code: 3, says: /./ },
  "a frame of 4 GiB": { play: (peer) => peer.send(HEADER), code: 3, says: /DATA frame of 4294967295 bytes/ },
  "a second HELLO": {
    play: (peer) => peer.frame(FrameKind.HELLO, 0, HELLO),
    code: 3,
    says: /HELLO frame from a server/,
  },
  "a REQUEST": {
    play: (peer) => peer.frame(FrameKind.REQUEST, 1, { command: "rm", path: "/" }),
    code: 3,
    says: /REQUEST frame from a server/,
  },
  "the answer to another request": {
    play: (peer, { id }) => peer.frame(FrameKind.REPLY, id + 1, { size: 1, files: 1, folders: 0 }),
    code: 3,
    says: /REPLY to 2, which waits for none/,
  },
  "an ERROR for another request": {
    play: (peer, { id }) => peer.frame(FrameKind.ERROR, id + 1, { code: "denied", message: "no" }),
    code: 3,
    says: /ERROR for 2, which waits for nothing/,
  },
  "a body that nobody asked for": {
    play: (peer, { id }) => peer.frame(FrameKind.REPLY, id, { size: 1, files: 1, folders: 0 }, FLAG_BODY),
    code: 3,
    says: /REPLY to size with a body/,
  },
  "a negative size": {
    play: (peer, { id }) => peer.frame(FrameKind.REPLY, id, { size: -1, files: 1, folders: 0 }),
    code: 3,
    says: /REPLY does not fit/,
  },
  "a REPLY that is nested deeply": {
    play: (peer, { id }) => peer.frame(FrameKind.REPLY, id, utf8("[".repeat(65_000))),
    code: 3,
    says: /REPLY is not valid JSON/,
  },
  "a time that no clock shows": {
    args: ["stat", "x"],
    play: (peer, { id }) => peer.frame(FrameKind.REPLY, id, { entry: { ...FILE, modified: 1e300 } }),
    code: 3,
    says: /REPLY does not fit/,
  },
  "something that is neither file nor folder": {
    args: ["stat", "x"],
    play: (peer, { id }) => peer.frame(FrameKind.REPLY, id, { entry: { ...FILE, kind: EVIL } }),
    code: 3,
    says: /REPLY does not fit/,
  },
  "nothing, but signs of life until it closes": {
    play: async (peer) => {
      for (let i = 0; i < 10_000; i++) await peer.frame(FrameKind.PING, 0, utf8("ping"));
      peer[Symbol.dispose]();
    },
    code: 3,
    says: /clos|reset|lost/,
  },
};

for (const [name, { args = ["size", "x"], play, code, says }] of Object.entries(ANSWERS)) {
  Deno.test(`a server that answers with ${name}: exit code ${code}`, async () => {
    await using server = FakeServer.greeting(play);
    await fails(server, args, code, says);
    if (code !== 1) return;
    const { stderr } = await run(server, ["--json", ...args]);
    assertMatch(stderr, /^\{"error":\{"code":"(denied|internal)","message":"/);
    JSON.parse(stderr);
  });
}

Deno.test("a server that never answers, and one that never reads: exit code 3 within the timeout", async (t) => {
  await t.step("a request", async () => {
    await using server = FakeServer.greeting(async () => {});
    await fails(server, ["--timeout", "0.5", "size", "x"], 3, /no answer for 0.5 s/);
  });
  for (const signs of [0, 8]) {
    await t.step(`an upload, after ${signs} signs of life`, async () => {
      const over = Promise.withResolvers<void>();
      let given = 0;
      const play: Play = async (peer) => {
        for (; given < signs; given++) {
          await peer.frame(FrameKind.PONG, 0);
          await new Promise((resolve) => setTimeout(resolve, 200)); // a fifth of the timeout
        }
        await over.promise;
      };
      await using server = FakeServer.greeting(toUpload(play));
      using file = new TempFolder();
      const big = file.file("big", 100_000_000);
      try {
        await fails(server, ["--timeout", "1", "upload", big, "x"], 3, /no answer for 1 s/, { canGoOn: true });
      } finally {
        over.resolve();
      }
      assertEquals(given, signs);
    });
  }
  await t.step("answers to its own PINGs", async () => {
    await using server = FakeServer.greeting(async (peer) => {
      for (const bytes = encodeFrame(FrameKind.PING, 0, new Uint8Array(65_536));;) await peer.send(bytes);
    });
    await fails(server, ["--timeout", "0.5", "size", "x"], 3, /no answer for 0.5 s/);
  });
});

/** What a server may send as a file, and what `ftp download` makes of it; nothing of it is ever kept. */
const DOWNLOADS: Record<string, { args?: string[]; play: Play; code: number; says: RegExp }> = {
  "a file that is shorter than announced": {
    play: body([WHOLE.subarray(1)]),
    code: 4,
    says: /13 bytes arrived where 14 were announced/,
  },
  "a file that is longer than announced": {
    play: body([WHOLE, WHOLE]),
    code: 4,
    says: /longer than the 14 bytes that were announced/,
  },
  "an endless file": {
    play: async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
      for (const bytes = encodeFrame(FrameKind.DATA, id, new Uint8Array(1_000_000));;) await peer.send(bytes);
    },
    code: 4,
    says: /longer than the 14 bytes that were announced/,
  },
  "a wrong CRC-32": { play: body([WHOLE], { crc32: "00000000" }), code: 4, says: /CRC-32/ },
  "a wrong size at its end": {
    play: body([WHOLE], { size: 1 }),
    code: 4,
    says: /14 bytes arrived where the sender counted 1/,
  },
  "a wrong SHA-256": {
    args: ["download", "x", "--sha256"],
    play: body([WHOLE], { sha256: "0".repeat(64) }),
    code: 4,
    says: /SHA-256/,
  },
  "no SHA-256 where one was asked for": {
    args: ["download", "x", "--sha256"],
    play: body([WHOLE]),
    code: 4,
    says: /SHA-256/,
  },
  "an END that is none": {
    play: async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
      await peer.frame(FrameKind.END, id, { size: "all", crc32: "yes" });
    },
    code: 3,
    says: /END does not fit/,
  },
  "an ERROR in the middle": {
    play: async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
      await peer.frame(FrameKind.DATA, id, WHOLE.subarray(1));
      await peer.frame(FrameKind.ERROR, id, { code: "changed", message: EVIL });
    },
    code: 1,
    says: /\\x1b\]0;owned/,
  },
  "an end of the connection in the middle": {
    play: async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
      await peer.frame(FrameKind.DATA, id, WHOLE.subarray(1));
      peer[Symbol.dispose]();
    },
    code: 3,
    says: /clos|reset|ended/,
  },
  "half a frame": {
    play: async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
      await peer.send(encodeFrame(FrameKind.DATA, id, WHOLE).subarray(0, 12));
      peer[Symbol.dispose]();
    },
    code: 3,
    says: /cut in the middle|clos|reset/,
  },
  "nothing any more in the middle": {
    args: ["--timeout", "0.5", "download", "x"],
    play: async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
      await peer.frame(FrameKind.DATA, id, WHOLE.subarray(1));
    },
    code: 3,
    says: /no answer for 0.5 s/,
  },
  "an unknown frame in the middle": {
    play: async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
      await peer.send(frame(0, 99, 0, id));
    },
    code: 3,
    says: /unknown frame kind 99/,
  },
  "a second REPLY": {
    play: async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
      await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
    },
    code: 3,
    says: /REPLY to 1, which waits for none/,
  },
  "DATA before REPLY": {
    play: (peer, { id }) => peer.frame(FrameKind.DATA, id, WHOLE),
    code: 3,
    says: /DATA frame for 1, which expects no body/,
  },
  "a REPLY without a file": {
    play: (peer, { id }) => peer.frame(FrameKind.REPLY, id, { entry: FILE }),
    code: 3,
    says: /REPLY to download without a body/,
  },
  "a REPLY that does not say what comes": {
    play: (peer, { id }) => peer.frame(FrameKind.REPLY, id, {}, FLAG_BODY),
    code: 3,
    says: /REPLY does not fit/,
  },
};

for (const [name, { args = ["download", "x"], play, code, says }] of Object.entries(DOWNLOADS)) {
  Deno.test(`a download that gets ${name}: exit code ${code}, and nothing is kept`, async () => {
    await using server = FakeServer.greeting(play);
    await fails(server, args, code, says);
  });
}

Deno.test("a server that breaks off at the same place each time is given up after some attempts", async () => {
  let attempts = 0;
  await using server = FakeServer.greeting(async (peer, { id }) => {
    attempts++;
    await peer.frame(FrameKind.REPLY, id, { entry: FILE }, FLAG_BODY);
    await peer.frame(FrameKind.DATA, id, WHOLE.subarray(1));
    peer[Symbol.dispose]();
  });
  const { code, stdout, stderr } = await run(server, ["--retries", "3", "download", "x"]);
  assertEquals([code, stdout, attempts], [3, "", 4]);
  const again = "The connection was lost \\([^\n]+\\); connecting again\nConnected again\n";
  assertMatch(stderr, new RegExp(`^(${again}){3}ftp: the connection to \\S+ was lost: [^\n]+\n$`));
});

Deno.test("a server that breaks the protocol is not tried again", async () => {
  let attempts = 0;
  await using server = FakeServer.greeting(async (peer, { id }) => {
    attempts++;
    await peer.frame(FrameKind.REPLY, id, {}, FLAG_BODY);
  });
  await fails(server, ["--retries", "3", "download", "x"], 3, /REPLY does not fit/);
  assertEquals(attempts, 1);
});

Deno.test("a download is named after what was asked for, whatever the server calls it", async () => {
  for (const name of ["../../kept", "/etc/passwd", "..", "", "own.bin", EVIL, "a/b"]) {
    await using server = FakeServer.greeting(body([WHOLE], {}, { ...FILE, name }));
    const { code, stderr } = await run(server, ["download", "sub/asked"], { left: ["asked"] });
    assertEquals([code, stderr], [0, ""], name);
  }
});

/** Names that would lead elsewhere, were they believed. */
const ELSEWHERE = [
  ...[
    "../evil",
    "../../evil",
    "/tmp/connme-evil",
    "a/../../../evil",
    "..",
    ".",
    "",
    "a//b",
    "a/./b",
    "a/",
    "\0",
    "a\0/b",
  ],
  ...[
    "link/evil",
    "link/deep/evil",
    "own.bin/evil",
    newPartialName(),
    `a/${newPartialName()}`,
    "\ud800",
    "x".repeat(300),
  ],
];

/** Which folders the server tells of. */
const TOLD: Record<string, object[]> = {
  "each folder": ["link", "a", "fine", "../..", "link/deep"].map((name) => ({ name })),
  "no folder that leads elsewhere": [{ name: "fine" }],
  "folders that it cannot look into": ["link", "link/deep", "fine"]
    .flatMap((name) => [{ name }, { name, unreadable: "denied" }]),
};

for (
  const [command, told] of [["download", "-r", "top"], ["sync", "--down", "top", "."], [
    "sync",
    "--down",
    "--delete",
    "top",
    ".",
  ]].flatMap((command) => Object.keys(TOLD).map((told) => [command, told] as const))
) {
  Deno.test(`${command.join(" ")} writes nothing elsewhere, whatever names the server sends, with ${told}`, async () => {
    const names = [...ELSEWHERE, "fine.txt", "fine/also.txt"];
    const folders = TOLD[told].map((entry) => ({ ...FILE, kind: "folder", size: 0, ...entry }));
    const listing = [...folders, ...names.map((name) => ({ ...FILE, name })), { ...FILE, name: "fine.txt" }];
    const lines = utf8(listing.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    await using server = FakeServer.greeting(async (peer, request) => {
      const { id, message: { command, path } } = request;
      if (command === "ls") return await body([lines])(peer, request);
      if (command === "download") return await body([WHOLE])(peer, request);
      const entry = { ...FILE, name: "top", kind: path === "/top" ? "folder" : "file" };
      if (command === "stat") return await peer.frame(FrameKind.REPLY, id, { entry });
      await peer.frame(FrameKind.ERROR, id, { code: "unsupported", message: "no" });
    });
    using area = new TempFolder();
    area.file("kept", "as it was");
    area.file("outside/deep/kept", "as it was");
    for (const folder of ["here", "here/top"]) {
      Deno.mkdirSync(`${area.path}/${folder}`);
      Deno.symlinkSync(`${area.path}/outside`, `${area.path}/${folder}/link`);
      area.file(`${folder}/own.bin`, "own");
    }
    const { stdout, stderr } = await ftp(server.address, ...command, { cwd: `${area.path}/here` });
    assertEquals(namesIn(area.path), ["here", "kept", "outside"]);
    assertEquals(namesIn(`${area.path}/outside`), ["deep"]);
    assertEquals(namesIn(`${area.path}/outside/deep`), ["kept"]);
    assertEquals(Deno.readTextFileSync(`${area.path}/outside/deep/kept`), "as it was");
    assert(!exists("/tmp/connme-evil"));
    const top = command[0] === "sync" ? `${area.path}/here` : `${area.path}/here/top`;
    assertEquals(Deno.readTextFileSync(`${top}/fine/also.txt`), "the whole file", stderr);
    for (const text of [stdout, stderr]) assert(!OBEYED.test(text) && !text.includes("at file:"), text);
  });
}

Deno.test("text is shown so that a terminal obeys nothing in it", async () => {
  const text = utf8(`first\n\x9b31mred \u202e and \u2028\nlast\n`);
  await using server = FakeServer.greeting(body([text], {}, { ...FILE, size: text.length }));
  const { code, stdout } = await run(server, ["download", "x"], { left: ["x"] });
  assertEquals(code, 0);
  assertMatch(stdout, /^first$/m);
  assertMatch(stdout, /^last$/m);
});

Deno.test("a listing is shown so that a terminal obeys no name in it, and --json says the same", async () => {
  const names = ["../../kept", "/etc/passwd", "", EVIL, "\ud800", "\x00", "x".repeat(60_000), "\u200b\ufeff\u2066"];
  const sent = utf8(names.map((name) => `${JSON.stringify({ ...FILE, name })}\n`).join(""));
  await using server = FakeServer.greeting(body([sent], {}, undefined));
  for (const args of [["ls"], ["ls", "-l"], ["ls", "-R"]]) {
    const { code, stdout, stderr } = await run(server, args);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.trimEnd().split("\n").length, names.length + 1, "a line for each, and one for all");
  }
  const { stdout } = await run(server, ["--json", "ls"]);
  const shown = stdout.trimEnd().split("\n").map((line) => JSON.parse(line).name);
  assertEquals(shown.sort(), names.sort());
});

/** What a server may send as a listing, and what `ftp ls` makes of it. */
const LISTINGS: Record<string, { play: Play; code: number; says: RegExp; memory?: number }> = {
  "a line without an end": {
    play: endless(() => new Uint8Array(64_000).fill(0x20)),
    code: 3,
    says: /over 65536 bytes/,
  },
  "no end of short lines": {
    play: endless(() => utf8(`${JSON.stringify({ ...FILE, name: "n" })}\n`.repeat(10_000))),
    code: 1,
    says: /the listing is too long/,
    memory: 400, // a million entries, and what is not collected yet
  },
  "no end of long lines": {
    play: endless(() => utf8(`${JSON.stringify({ ...FILE, name: "n".repeat(60_000) })}\n`.repeat(16))),
    code: 1,
    says: /the listing is too long/,
    memory: 600, // 256 MiB of names, and the rest
  },
  "a line that is no JSON": { play: body([utf8("total 0\n")]), code: 3, says: /listing is not valid JSON/ },
  "a line that is not UTF-8": { play: body([Uint8Array.of(0xff, 0x0a)]), code: 3, says: /listing is not valid UTF-8/ },
  "a line that is no entry": { play: body([utf8("[]\n")]), code: 3, says: /listing does not fit/ },
  "a negative size": {
    play: body([utf8(`${JSON.stringify({ ...FILE, size: -1 })}\n`)]),
    code: 3,
    says: /listing does not fit/,
  },
  "half a line": { play: body([utf8('{"name":')]), code: 3, says: /ends in the middle of a line/ },
  "a wrong CRC-32": { play: body([utf8("")], { crc32: "ffffffff" }), code: 4, says: /CRC-32/ },
  "an evil ERROR in the middle": {
    play: async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, {}, FLAG_BODY);
      await peer.frame(FrameKind.ERROR, id, { code: "internal", message: EVIL });
    },
    code: 1,
    says: /\\x1b\]0;owned/,
  },
};

for (const [name, { play, code, says, memory }] of Object.entries(LISTINGS)) {
  Deno.test(`a listing with ${name}: exit code ${code}`, async () => {
    await using server = FakeServer.greeting(play);
    await fails(server, ["ls"], code, says, { memory });
  });
}

Deno.test("digests of folders that lead elsewhere, or are in none, put nothing anywhere", async () => {
  const names = ["", "..", "../up", "a/../../b", "/abs", "ghost", "ghost/deep", "own.bin"];
  const lines = names.map((name) => `${JSON.stringify({ name })}\n`).join("");
  const listing = `${JSON.stringify(FILE)}\n`;
  const play: Play = async (peer, request) => {
    const { id, message: { command } } = request;
    if (command === "ls") return await body([utf8(listing)])(peer, request);
    if (command === "download") return await body([WHOLE])(peer, request);
    await peer.frame(FrameKind.REPLY, id, {}, FLAG_BODY);
    await peer.frame(FrameKind.DATA, id, utf8(lines));
    await peer.frame(FrameKind.END, id, endOf(utf8(lines)));
  };
  await using server = FakeServer.greeting(play, { ...HELLO, capabilities: ["folder_digests"] });
  const { code, stdout, stderr } = await run(server, ["sync", "--down", "/", "."], { left: ["x"] });
  assertEquals(code, 1);
  assertMatch(stdout, /^Copied 1 file, /);
  assertMatch(stderr, /^ftp: ghost: it was changed meanwhile$/m);
});

Deno.test("digests of a folder called / lead through no local link", async () => {
  using local = new TempFolder();
  plant(local.path, { "t/own": "own", "outside/x": "x" });
  Deno.symlinkSync("../outside", `${local.path}/t/link`);
  const entries: Record<string, object[]> = {
    "/t": [{ ...FILE, name: "own" }],
    "/t/": [{ ...FILE, name: "link", kind: "folder", size: 0 }],
    "/t//": [{ ...FILE, name: "link", kind: "folder", size: 0 }],
    "/t/link": [{ ...FILE, name: "evil" }],
    "/t//link": [{ ...FILE, name: "evil" }],
  };
  const play: Play = async (peer, request) => {
    const { message: { command, path } } = request;
    const lines = (values: object[]) => utf8(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
    const names = ["", "/", "/link", "link"].map((name) => ({ name }));
    if (command === "folder_digests") return await body([lines(names)])(peer, request);
    if (command === "ls") return await body([lines(entries[path] ?? [])])(peer, request);
    return await body([WHOLE])(peer, request);
  };
  await using server = FakeServer.greeting(play, { ...HELLO, capabilities: ["folder_digests"] });
  const { code } = await ftp(server.address, "sync", "--down", "/t", "t", { cwd: local.path });
  assertEquals(code, 1);
  assertEquals(paths(local.path), ["outside/", "outside/x", "t/", "t/link", "t/own"]);
});

Deno.test("a folder that has come since the digests were made is not taken for empty", async () => {
  using local = new TempFolder();
  plant(local.path, { "t/f/new/y": "local", "t/f/x": "local" });
  const entries: Record<string, object[]> = {
    "/t": [{ ...FILE, name: "f", kind: "folder", size: 0, mode: 0o755 }],
    "/t/f": [{ ...FILE, name: "new", kind: "folder", size: 0, mode: 0o755 }, { ...FILE, name: "x" }],
    "/t/f/new": [{ ...FILE, name: "y" }],
  };
  const asked: string[] = [];
  const play: Play = async (peer, request) => {
    const { message: { command, path } } = request;
    const lines = (values: object[]) => utf8(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
    // Of `new` there was nothing yet.
    if (command === "folder_digests") return await body([lines([{ name: "" }, { name: "f" }])])(peer, request);
    if (command === "ls") {
      asked.push(path);
      return await body([lines(entries[path])])(peer, request);
    }
    return await body([WHOLE])(peer, request);
  };
  await using server = FakeServer.greeting(play, { ...HELLO, capabilities: ["folder_digests"] });
  const args = ["sync", "--down", "--delete", "t", "t"];
  const { code, stdout, stderr } = await ftp(server.address, ...args, { cwd: local.path });
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^Copied 2 files, [^,]+\n$/);
  assertEquals(asked.sort(), ["/t", "/t/f", "/t/f/new"]);
  assertEquals(Deno.readTextFileSync(`${local.path}/t/f/new/y`), "the whole file");
});

for (const line of ['{"name":"","digest":"x"}', '{"name":1}', '{"digest":""}', "[]"]) {
  Deno.test(`a digest that is none, ${line}: exit code 3`, async () => {
    const bytes = utf8(`${line}\n`);
    await using server = FakeServer.greeting(async (peer, { id }) => {
      await peer.frame(FrameKind.REPLY, id, {}, FLAG_BODY);
      await peer.frame(FrameKind.DATA, id, bytes);
      await peer.frame(FrameKind.END, id, endOf(bytes));
    }, { ...HELLO, capabilities: ["folder_digests"] });
    await fails(server, ["sync", "--down", "/", "."], 3, /listing does not fit/);
  });
}

/** What a server may answer to an upload, and what `ftp` makes of it. */
const UPLOADS: Record<string, { play: Play; code: number; says: RegExp }> = {
  "a REPLY for another size": { play: stored({ path: "/own.bin", size: 5 }), code: 4, says: /5 of 2000000 bytes/ },
  "a REPLY without a path": { play: stored({ size: 2_000_000 }), code: 3, says: /REPLY does not fit/ },
  "a REPLY whose path is a number": { play: stored({ path: 1, size: 2_000_000 }), code: 3, says: /REPLY does not fit/ },
  "an ERROR at once": {
    play: (peer, { id }) => peer.frame(FrameKind.ERROR, id, { code: "no_space", message: EVIL }),
    code: 1,
    says: /\\x1b\]0;owned/,
  },
  "the end of the connection": {
    play: (peer) => Promise.resolve(peer[Symbol.dispose]()),
    code: 3,
    says: /clos|reset/,
  },
};

for (const [name, { play, code, says }] of Object.entries(UPLOADS)) {
  Deno.test(`an upload that gets ${name}: exit code ${code}`, async () => {
    await using server = FakeServer.greeting(toUpload(play));
    await fails(server, ["upload", "own.bin"], code, says);
  });
}

Deno.test("a server that says it has a file before it can have it is not believed: exit code 3", async () => {
  using file = new TempFolder();
  const big = file.file("big", 200_000_000);
  await using server = FakeServer.greeting(
    toUpload((peer, { id }) => peer.frame(FrameKind.REPLY, id, { path: "/big", size: 200_000_000 })),
  );
  await fails(server, ["upload", big, "big"], 3, /REPLY to upload before its body had ended/);
});

Deno.test("the path of an upload is shown so that a terminal obeys nothing in it", async () => {
  await using server = FakeServer.greeting(toUpload(stored({ path: `/../..${EVIL}`, size: 2_000_000 })));
  const { code, stdout, stderr } = await run(server, ["upload", "own.bin"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Stored as \/\.\.\/\.\.\\x1b[^\n]*\n$/);
});

Deno.test("a server's name of itself is shown so that a terminal obeys nothing in it", async () => {
  await using server = FakeServer.greeting(async () => {}, { ...HELLO, software: EVIL });
  const { code, stderr } = await run(server, [], { stdin: `connme ${server.address}\nbyebye\n` });
  assertEquals(code, 0);
  assertMatch(stderr, /Connected to .*\\x1b\]0;owned/);
});

Deno.test("a path that fits no frame is refused before it is sent", async () => {
  await using server = FakeServer.greeting(async () => {});
  await fails(server, ["stat", "x".repeat(100_000)], 1, /longer than/);
});

/** Answers with a body; what END says of it can be changed. */
function body(parts: Uint8Array[], end: object = {}, entry: object | undefined = FILE): Play {
  return async (peer, { id, message }) => {
    await peer.frame(FrameKind.REPLY, id, message.command === "ls" ? {} : { entry }, FLAG_BODY);
    for (const part of parts) await peer.frame(FrameKind.DATA, id, part);
    await peer.frame(FrameKind.END, id, { ...endOf(concat(parts)), ...end });
  };
}

/** Answers to `ls` with a body without end. */
function endless(make: () => Uint8Array): Play {
  return async (peer, { id }) => {
    await peer.frame(FrameKind.REPLY, id, {}, FLAG_BODY);
    for (const bytes = encodeFrame(FrameKind.DATA, id, make());;) await peer.send(bytes);
  };
}

/** Takes an upload to its end, then answers. */
function stored(reply: object): Play {
  return async (peer, { id }) => {
    for (let frame = await peer.next(); frame?.kind !== FrameKind.END; frame = await peer.next()) {
      assert(frame !== null);
    }
    await peer.frame(FrameKind.REPLY, id, reply);
  };
}

/** Plays to the upload itself; what ftp may ask first is answered as by a server that has nothing. */
function toUpload(play: Play): Play {
  return async (peer, request) => {
    const { id, message: { command } } = request;
    if (command === "upload") return await play(peer, request);
    if (command !== "resume") {
      return await peer.frame(FrameKind.ERROR, id, { code: "not_found", message: "no such file" });
    }
    await peer.frame(FrameKind.REPLY, id, { size: 0 }, FLAG_BODY);
    await peer.frame(FrameKind.END, id, endOf(new Uint8Array(0)));
  };
}

/** A frame with any header, and nothing behind it. */
function frame(length: number, kind: number, flags: number, id: number): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(8));
  header.setUint32(0, length);
  header.setUint8(4, kind);
  header.setUint8(5, flags);
  header.setUint16(6, id);
  return new Uint8Array(header.buffer);
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return encodeMessage(value as object);
}
