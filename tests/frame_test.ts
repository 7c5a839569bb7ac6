/** The frame header: what goes in comes out, and nothing else gets through. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../protocol/errors.ts";
import {
  decodeHeader,
  encodeFrame,
  encodeHeader,
  FLAG_BODY,
  type FrameHeader,
  FrameKind,
  HEADER_BYTES,
  MAX_CONTROL_BYTES,
  MAX_DATA_BYTES,
} from "../protocol/frame.ts";
import { frames, headers } from "./support/frames.ts";

Deno.test("a header is read back as it was written", () => {
  fc.assert(fc.property(headers(), (header) => {
    const bytes = new Uint8Array(HEADER_BYTES);
    encodeHeader(bytes, header);
    assertEquals(decodeHeader(bytes), header);
  }));
});

Deno.test("eight arbitrary bytes are refused, or are what the header that they give is written as", () => {
  let accepted = 0;
  // Likely values beside arbitrary ones, or hardly any header would be accepted.
  const byte = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 }), fc.nat(255));
  const eight = fc.tuple(byte, byte, byte, byte, byte, byte, byte, byte).map((bytes) => Uint8Array.from(bytes));
  fc.assert(
    fc.property(eight, (bytes) => {
      let header: FrameHeader;
      try {
        header = decodeHeader(bytes);
      } catch (error) {
        if (error instanceof ProtocolError) return;
        throw error;
      }
      accepted++;
      const again = new Uint8Array(HEADER_BYTES);
      encodeHeader(again, header);
      assertEquals(again, bytes);
    }),
    { numRuns: 20_000 },
  );
  if (accepted < 100) throw new Error(`only ${accepted} headers were accepted: this tests nothing`);
});

Deno.test("a frame is its header and its payload", () => {
  fc.assert(fc.property(frames(), ({ kind, id, flags, payload }) => {
    const bytes = encodeFrame(kind, id, payload, flags);
    assertEquals(decodeHeader(bytes), { kind, id, flags, length: payload.length });
    assertEquals(bytes.subarray(HEADER_BYTES), payload);
  }));
});

const REFUSED: Record<string, FrameHeader> = {
  "kind 0": { length: 0, kind: 0 as FrameKind, flags: 0, id: 0 },
  "kind 11": { length: 0, kind: 11 as FrameKind, flags: 0, id: 1 },
  "kind 255": { length: 0, kind: 255 as FrameKind, flags: 0, id: 1 },
  "DATA over the limit": { length: MAX_DATA_BYTES + 1, kind: FrameKind.DATA, flags: 0, id: 1 },
  "DATA of 4 GiB": { length: 0xffff_ffff, kind: FrameKind.DATA, flags: 0, id: 1 },
  "DATA of 2 GiB, the sign bit": { length: 0x8000_0000, kind: FrameKind.DATA, flags: 0, id: 1 },
  "REQUEST as long as DATA may be": { length: MAX_CONTROL_BYTES + 1, kind: FrameKind.REQUEST, flags: 0, id: 1 },
  "PING over the limit": { length: MAX_CONTROL_BYTES + 1, kind: FrameKind.PING, flags: 0, id: 0 },
  "DATA with a flag": { length: 0, kind: FrameKind.DATA, flags: FLAG_BODY, id: 1 },
  "REQUEST with an unknown flag": { length: 0, kind: FrameKind.REQUEST, flags: 2, id: 1 },
  "REPLY with a known and an unknown flag": { length: 0, kind: FrameKind.REPLY, flags: 0x81, id: 1 },
  "REQUEST without an id": { length: 0, kind: FrameKind.REQUEST, flags: 0, id: 0 },
  "CANCEL without an id": { length: 0, kind: FrameKind.CANCEL, flags: 0, id: 0 },
  "HELLO with an id": { length: 0, kind: FrameKind.HELLO, flags: 0, id: 1 },
  "GOODBYE with an id": { length: 0, kind: FrameKind.GOODBYE, flags: 0, id: 65535 },
};

for (const [what, header] of Object.entries(REFUSED)) {
  Deno.test(`${what} is refused, by the reader and by the writer`, () => {
    const bytes = new Uint8Array(HEADER_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, header.length);
    view.setUint8(4, header.kind);
    view.setUint8(5, header.flags);
    view.setUint16(6, header.id);
    assertThrows(() => decodeHeader(bytes), ProtocolError);
    assertThrows(() => encodeHeader(new Uint8Array(HEADER_BYTES), header), ProtocolError);
  });
}
