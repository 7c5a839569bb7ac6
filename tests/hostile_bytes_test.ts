/**
 * Whatever a peer sends, a connection gives frames, a clean end or a protocol error: never a hang, never another error,
 * never more memory than a frame may take.
 */

import { assert, assertGreater } from "@std/assert";
import fc from "fast-check";
import { Connection } from "../protocol/connection.ts";
import { CommandError, ProtocolError } from "../protocol/errors.ts";
import {
  decodeHeader,
  encodeFrame,
  type Frame,
  FrameKind,
  HEADER_BYTES,
  kindName,
  MAX_DATA_BYTES,
} from "../protocol/frame.ts";
import { decodeMessage, decodeRequest } from "../protocol/message_codec.ts";
import { bodyEnd, clientHello, errorMessage, goodbye, serverHello } from "../protocol/messages.ts";
import { EXCHANGE } from "./support/example_exchange.ts";
import { concat, encodeAll, frames } from "./support/frames.ts";
import { incoming } from "./support/memory_transport.ts";
import { inTime } from "./support/watchdog.ts";

const STREAMS = 10_000;
/** What a reader may post at once: the largest frame and the headers before and behind it. */
const MOST_BYTES = MAX_DATA_BYTES + 2 * HEADER_BYTES;

/** Streams that are right until something happens to them. */
const CLIENT = concat(EXCHANGE.slice(1).filter(({ from }) => from === "client").map(({ bytes }) => bytes));
const SERVER = concat(EXCHANGE.filter(({ from }) => from === "server").map(({ bytes }) => bytes));

const header = fc.tuple(
  fc.oneof(fc.nat(40), fc.constantFrom(0xffff_ffff, 0x8000_0000, MOST_BYTES, MAX_DATA_BYTES, 65_536, 65_537)),
  fc.nat(12),
  fc.oneof(fc.constant(0), fc.constant(1), fc.nat(255)),
  fc.oneof(fc.constant(0), fc.nat(0xffff)),
).map(([length, kind, flags, id]) => {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  view.setUint32(0, length);
  view.setUint8(4, kind);
  view.setUint8(5, flags);
  view.setUint16(6, id);
  return new Uint8Array(view.buffer);
});

const random = fc.array(fc.oneof(header, fc.uint8Array({ maxLength: 80 })), { maxLength: 6 }).map(concat);

/** Bytes changed, inserted, removed, repeated, or cut off. */
const mutated = fc.tuple(
  fc.oneof(fc.constantFrom(CLIENT, SERVER), fc.array(frames(), { maxLength: 4 }).map(encodeAll)),
  fc.array(fc.tuple(fc.nat(4), fc.nat(), fc.nat(20), fc.uint8Array({ maxLength: 12 })), { minLength: 1, maxLength: 4 }),
).map(([bytes, changes]) => changes.reduce(mutate, bytes));

function mutate(bytes: Uint8Array, [how, where, length, others]: [number, number, number, Uint8Array]): Uint8Array {
  const at = bytes.length === 0 ? 0 : where % bytes.length;
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (how) {
    case 0:
      return concat([before, others, after.subarray(others.length)]);
    case 1:
      return concat([before, others, after]);
    case 2:
      return concat([before, after.subarray(length)]);
    case 3:
      return concat([before, after.subarray(0, length), after]);
    default:
      return before;
  }
}

/** What a session does with a frame: reads its message, when it has one. */
function decode({ kind, payload }: Frame): void {
  switch (kind) {
    case FrameKind.HELLO:
      attempt(() => decodeMessage(clientHello, payload, "HELLO"));
      return attempt(() => decodeMessage(serverHello, payload, "HELLO"));
    case FrameKind.REQUEST:
      return attempt(() => decodeRequest(payload));
    case FrameKind.ERROR:
      return attempt(() => decodeMessage(errorMessage, payload, "ERROR"));
    case FrameKind.END:
      return attempt(() => decodeMessage(bodyEnd, payload, "END"));
    case FrameKind.GOODBYE:
      return attempt(() => decodeMessage(goodbye, payload, "GOODBYE"));
  }
}

function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof CommandError)) throw error;
  }
}

Deno.test(`${STREAMS} random or mutated streams give frames, a clean end or a protocol error`, async () => {
  const ends = { clean: 0, frames: 0, errors: 0 };
  const cut = fc.constantFrom(1, 3, 8, 4096);
  await fc.assert(
    fc.asyncProperty(fc.oneof(random, mutated), cut, async (bytes, cut) => {
      const transport = incoming(bytes, () => cut);
      const connection = new Connection(transport);
      try {
        for (let at = 0;;) {
          const frame = await inTime(connection.readFrame(), "readFrame", 2_000);
          if (frame === null) {
            assert(at === bytes.length, `a clean end after ${at} of ${bytes.length} bytes`);
            ends.clean++;
            break;
          }
          ends.frames++;
          const next = at + HEADER_BYTES + frame.payload.length;
          const again = encodeFrame(frame.kind, frame.id, frame.payload, frame.flags);
          assert(equal(again, bytes.subarray(at, next)), `${kindName(frame.kind)} is not what was sent`);
          decode(frame);
          at = next;
        }
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        ends.errors++;
      }
      for (const view of transport.views) assert(view <= MOST_BYTES, `a read of ${view} bytes was posted`);
    }),
    { numRuns: STREAMS },
  );
  // A generator that only ever made one kind of stream would test nothing.
  for (const [end, count] of Object.entries(ends)) assertGreater(count, STREAMS / 20, end);
});

Deno.test("random bytes hardly ever pass for a frame, and never for a long one", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES }), (bytes) => {
      attempt(() => {
        const { kind, length } = decodeHeader(bytes);
        assert(length <= (kind === FrameKind.DATA ? MAX_DATA_BYTES : 65_536));
      });
    }),
    { numRuns: STREAMS },
  );
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
