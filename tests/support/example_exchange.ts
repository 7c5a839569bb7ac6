/**
 * The example exchange of PROTOCOL.md section 11: as the code says it, and as the document shows it.
 *
 * @module
 */

import { encodeFrame, FLAG_BODY, FrameKind, HEADER_BYTES, kindName, PREAMBLE } from "../../protocol/frame.ts";
import { encodeMessage } from "../../protocol/message_codec.ts";

/** One block: the preamble, or one frame. */
export interface Step {
  /** Who sends it. */
  from: "client" | "server";
  /** What it is called. */
  title: string;
  /** What goes over the wire. */
  bytes: Uint8Array<ArrayBuffer>;
}

const MODIFIED = Date.UTC(2026, 0, 1);
const ENTRY = { name: "hello.txt", kind: "file", size: 5, modified: MODIFIED, mode: 0o644, link: false };
const HELLO_TEXT = new TextEncoder().encode("hello");
const CRC32 = "3610a686";
const PING = new Uint8Array([0xde, 0xad, 0xbe, 0xef]);

/** The exchange, encoded by the code. */
export const EXCHANGE: readonly Step[] = [
  { from: "client", title: "preamble", bytes: PREAMBLE },
  frame("client", FrameKind.HELLO, 0, { version: 1, software: "example/1.0", capabilities: [] }),
  frame("server", FrameKind.HELLO, 0, {
    version: 1,
    software: "connme/0.1.0",
    capabilities: ["sha256", "packs", "folder_digests"],
    readOnly: false,
    idleTimeout: 900,
    maxRequests: 256,
    window: 1048576,
  }),
  frame("client", FrameKind.REQUEST, 1, { command: "size", path: "/" }),
  frame("server", FrameKind.REPLY, 1, { size: 0, files: 0, folders: 0 }),
  frame("client", FrameKind.REQUEST, 2, {
    command: "upload",
    path: "/hello.txt",
    size: 5,
    modified: MODIFIED,
  }, FLAG_BODY),
  frame("client", FrameKind.DATA, 2, HELLO_TEXT),
  frame("client", FrameKind.END, 2, { size: 5, crc32: CRC32 }),
  frame("server", FrameKind.REPLY, 2, { path: "/hello.txt", size: 5 }),
  frame("client", FrameKind.REQUEST, 3, { command: "download", path: "/hello.txt" }),
  frame("server", FrameKind.REPLY, 3, { entry: ENTRY }, FLAG_BODY),
  frame("server", FrameKind.DATA, 3, HELLO_TEXT),
  frame("server", FrameKind.END, 3, { size: 5, crc32: CRC32 }),
  frame("client", FrameKind.REQUEST, 4, { command: "stat", path: "/missing" }),
  frame("server", FrameKind.ERROR, 4, {
    code: "not_found",
    message: '"/missing": there is no such file or folder',
  }),
  frame("client", FrameKind.PING, 0, PING),
  frame("server", FrameKind.PONG, 0, PING),
  frame("client", FrameKind.GOODBYE, 0, {}),
  frame("server", FrameKind.GOODBYE, 0, { reason: "bye" }),
];

/**
 * Reads the blocks of section 11. A block is fenced as `hex` and begins with `# SENDER: TITLE`; then come pairs of
 * hexadecimal digits, and comments from `#` to the end of a line.
 *
 * @param markdown the text of PROTOCOL.md
 * @returns the steps, and the text of each block
 * @throws {Error} for a block in another form
 */
export function readBlocks(markdown: string): (Step & { text: string })[] {
  const section = markdown.split(/^(?=## )/m).find((part) => part.startsWith("## 11."));
  if (section === undefined) throw new Error("PROTOCOL.md has no section 11");
  return [...section.matchAll(/^```hex\n(.*?)^```$/gms)].map(([, text]) => {
    const [, from, title] = text.match(/^# (client|server): (.+)\n/) ?? [];
    if (title === undefined) throw new Error(`no sender in the block\n${text}`);
    const digits = text.replace(/#.*$/gm, "").trim().split(/\s+/);
    if (!digits.every((pair) => /^[0-9a-f]{2}$/.test(pair))) throw new Error(`no hex dump:\n${text}`);
    return { from: from as Step["from"], title, bytes: Uint8Array.fromHex(digits.join("")), text };
  });
}

/**
 * A step as the document shows it.
 *
 * @param step the preamble or a frame
 * @returns the text between the fences
 */
export function formatBlock({ from, title, bytes }: Step): string {
  const lines: [string, string][] = [];
  const header = bytes[0] === 0;
  if (header) {
    const view = new DataView(bytes.buffer);
    lines.push([hex(bytes.subarray(0, 4)), `length ${view.getUint32(0)}`]);
    lines.push([hex(bytes.subarray(4, 5)), `kind ${kindName(bytes[4])}`]);
    lines.push([hex(bytes.subarray(5, 6)), bytes[5] === 0 ? "no flags" : "flag BODY"]);
    lines.push([hex(bytes.subarray(6, 8)), `id ${view.getUint16(6)}`]);
  }
  for (let at = header ? HEADER_BYTES : 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    lines.push([hex(row), new TextDecoder("latin1").decode(row).replace(/[^ -~]/g, ".")]);
  }
  const width = Math.max(...lines.map(([digits]) => digits.length));
  return [`# ${from}: ${title}`, ...lines.map(([digits, says]) => `${digits.padEnd(width)}  # ${says}`), ""].join("\n");
}

function frame(from: Step["from"], kind: FrameKind, id: number, content: object | Uint8Array, flags = 0): Step {
  const payload = content instanceof Uint8Array ? content : encodeMessage(content);
  const title = id === 0 ? kindName(kind) : `${kindName(kind)} ${id}`;
  return { from, title, bytes: encodeFrame(kind, id, payload, flags) };
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
