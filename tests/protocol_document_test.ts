/** PROTOCOL.md and the code say the same: its tables, its example exchange byte by byte, and the sections that we cite. */

import { assert, assertEquals } from "@std/assert";
import { Connection } from "../protocol/connection.ts";
import { ERROR_CODES } from "../protocol/errors.ts";
import {
  decodeHeader,
  encodeFrame,
  FLAG_BODY,
  FrameKind,
  kindName,
  MAX_CONTROL_BYTES,
  MAX_DATA_BYTES,
  PREAMBLE,
} from "../protocol/frame.ts";
import { decodeMessage, decodeRequest } from "../protocol/message_codec.ts";
import {
  BLOCK_BYTES,
  BODY_WINDOW_BYTES,
  bodyEnd,
  clientHello,
  COMMANDS,
  errorMessage,
  goodbye,
  MAX_OUTSTANDING_REQUESTS,
  serverHello,
} from "../protocol/messages.ts";
import { PackReader, packSource } from "../protocol/pack.ts";
import { EXCHANGE, formatBlock, readBlocks } from "./support/example_exchange.ts";
import { concat } from "./support/frames.ts";
import { incoming } from "./support/memory_transport.ts";
import { startServer } from "./support/programs.ts";
import { RawClient } from "./support/raw_client.ts";
import { sourceFiles } from "./support/source_files.ts";
import { inTime } from "./support/watchdog.ts";

const DOCUMENT = Deno.readTextFileSync(new URL("../PROTOCOL.md", import.meta.url));

/** The text of a section, its subsections included. */
function section(number: string): string {
  const depth = number.split(".").length + 1;
  const rest = DOCUMENT.slice(DOCUMENT.search(new RegExp(`^#{${depth}} ${number.replace(".", "\\.")}[. ]`, "m")));
  const heading = rest.indexOf("\n");
  const end = rest.slice(heading).search(new RegExp(`^#{2,${depth}} `, "m"));
  return end < 0 ? rest : rest.slice(0, heading + end);
}

/** The tables of a text, each as its rows without the head, each row as its cells without backticks. */
function tables(text: string): string[][][] {
  return [...text.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) =>
    table.trimEnd().split("\n").slice(2).map((row) =>
      row.slice(1, -1).split("|").map((cell) => cell.trim().replaceAll("`", ""))
    )
  );
}

function columns(table: string[][], ...indexes: number[]): string[][] {
  return table.map((row) => indexes.map((index) => row[index]));
}

/** The names in the first column of a table. */
function members(table: string[][]): string[] {
  return table.map(([name]) => name).sort();
}

Deno.test("the example exchange is what the code encodes, byte by byte", () => {
  const blocks = readBlocks(DOCUMENT);
  assertEquals(blocks.map(({ from, title }) => `${from}: ${title}`), EXCHANGE.map((s) => `${s.from}: ${s.title}`));
  blocks.forEach(({ title, bytes, text }, index) => {
    const says = formatBlock(EXCHANGE[index]);
    assertEquals(bytes.toHex(), EXCHANGE[index].bytes.toHex(), `${title}: PROTOCOL.md should have\n${says}`);
    assertEquals(text, says, `${title}: the comments are not right`);
  });
});

Deno.test("the example exchange is read back as what its comments say", async () => {
  const blocks = readBlocks(DOCUMENT);
  for (const from of ["client", "server"] as const) {
    const sent = blocks.filter((block) => block.from === from);
    const connection = new Connection(incoming(concat(sent.map(({ bytes }) => bytes)), () => 7));
    if (from === "client") assertEquals(await connection.readOpening(), sent.shift()!.bytes);
    for (const { title, bytes } of sent) {
      const frame = await inTime(connection.readFrame(), title);
      assert(frame, title);
      const { kind, id, flags, payload } = frame;
      assertEquals(id === 0 ? kindName(kind) : `${kindName(kind)} ${id}`, title);
      assertEquals(encodeFrame(kind, id, payload, flags), bytes);
    }
    assertEquals(await connection.readFrame(), null);
  }
});

Deno.test("the payloads of the example exchange fit their schemas", () => {
  for (const { from, title, bytes } of readBlocks(DOCUMENT).filter(({ title }) => title !== "preamble")) {
    const { kind } = decodeHeader(bytes);
    const payload = bytes.subarray(8);
    if (kind === FrameKind.HELLO) decodeMessage(from === "client" ? clientHello : serverHello, payload, title);
    if (kind === FrameKind.REQUEST) decodeRequest(payload);
    if (kind === FrameKind.END) decodeMessage(bodyEnd, payload, title);
    if (kind === FrameKind.ERROR) decodeMessage(errorMessage, payload, title);
    if (kind === FrameKind.GOODBYE) decodeMessage(goodbye, payload, title);
  }
});

Deno.test("ftpd gives the answers of the example exchange", async () => {
  await using server = await startServer();
  using client = await RawClient.connect(server);
  for (const { from, title, bytes } of readBlocks(DOCUMENT)) {
    if (from === "client") {
      await client.send(bytes);
      continue;
    }
    const answer = await inTime(client.next(), title);
    assert(answer, `${title}: the server closed`);
    const header = decodeHeader(bytes);
    const payload = bytes.subarray(8);
    assertEquals([answer.kind, answer.id, answer.hasBody], [header.kind, header.id, (header.flags & FLAG_BODY) !== 0]);
    if (!answer.message) assertEquals(answer.bytes, payload, title);
    else {
      const message = JSON.parse(new TextDecoder().decode(payload));
      if (header.kind === FrameKind.HELLO) message.software = answer.message.software; // it grows with every release
      assertEquals(answer.message, message, title);
    }
  }
  assertEquals(await inTime(client.next(), "the end"), null);
});

Deno.test("section 2: the preamble", () => {
  assert(section("2").includes(new TextDecoder().decode(PREAMBLE)));
  assert(section("2").includes([...PREAMBLE].map((byte) => byte.toString(16)).join(" ")));
});

Deno.test("section 3.2: the kinds of frame, their ids and their limits", () => {
  const [table] = tables(section("3.2"));
  assertEquals(columns(table, 0, 1), Object.entries(FrameKind).map(([name, kind]) => [String(kind), name]));
  for (const [number, name, , ids, , limit] of table) {
    const kind = Number(number) as FrameKind;
    const most = Number(limit.replaceAll(",", ""));
    const id = ids === "0" ? 0 : 1;
    decodes(kind, id, most, name);
    refuses(kind, id, most + 1, name);
    const other = 1 - id;
    if (ids.startsWith("0 or ")) decodes(kind, other, 0, name);
    else refuses(kind, other, 0, name);
  }

  function decodes(kind: FrameKind, id: number, length: number, name: string): void {
    assertEquals(decodeHeader(rawHeader(kind, id, length)), { kind, id, length, flags: 0 }, name);
  }

  function refuses(kind: FrameKind, id: number, length: number, name: string): void {
    let header;
    try {
      header = decodeHeader(rawHeader(kind, id, length));
    } catch {
      return;
    }
    throw new Error(`${name} is let through: ${JSON.stringify(header)}`);
  }
});

Deno.test("section 4: the members of HELLO and GOODBYE", () => {
  const [client, server] = tables(section("4.1"));
  assertEquals(members(client), Object.keys(clientHello.entries).sort());
  assertEquals(members([...client, ...server]), Object.keys(serverHello.entries).sort());
  assertEquals(members(tables(section("4.4"))[0]), Object.keys(goodbye.entries).sort());
});

Deno.test("section 6.1: the members of END", () => {
  assertEquals(members(tables(section("6.1"))[0]), Object.keys(bodyEnd.entries).sort());
});

Deno.test("section 7: every command, whether it changes something, and who sends its body", () => {
  const expected = Object.entries(COMMANDS).map(([name, command]) => {
    const body = "body" in command ? command.body.toUpperCase() : "";
    return [name, command.access, body];
  });
  assertEquals(columns(tables(section("7"))[0], 0, 1, 2).sort(), expected.sort());
});

Deno.test("section 7.1: the members of an entry", () => {
  assertEquals(members(tables(section("7.1"))[0]), Object.keys(COMMANDS.stat.reply.entries.entry.entries).sort());
});

for (const [name, , , number] of tables(section("7"))[0]) {
  Deno.test(`section ${number}: the members of ${name}`, () => {
    const text = section(number);
    assert(text.startsWith(`### ${number} ${name}\n`), `section ${number} is not about ${name}`);
    const { request, reply } = COMMANDS[name as keyof typeof COMMANDS];
    const [asked, answered] = tables(text);
    assertEquals(members(asked), Object.keys(request.entries).sort());
    assertEquals(answered ? members(answered) : [], Object.keys(reply.entries).sort());
  });
}

Deno.test("section 7.16: the example of a packed file is what the code makes of it, and reads", async () => {
  const [, digits] = /```hex\n([^`]*)```/.exec(section("7.16"))!;
  const bytes = Uint8Array.fromHex(digits.replace(/\s/g, ""));
  const content = new TextEncoder().encode("hello");
  const files = [{ path: "/a", content, modified: 1000, mode: 0o755, failed: false }];
  const chunks: (Uint8Array<ArrayBuffer> | null)[] = [bytes];
  const reader = new PackReader(() => Promise.resolve(chunks.shift() ?? null));
  await reader.fill();
  assertEquals([reader.next(), reader.next()], [files[0], undefined]);
  const packed = new Uint8Array(bytes.length + 1);
  assertEquals(await packSource(() => files.shift()).read(packed), bytes.length);
  assertEquals(packed.subarray(0, bytes.length), bytes);
});

Deno.test("section 8.1: every code and its meaning", () => {
  const [message, codes] = tables(section("8.1"));
  assertEquals(members(message), Object.keys(errorMessage.entries).sort());
  assertEquals(codes, Object.entries(ERROR_CODES).map(([code, meaning]) => [code, meaning]));
});

Deno.test("section 9: the limits", () => {
  const limits = new Map(columns(tables(section("9"))[0], 0, 1) as [string, string][]);
  const thousands = (value: number) => value.toLocaleString("en");
  assertEquals(limits.get("payload of a DATA frame"), `${thousands(MAX_DATA_BYTES)} bytes`);
  assertEquals(limits.get("payload of any other frame"), `${thousands(MAX_CONTROL_BYTES)} bytes`);
  assertEquals(limits.get("a block (section 7.11)"), `${thousands(BLOCK_BYTES)} bytes`);
  assertEquals(limits.get("outstanding requests"), `maxRequests of the server (${MAX_OUTSTANDING_REQUESTS} in ours)`);
  assertEquals(
    limits.get("bytes kept of bodies whose turn has not come"),
    `window of the server (${thousands(BODY_WINDOW_BYTES)} in ours)`,
  );
});

Deno.test("every section that the code or the document cites exists", () => {
  const headings = new Set([...DOCUMENT.matchAll(/^#+ (\d+(?:\.\d+)?)\.? /gm)].map(([, number]) => number));
  const missing: string[] = [];
  for (const { path, text } of [...sourceFiles(), { path: "PROTOCOL.md", text: DOCUMENT }]) {
    // Comments may break the line anywhere.
    const flat = text.replace(/\s+(?:\*|\/\/)?\s*/g, " ");
    const cited = path === "PROTOCOL.md" ? /\bsections? ([\d., and]+)/g : /PROTOCOL\.md sections? ([\d., and]+)/g;
    for (const [, list] of flat.matchAll(cited)) {
      for (const [number] of list.matchAll(/\d+(\.\d+)?/g)) {
        if (!headings.has(number)) missing.push(`${path}: section ${number}`);
      }
    }
  }
  assertEquals(missing, []);
});

/** A header that no encoder would let through. */
function rawHeader(kind: number, id: number, length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  view.setUint8(4, kind);
  view.setUint16(6, id);
  return bytes;
}
