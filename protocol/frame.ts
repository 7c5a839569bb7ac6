/**
 * The frame: an 8-byte header and its payload (PROTOCOL.md section 3). Pure functions over bytes.
 *
 * @module
 */

import { ProtocolError } from "./errors.ts";

/** What the client sends first (PROTOCOL.md section 2): eight ASCII bytes. */
export const PREAMBLE: Uint8Array<ArrayBuffer> = new TextEncoder().encode("CONNME/1");

/** Length of a frame header in bytes. */
export const HEADER_BYTES = 8;

/** Largest payload of a DATA frame in bytes. */
export const MAX_DATA_BYTES = 1024 * 1024;

/** Largest payload of any other frame in bytes. */
export const MAX_CONTROL_BYTES = 64 * 1024;

/** The kinds of frame (PROTOCOL.md section 3.2). */
export const FrameKind = {
  HELLO: 1,
  REQUEST: 2,
  REPLY: 3,
  ERROR: 4,
  DATA: 5,
  END: 6,
  CANCEL: 7,
  PING: 8,
  PONG: 9,
  GOODBYE: 10,
} as const;

/** The number of a frame kind. */
export type FrameKind = typeof FrameKind[keyof typeof FrameKind];

/** Flag of REQUEST and REPLY: a body follows under the same id (PROTOCOL.md section 3.3). */
export const FLAG_BODY = 0x01;

/** A decoded header. */
export interface FrameHeader {
  /** Payload length in bytes. */
  length: number;
  /** What the frame is. */
  kind: FrameKind;
  /** Bit set; only {@linkcode FLAG_BODY} is defined. */
  flags: number;
  /** The request it belongs to; 0 for frames of the connection itself. */
  id: number;
}

/** A header and its payload. */
export interface Frame extends FrameHeader {
  /** The payload; for DATA it is valid only until the next frame is read. */
  payload: Uint8Array<ArrayBuffer>;
}

/** Whether a frame of this kind belongs to a request (id 1-65535), to the connection (0), or may do either. */
const ID_RULE: Record<FrameKind, "connection" | "request" | "either"> = {
  [FrameKind.HELLO]: "connection",
  [FrameKind.REQUEST]: "request",
  [FrameKind.REPLY]: "request",
  [FrameKind.ERROR]: "either",
  [FrameKind.DATA]: "request",
  [FrameKind.END]: "request",
  [FrameKind.CANCEL]: "request",
  [FrameKind.PING]: "connection",
  [FrameKind.PONG]: "connection",
  [FrameKind.GOODBYE]: "connection",
};

const NAMES = new Map<number, string>(Object.entries(FrameKind).map(([name, kind]) => [kind, name]));

/**
 * The name of a frame kind, for messages.
 *
 * @param kind the number in the header
 * @returns `DATA` and so on, or `kind 99`
 */
export function kindName(kind: number): string {
  return NAMES.get(kind) ?? `kind ${kind}`;
}

/**
 * Writes a header into the first 8 bytes of a buffer (PROTOCOL.md section 3.1).
 *
 * @param target at least 8 bytes long
 * @param header the length is in bytes and must be within the limit of its kind
 * @throws {ProtocolError} when the header is one that {@linkcode decodeHeader} would refuse
 *
 * @example
 * ```ts
 * import { encodeHeader, FrameKind } from "./frame.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(8);
 * encodeHeader(bytes, { length: 5, kind: FrameKind.DATA, flags: 0, id: 7 });
 * assertEquals([...bytes], [0, 0, 0, 5, 5, 0, 0, 7]);
 * ```
 */
export function encodeHeader(target: Uint8Array, header: FrameHeader): void {
  checkHeader(header);
  const { length, kind, flags, id } = header;
  target[0] = length >>> 24;
  target[1] = length >>> 16;
  target[2] = length >>> 8;
  target[3] = length;
  target[4] = kind;
  target[5] = flags;
  target[6] = id >>> 8;
  target[7] = id;
}

/**
 * Reads a header from the first 8 bytes of a buffer (PROTOCOL.md section 3.1). The length is checked here, before
 * anybody allocates by it.
 *
 * @param source at least 8 bytes long
 * @returns the header
 * @throws {ProtocolError} for an unknown kind or flag, a length over the limit, or an id that does not fit the kind
 */
export function decodeHeader(source: Uint8Array): FrameHeader {
  const header = {
    length: ((source[0] << 24) | (source[1] << 16) | (source[2] << 8) | source[3]) >>> 0,
    kind: source[4] as FrameKind,
    flags: source[5],
    id: (source[6] << 8) | source[7],
  };
  checkHeader(header);
  return header;
}

/**
 * A whole frame as bytes.
 *
 * @param kind what it is
 * @param id the request it belongs to, or 0
 * @param payload its bytes, within the limit of the kind
 * @param flags see {@linkcode FLAG_BODY}
 * @returns header and payload in one array, for one write
 * @throws {ProtocolError} when the frame is one that {@linkcode decodeHeader} would refuse
 */
export function encodeFrame(kind: FrameKind, id: number, payload: Uint8Array, flags = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  encodeHeader(bytes, { length: payload.length, kind, flags, id });
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

function checkHeader({ length, kind, flags, id }: FrameHeader): void {
  const rule = ID_RULE[kind];
  if (rule === undefined) throw new ProtocolError(`unknown frame kind ${kind}`);
  const limit = kind === FrameKind.DATA ? MAX_DATA_BYTES : MAX_CONTROL_BYTES;
  if (length > limit) throw new ProtocolError(`${kindName(kind)} frame of ${length} bytes; the limit is ${limit}`);
  const mayHaveBody = kind === FrameKind.REQUEST || kind === FrameKind.REPLY;
  if (flags !== 0 && !(mayHaveBody && flags === FLAG_BODY)) {
    throw new ProtocolError(`unknown flags 0x${flags.toString(16)} on a ${kindName(kind)} frame`);
  }
  if (rule !== "either" && (rule === "connection") !== (id === 0)) {
    throw new ProtocolError(`${kindName(kind)} frame with request id ${id}`);
  }
}
