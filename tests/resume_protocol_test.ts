/** Going on with transfers, checksums, copies and room, as requests say it: PROTOCOL.md sections 7.5, 7.6 and 7.11 to 7.15. */

import { assert, assertEquals, assertLess, assertNotEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { statfsSync } from "node:fs";
import { CommandError, connect } from "../client/client.ts";
import { DiskError } from "../disk/errors.ts";
import { newPartialName } from "../disk/names.ts";
import { FLAG_BODY, FrameKind } from "../protocol/frame.ts";
import { BLOCK_BYTES, BLOCK_DIGEST_BYTES } from "../protocol/messages.ts";
import { blockDigests } from "../server/block_digests.ts";
import { checksum } from "../server/commands/checksum.ts";
import type { Call } from "../server/commands/handler.ts";
import { namesIn, partialsIn, pattern, sha256, sha256OfFile } from "./support/files.ts";
import { startServer, type TestServer } from "./support/programs.ts";
import { endOf, type RawAnswer, RawClient, utf8 } from "./support/raw_client.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { until } from "./support/until.ts";

const TOKEN = "0123456789abcdef".repeat(2);
const OTHER_TOKEN = "f".repeat(32);
const RUN = "0000000000000001";
const OTHER_RUN = "0000000000000002";
const OWNER = { token: TOKEN, run: RUN };
const BLOCK = BLOCK_BYTES;
const CONTENT = pattern(3 * BLOCK + 5);
const PATH = "/file.bin";

function start(args: string[] = []): Promise<TestServer> {
  return startServer({ args: ["--no-fsync", ...args] });
}

/** The digests that the bytes must have. */
function digestsOf(bytes: Uint8Array): string {
  let all = "";
  for (let at = 0; at < bytes.length; at += BLOCK) all += sha256(bytes.subarray(at, at + BLOCK));
  return all;
}

/** Begins an upload as request 1 of its connection, and sends so much of the body. */
async function begin(client: RawClient, bytes: Uint8Array, parameters: object = {}): Promise<void> {
  await client.frame(FrameKind.REQUEST, 1, { command: "upload", path: PATH, ...OWNER, ...parameters }, FLAG_BODY);
  for (let at = 0; at < bytes.length; at += 100_000) {
    await client.frame(FrameKind.DATA, 1, bytes.subarray(at, at + 100_000));
  }
}

/** The server has read everything that was sent. */
async function hasArrived(server: TestServer, size: number): Promise<void> {
  const sizeOf = (name: string) => Deno.statSync(`${server.dir}/${name}`).size;
  await until(() => partialsIn(server.dir).some((name) => sizeOf(name) === size), `a partial of ${size} bytes`);
}

/** An upload that its sender gives up after so many bytes. */
async function interrupt(server: TestServer, bytes: Uint8Array, parameters: object = {}): Promise<void> {
  using client = await RawClient.greet(server);
  await begin(client, bytes, parameters);
  await client.frame(FrameKind.ERROR, 1, { code: "canceled", message: "given up" });
  assertEquals((await client.answer(1)).code, "canceled");
}

function resume(client: RawClient, parameters: object = {}): Promise<RawAnswer> {
  return client.ask("resume", { path: PATH, ...OWNER, ...parameters });
}

/** The rest of the content, behind an offset. */
function goOn(client: RawClient, offset: number, parameters: object = {}): Promise<RawAnswer> {
  const size = CONTENT.length;
  return client.ask("upload", { path: PATH, size, offset, ...OWNER, ...parameters }, CONTENT.subarray(offset));
}

Deno.test("what an interrupted upload left is told block by block, and gone on with from any place in it", async () => {
  await using server = await start();
  for (const there of [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 1000, CONTENT.length]) {
    for (const offset of new Set([0, 1, Math.min(there, BLOCK), there])) {
      await interrupt(server, CONTENT.subarray(0, there));
      using client = await RawClient.greet(server);
      const left = await resume(client);
      assertEquals([left.reply, left.body.toHex()], [{ size: there }, digestsOf(CONTENT.subarray(0, there))]);
      assertEquals((await resume(client)).reply, { size: there }, "asking takes nothing away");
      const { reply, message } = await goOn(client, offset);
      assertEquals(reply, { path: PATH, size: CONTENT.length }, message);
      assertEquals(sha256OfFile(server.dir + PATH), sha256(CONTENT), `${offset} of ${there}`);
      assertEquals(namesIn(server.dir), ["file.bin"]);
      Deno.removeSync(server.dir + PATH);
    }
  }
});

Deno.test("what a partial has behind the offset is dropped, and its time and executable bit come with the last request", async () => {
  await using server = await start();
  const wrong = CONTENT.slice(0, 2 * BLOCK + 7);
  wrong.fill(0, BLOCK);
  await interrupt(server, wrong);
  using client = await RawClient.greet(server);
  const short = { size: BLOCK + 10, modified: 1_000_000_000_000, mode: 0o755 };
  const answer = await client.ask(
    "upload",
    { path: PATH, ...OWNER, ...short, offset: BLOCK },
    CONTENT.subarray(BLOCK, BLOCK + 10),
  );
  assertEquals(answer.reply, { path: PATH, size: BLOCK + 10 }, answer.message);
  assertEquals(sha256OfFile(server.dir + PATH), sha256(CONTENT.subarray(0, BLOCK + 10)));
  const { mtime, mode } = Deno.statSync(server.dir + PATH);
  assertEquals([mtime!.getTime(), mode! & 0o100], [1_000_000_000_000, 0o100]);
});

Deno.test("END covers the body behind the offset, SHA-256 too, and its size is checked against the rest", async () => {
  await using server = await start();
  const rest = CONTENT.subarray(BLOCK);
  const end = endOf(rest);
  const whole = createHash("sha256").update(CONTENT).digest("hex");
  const ends: [object, string | undefined][] = [
    [{ ...end, sha256: whole }, "mismatch"],
    [{ ...endOf(CONTENT), sha256: sha256(rest) }, "mismatch"],
    [{ ...end, sha256: sha256(rest) }, undefined],
  ];
  for (const [said, code] of ends) {
    await interrupt(server, CONTENT.subarray(0, 2 * BLOCK));
    using client = await RawClient.greet(server);
    await begin(client, rest, { offset: BLOCK, size: CONTENT.length, sha256: true });
    await client.frame(FrameKind.END, 1, said);
    assertEquals((await client.answer(1)).code, code, JSON.stringify(said));
    assertEquals(partialsIn(server.dir), [], "nobody builds on what did not arrive as it was sent");
  }
  assertEquals(sha256OfFile(server.dir + PATH), sha256(CONTENT));

  await interrupt(server, CONTENT.subarray(0, BLOCK), { path: "/other.bin" });
  using client = await RawClient.greet(server);
  const short = await client.ask("upload", { path: "/other.bin", ...OWNER, offset: BLOCK, size: 2 * BLOCK }, utf8("x"));
  assertEquals(short.code, "mismatch");
  assertEquals(namesIn(server.dir), ["file.bin"]);
});

Deno.test("an offset behind what is there, or without its owner, is refused as changed and harms nothing", async () => {
  await using server = await start();
  await interrupt(server, CONTENT.subarray(0, BLOCK));
  using client = await RawClient.greet(server);
  const refused: [object, number, string][] = [
    [{}, BLOCK + 1, "changed"],
    [{ token: OTHER_TOKEN }, 1, "changed"],
    [{ token: undefined }, 1, "changed"],
    [{ run: undefined }, 1, "changed"],
    [{ token: undefined, run: undefined }, 1, "changed"],
    [{ size: BLOCK - 1 }, BLOCK, "bad_request"],
    [{ path: "/missing/file.bin" }, 1, "not_found"],
    [{ collision: "fail", path: "/taken" }, 1, "exists"],
  ];
  Deno.writeTextFileSync(`${server.dir}/taken`, "taken");
  for (const [parameters, offset, code] of refused) {
    assertEquals((await goOn(client, offset, parameters)).code, code, JSON.stringify([parameters, offset]));
    assertEquals(namesIn(server.dir).length, 2);
    assertEquals((await resume(client)).reply, { size: BLOCK });
  }
  for (const offset of [-1, 0.5, 2 ** 53, "1"]) {
    const { code } = await client.ask("upload", { path: PATH, ...OWNER, offset }, utf8("x"));
    assertEquals(code, "bad_request", String(offset));
  }
  assertEquals((await goOn(client, BLOCK)).reply?.size, CONTENT.length);
});

Deno.test("without the right token nobody learns of a partial", async () => {
  await using server = await start();
  await interrupt(server, CONTENT.subarray(0, BLOCK));
  using client = await RawClient.greet(server);
  const nothing = { size: 0 };
  for (const token of [OTHER_TOKEN, `${TOKEN.slice(0, 31)}0`]) {
    const { reply, body } = await resume(client, { token });
    assertEquals([reply, body.length], [nothing, 0]);
  }
  Deno.mkdirSync(`${server.dir}/sub`);
  assertEquals((await resume(client, { path: "/sub/file.bin" })).reply, nothing, "in that folder only");
  for (
    const wrong of [
      { token: OTHER_TOKEN.slice(1) },
      { token: OTHER_TOKEN.toUpperCase() },
      { token: `${OTHER_TOKEN}\n` },
      { token: "../x" },
      {
        run: `${RUN}0`,
      },
      { run: undefined },
      { token: undefined },
      { token: "*" },
    ]
  ) {
    assertEquals((await resume(client, wrong)).code, "bad_request", JSON.stringify(wrong));
  }
  assertEquals((await resume(client)).reply, { size: BLOCK });
  const { body } = await client.ask("ls", { path: "/", hidden: true, recursive: true });
  assertEquals(new TextDecoder().decode(body).includes("partial"), false);
  assertEquals(server.log().includes(TOKEN), false, "a token is a secret");
});

Deno.test("a partial that was tampered with shows in the digest of that block, and only there", async () => {
  await using server = await start();
  await interrupt(server, CONTENT);
  {
    using file = Deno.openSync(`${server.dir}/${partialsIn(server.dir)[0]}`, { write: true });
    file.seekSync(BLOCK + 17, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array([CONTENT[BLOCK + 17] ^ 1]));
  }
  using client = await RawClient.greet(server);
  const { body } = await resume(client);
  const wanted = Uint8Array.fromHex(digestsOf(CONTENT));
  const equal = [0, 1, 2, 3].map((at) => {
    const [from, to] = [at * BLOCK_DIGEST_BYTES, (at + 1) * BLOCK_DIGEST_BYTES];
    return body.subarray(from, to).toHex() === wanted.subarray(from, to).toHex();
  });
  assertEquals(equal, [true, false, true, true]);
  await goOn(client, BLOCK);
  assertEquals(sha256OfFile(server.dir + PATH), sha256(CONTENT));
});

Deno.test("a partial is kept only where there is an owner and something to keep", async () => {
  await using server = await start();
  await interrupt(server, new Uint8Array(0));
  await interrupt(server, CONTENT.subarray(0, 10), { token: undefined });
  await interrupt(server, CONTENT.subarray(0, 10), { run: undefined });
  assertEquals(namesIn(server.dir), []);
  using client = await RawClient.greet(server);
  await begin(client, CONTENT.subarray(0, 10));
  await client.frame(FrameKind.END, 1, { ...endOf(CONTENT.subarray(0, 10)), crc32: "00000000" });
  assertEquals((await client.answer(1)).code, "mismatch");
  assertEquals(namesIn(server.dir), []);
});

Deno.test("an attempt that starts over leaves nothing of the one before", async () => {
  await using server = await start();
  await interrupt(server, pattern(2 * BLOCK, 7));
  await interrupt(server, CONTENT.subarray(0, BLOCK), { run: OTHER_RUN });
  assertEquals(partialsIn(server.dir).length, 1);
  using client = await RawClient.greet(server);
  assertEquals((await resume(client)).reply, { size: BLOCK });
  assertEquals((await goOn(client, 0)).reply?.size, CONTENT.length);
  assertEquals([namesIn(server.dir), sha256OfFile(server.dir + PATH)], [["file.bin"], sha256(CONTENT)]);
});

Deno.test("what another run is writing is not given away; when its connection is lost, it is", async () => {
  await using server = await start();
  const writer = await RawClient.greet(server);
  await begin(writer, CONTENT.subarray(0, BLOCK));
  await hasArrived(server, BLOCK);
  using client = await RawClient.greet(server);
  assertEquals((await resume(client, { run: OTHER_RUN })).reply, { size: 0, held: true });
  assertEquals((await goOn(client, BLOCK, { run: OTHER_RUN })).code, "changed");
  // Both go on beside each other.
  assertEquals((await goOn(client, 0, { run: OTHER_RUN })).reply, { path: PATH, size: CONTENT.length });
  writer[Symbol.dispose]();
  await server.stderr.waitFor(` left client=127.0.0.1:${writer.port} `);
  assertEquals((await resume(client, { run: OTHER_RUN })).reply, { size: BLOCK });
  const { reply } = await goOn(client, BLOCK, { run: OTHER_RUN });
  assertEquals(reply, { path: "/file_1.bin", size: CONTENT.length });
  assertEquals(sha256OfFile(`${server.dir}/file_1.bin`), sha256(CONTENT));
  assertEquals(partialsIn(server.dir), []);
});

Deno.test("the same run takes over what its lost connection is still writing, which stops then", async () => {
  await using server = await start();
  using writer = await RawClient.greet(server);
  await begin(writer, CONTENT.subarray(0, BLOCK));
  await hasArrived(server, BLOCK);
  using client = await RawClient.greet(server);
  assertEquals((await resume(client)).reply, { size: BLOCK });
  await writer.frame(FrameKind.DATA, 1, utf8("late"));
  assertEquals((await writer.answer(1)).code, "changed");
  const { body } = await resume(client);
  assertEquals(body.toHex(), digestsOf(CONTENT.subarray(0, BLOCK)), "nothing more was written");
  assertEquals((await goOn(client, BLOCK)).reply?.size, CONTENT.length);
  assertEquals([namesIn(server.dir), sha256OfFile(server.dir + PATH)], [["file.bin"], sha256(CONTENT)]);
});

Deno.test("one that was taken over cannot publish either", async () => {
  await using server = await start();
  using writer = await RawClient.greet(server);
  await begin(writer, CONTENT.subarray(0, BLOCK));
  await hasArrived(server, BLOCK);
  using client = await RawClient.greet(server);
  await resume(client);
  await writer.frame(FrameKind.END, 1, endOf(CONTENT.subarray(0, BLOCK)));
  assertEquals((await writer.answer(1)).code, "changed");
  assertEquals((await resume(client)).reply, { size: BLOCK });
  assertEquals(namesIn(server.dir).length, 1);
});

Deno.test("a partial outlives the server, however that ends", async () => {
  using folder = new TempFolder();
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const token = signal === "SIGKILL" ? TOKEN : OTHER_TOKEN;
    {
      await using server = await startServer({ dir: folder.path, args: ["--grace", "0.1"] });
      using client = await RawClient.greet(server);
      await begin(client, CONTENT.subarray(0, BLOCK + 3), { token });
      await hasArrived(server, BLOCK + 3);
      server.kill(signal);
      await server.stopped;
    }
    await using server = await startServer({ dir: folder.path, args: ["--no-fsync"] });
    using client = await RawClient.greet(server);
    assertEquals((await resume(client, { token, run: OTHER_RUN })).reply, { size: BLOCK + 3 }, signal);
    assertEquals((await goOn(client, BLOCK, { token, run: OTHER_RUN })).reply?.size, CONTENT.length);
  }
  assertEquals(namesIn(folder.path), ["file.bin", "file_1.bin"]);
});

Deno.test("a link or a folder under the name of a partial is not gone on with", async () => {
  await using server = await start();
  using outside = new TempFolder();
  const secret = outside.file("secret.txt", CONTENT);
  Deno.symlinkSync(secret, `${server.dir}/${newPartialName(OWNER)}`);
  Deno.mkdirSync(`${server.dir}/${newPartialName(OWNER)}`);
  using client = await RawClient.greet(server);
  const { reply, body } = await resume(client);
  assertEquals([reply, body.length], [{ size: 0 }, 0]);
  assertEquals((await goOn(client, 1)).code, "changed");
  assertEquals((await goOn(client, 0)).reply?.size, CONTENT.length);
  assertEquals(sha256OfFile(secret), sha256(CONTENT));
  assertEquals(partialsIn(server.dir).length, 2);
});

Deno.test("a read-only server gives blocks, checksums and room, and neither partials nor copies", async () => {
  using folder = new TempFolder();
  folder.file("file.bin", CONTENT);
  await using server = await startServer({ dir: folder.path, args: ["--read-only"] });
  using client = await RawClient.greet(server);
  assertEquals((await resume(client)).code, "read_only");
  assertEquals((await client.ask("cp", { from: PATH, to: "/copy" })).code, "read_only");
  assertEquals((await client.ask("touch", { path: PATH, before: 0, modified: 0, mode: 0 })).code, "read_only");
  assertEquals((await client.ask("blocks", { path: PATH, size: 1 })).code, undefined);
  assertEquals((await client.ask("checksum", { path: PATH, algorithm: "crc32" })).code, undefined);
  assertEquals((await client.ask("df", { path: PATH })).code, undefined);
  assertEquals(namesIn(folder.path), ["file.bin"]);
});

Deno.test("a download gives what comes behind its offset, verified, and refuses one behind the end as changed", async () => {
  await using server = await start();
  Deno.writeFileSync(server.dir + PATH, CONTENT);
  using client = await RawClient.greet(server);
  const library = await connect({ hostname: "127.0.0.1", port: server.port });
  for (const offset of [0, 1, BLOCK, CONTENT.length - 1, CONTENT.length]) {
    const { reply, body } = await client.ask("download", { path: PATH, offset });
    assertEquals(reply.entry.size, CONTENT.length, "the size of the whole file");
    assertEquals(sha256(body), sha256(CONTENT.subarray(offset)), String(offset));
    const download = await library.download(PATH, { offset, sha256: true });
    let bytes = 0;
    for (let chunk = await download.read(); chunk !== null; chunk = await download.read()) bytes += chunk.length;
    assertEquals(bytes, CONTENT.length - offset);
  }
  await library.close();
  assertEquals((await client.ask("download", { path: PATH, offset: CONTENT.length + 1 })).code, "changed");
  assertEquals((await client.ask("download", { path: PATH, offset: -1 })).code, "bad_request");
  assertEquals((await client.ask("download", { path: "/", offset: 1 })).code, "is_folder");
});

Deno.test("blocks tells the digests of as much of a file as was asked for", async () => {
  await using server = await start();
  Deno.writeFileSync(server.dir + PATH, CONTENT);
  using client = await RawClient.greet(server);
  for (const size of [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, CONTENT.length, CONTENT.length + 1, 2 ** 53 - 1]) {
    const { reply, body } = await client.ask("blocks", { path: PATH, size });
    assertEquals(reply.entry.size, CONTENT.length);
    assertEquals(body.toHex(), digestsOf(CONTENT.subarray(0, size)), String(size));
  }
  Deno.writeFileSync(`${server.dir}/empty`, new Uint8Array(0));
  assertEquals((await client.ask("blocks", { path: "/empty", size: 100 })).body.length, 0);
  for (const [path, code] of [["/", "is_folder"], ["/missing", "not_found"], ["/empty/x", "not_folder"]]) {
    assertEquals((await client.ask("blocks", { path, size: 1 })).code, code, path);
  }
  assertEquals((await client.ask("blocks", { path: PATH, size: -1 })).code, "bad_request");
});

Deno.test("blocks of a file that was changed say so: by their digests, by the entry, or by their end", async () => {
  await using server = await start();
  Deno.writeFileSync(server.dir + PATH, CONTENT);
  Deno.utimeSync(server.dir + PATH, 1_000_000, 1_000_000);
  using client = await RawClient.greet(server);
  const ask = () => client.ask("blocks", { path: PATH, size: CONTENT.length });
  const before = await ask();
  {
    using file = Deno.openSync(server.dir + PATH, { write: true });
    file.seekSync(BLOCK, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array([CONTENT[BLOCK] ^ 1]));
  }
  const after = await ask();
  assertEquals(after.reply.entry.size, before.reply.entry.size);
  assertNotEquals(after.reply.entry.modified, before.reply.entry.modified);
  const [one, two] = [before.body, after.body].map((body) => body.subarray(0, BLOCK_DIGEST_BYTES).toHex());
  assertEquals(one, two);
  assertNotEquals(before.body.toHex(), after.body.toHex());

  Deno.truncateSync(server.dir + PATH, 8192 * BLOCK); // sparse, and it takes far longer than any test to read it
  Deno.utimeSync(server.dir + PATH, 1_000_000, 1_000_000);
  await client.frame(FrameKind.REQUEST, 100, { command: "blocks", path: PATH, size: 8192 * BLOCK });
  assertEquals((await client.next())?.kind, FrameKind.REPLY);
  Deno.truncateSync(server.dir + PATH, BLOCK);
  const { code, body } = await client.answer(100);
  assertEquals(code, "changed"); // what is gone has no digest
  assert(body.length < 8192 * BLOCK_DIGEST_BYTES);
});

Deno.test("checksums are those of sha256sum and of zlib", async () => {
  await using server = await start();
  using client = await RawClient.greet(server);
  for (const size of [0, 1, 65_537, BLOCK, CONTENT.length]) {
    const bytes = CONTENT.subarray(0, size);
    Deno.writeFileSync(server.dir + PATH, bytes);
    const { stdout } = new Deno.Command("sha256sum", { args: [server.dir + PATH] }).outputSync();
    const [checksum] = new TextDecoder().decode(stdout).split(" ");
    assertEquals((await client.ask("checksum", { path: PATH, algorithm: "sha256" })).reply, { size, checksum });
    const { reply } = await client.ask("checksum", { path: PATH, algorithm: "crc32" });
    assertEquals(reply, { size, checksum: endOf(bytes).crc32 });
  }
  for (const [path, code] of [["/", "is_folder"], ["/missing", "not_found"], ["/file.bin/x", "not_folder"]]) {
    assertEquals((await client.ask("checksum", { path, algorithm: "sha256" })).code, code, path);
  }
  for (const algorithm of ["md5", "SHA256", "", 1, undefined, "__proto__"]) {
    assertEquals((await client.ask("checksum", { path: PATH, algorithm })).code, "bad_request", String(algorithm));
  }
});

Deno.test("a checksum lets others have their turn, and can be canceled", async () => {
  await using server = await start();
  const path = `${server.dir}/large.bin`;
  Deno.writeTextFileSync(path, "");
  Deno.truncateSync(path, 64 * 1024 * BLOCK); // 64 GiB of nothing: it takes far longer than any test
  using client = await RawClient.greet(server);
  await client.frame(FrameKind.REQUEST, 1, { command: "checksum", path: "/large.bin", algorithm: "sha256" });
  await client.frame(FrameKind.PING, 0);
  assertEquals((await client.next())?.kind, FrameKind.PONG, "it lets others have their turn");
  await client.frame(FrameKind.CANCEL, 1);
  assertEquals((await client.answer(1)).code, "canceled");
});

Deno.test("the checksum of a file that changes meanwhile is refused, unless it only grows", async () => {
  const changed = new DiskError("changed", "it was changed");
  const sumOf = async (algorithm: "sha256" | "crc32", first: Uint8Array, second?: Uint8Array) => {
    let rest = first;
    const file = {
      size: first.length,
      read(into: Uint8Array) {
        const part = rest.subarray(0, into.length);
        into.set(part);
        rest = rest.subarray(part.length);
        return part.length;
      },
      rewindIfChanged() {
        rest = second ?? rest;
        return second && changed;
      },
      close() {},
    };
    const call = { storage: { open: () => file }, signal: new AbortController().signal } as unknown as Call;
    return (await checksum(call, { path: "/log", algorithm })).reply;
  };
  const bytes = CONTENT.subarray(0, 3 * BLOCK);
  const other = bytes.map((byte, at) => at === BLOCK ? byte ^ 1 : byte);
  for (const algorithm of ["sha256", "crc32"] as const) {
    const still = await sumOf(algorithm, bytes);
    assertEquals(still.size, bytes.length);
    assertEquals(await sumOf(algorithm, bytes, bytes), still);
    assertEquals(await assertRejects(() => sumOf(algorithm, bytes, other)), changed);
  }
});

Deno.test("cp copies content, time and executable bit, to a free name only", async () => {
  await using server = await start();
  const [file, copy] = [server.dir + PATH, `${server.dir}/copy.bin`];
  Deno.writeFileSync(file, CONTENT);
  Deno.utimeSync(file, 1_000_000, 1_000_000);
  Deno.chmodSync(file, 0o755);
  using client = await RawClient.greet(server);
  assertEquals((await client.ask("cp", { from: PATH, to: "/copy.bin" })).reply, { path: "/copy.bin" });
  const { mtime, mode } = Deno.statSync(copy);
  assertEquals([sha256OfFile(copy), mtime!.getTime(), mode! & 0o100], [sha256(CONTENT), 1_000_000_000, 0o100]);
  Deno.writeTextFileSync(file, "another");
  assertEquals(sha256OfFile(copy), sha256(CONTENT), "it is a copy and no link");

  Deno.mkdirSync(`${server.dir}/folder`);
  Deno.symlinkSync("copy.bin", `${server.dir}/link`);
  Deno.symlinkSync("folder", `${server.dir}/folder-link`);
  const before = namesIn(server.dir);
  for (const to of ["/copy.bin", PATH, "/folder", "/link", "/folder-link", "/"]) {
    assertEquals((await client.ask("cp", { from: PATH, to })).code, "exists", to);
  }
  for (
    const [from, to, code] of [
      ["/folder", "/new", "is_folder"],
      ["/", "/new", "is_folder"],
      ["/missing", "/new", "not_found"],
      [PATH, "/missing/new", "not_found"],
      [PATH, "/copy.bin/new", "not_folder"],
    ]
  ) {
    assertEquals((await client.ask("cp", { from, to })).code, code, `${from} ${to}`);
  }
  assertEquals([namesIn(server.dir), sha256OfFile(copy)], [before, sha256(CONTENT)]);
  assertEquals((await client.ask("cp", { from: "/link", to: "/folder-link/new" })).reply, { path: "/folder-link/new" });
  assert(Deno.lstatSync(`${server.dir}/folder/new`).isFile);
});

Deno.test("a cp that is canceled leaves nothing", async () => {
  await using server = await start();
  const path = `${server.dir}/large.bin`;
  Deno.writeTextFileSync(path, "");
  Deno.truncateSync(path, 2048 * BLOCK);
  using client = await RawClient.greet(server);
  await client.frame(FrameKind.REQUEST, 1, { command: "cp", from: "/large.bin", to: "/copy.bin" });
  await until(() => partialsIn(server.dir).length === 1, "the partial");
  await client.frame(FrameKind.CANCEL, 1);
  assertEquals((await client.answer(1)).code, "canceled");
  assertEquals(namesIn(server.dir), ["large.bin"]);
});

Deno.test("df tells what the system tells of the disk", async () => {
  await using server = await start();
  Deno.writeTextFileSync(server.dir + PATH, "x");
  using client = await RawClient.greet(server);
  const { bsize, blocks } = statfsSync(server.dir);
  for (const path of ["/", PATH]) {
    const { reply } = await client.ask("df", { path });
    assertEquals(reply.size, bsize * blocks);
    assertLess(reply.free, reply.size);
  }
  assertEquals((await client.ask("df", { path: "/missing" })).code, "not_found");
  assertEquals((await client.ask("df", { path: `${PATH}/x` })).code, "not_folder");
});

Deno.test("a file that becomes shorter while its blocks are read is told to have changed, and no digest is made up", async () => {
  const sizes = [BLOCK, 10];
  const digests = blockDigests(2 * BLOCK, () => Promise.resolve(sizes.shift()!), new AbortController().signal);
  const into = new Uint8Array(1000);
  assertEquals(await digests.read(into), 32);
  const error = await assertRejects(async () => await digests.read(into), CommandError);
  assertEquals(error.code, "changed");
});

Deno.test("what an earlier attempt has stored is not stored again, whatever was to be done about a name that is taken", async () => {
  await using server = await start();
  using client = await RawClient.greet(server);
  const modified = 1_000_000_000_000;
  const upload = (text: string, parameters: object = {}) =>
    client.ask("upload", { path: PATH, size: text.length, modified, again: true, ...parameters }, utf8(text));
  assertEquals((await upload("content")).reply, { path: PATH, size: 7 });
  for (const collision of [undefined, "rename", "fail", "overwrite"]) {
    assertEquals((await upload("content", { collision })).reply, { path: PATH, size: 7 });
  }
  assertEquals(namesIn(server.dir), ["file.bin"]);
  const others = [["content", { again: false }], ["content", { modified: modified + 1 }], ["konzent", {}], [
    "more",
    {},
  ]] as const;
  for (const [at, [text, parameters]] of others.entries()) {
    assertEquals((await upload(text, parameters)).reply?.path, `/file_${at + 1}.bin`);
    assertEquals((await upload(text, { ...parameters, again: false, collision: "fail" })).code, "exists");
  }
  assertEquals((await upload("konzent")).reply?.path, "/file_3.bin");
  assertEquals(namesIn(server.dir).length, 1 + others.length);
});
