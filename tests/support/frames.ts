/**
 * Random frames that the protocol allows.
 *
 * @module
 */

import fc from "fast-check";
import {
  encodeFrame,
  FLAG_BODY,
  type FrameHeader,
  FrameKind,
  MAX_CONTROL_BYTES,
  MAX_DATA_BYTES,
} from "../../protocol/frame.ts";

/** A frame without its length. */
export interface AnyFrame {
  /** What it is. */
  kind: FrameKind;
  /** The request, or 0. */
  id: number;
  /** 0 or `FLAG_BODY`. */
  flags: number;
  /** Any bytes. */
  payload: Uint8Array<ArrayBuffer>;
}

const OF_THE_CONNECTION: readonly FrameKind[] = [FrameKind.HELLO, FrameKind.PING, FrameKind.PONG, FrameKind.GOODBYE];
const WITH_BODY: readonly FrameKind[] = [FrameKind.REQUEST, FrameKind.REPLY];

/** Kind, id and flags that fit each other. */
function outsides(): fc.Arbitrary<Omit<AnyFrame, "payload">> {
  const request = fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.constantFrom(1, 255, 256, 0xffff));
  return fc.constantFrom(...Object.values(FrameKind)).chain((kind) => {
    const id = OF_THE_CONNECTION.includes(kind) ? fc.constant(0) : request;
    return fc.record({
      kind: fc.constant(kind),
      id: kind === FrameKind.ERROR ? fc.oneof(fc.constant(0), id) : id,
      flags: WITH_BODY.includes(kind) ? fc.constantFrom(0, FLAG_BODY) : fc.constant(0),
    });
  });
}

/** Every header that is allowed. */
export function headers(): fc.Arbitrary<FrameHeader> {
  return outsides().chain((outside) => {
    const limit = outside.kind === FrameKind.DATA ? MAX_DATA_BYTES : MAX_CONTROL_BYTES;
    return fc.oneof(fc.integer({ min: 0, max: limit }), fc.constantFrom(0, 255, 256, limit))
      .map((length) => ({ ...outside, length }));
  });
}

/** Every frame that is allowed; most of them short, some longer than any buffer starts with. */
export function frames(): fc.Arbitrary<AnyFrame> {
  const short = fc.uint8Array({ maxLength: 64 });
  const long = fc.tuple(fc.integer({ min: 1, max: MAX_CONTROL_BYTES }), fc.nat(255))
    .map(([length, seed]) => Uint8Array.from({ length }, (_, at) => (at * 31 + seed) & 0xff));
  return fc.tuple(outsides(), fc.oneof({ arbitrary: short, weight: 9 }, { arbitrary: long, weight: 1 }))
    .map(([outside, payload]) => ({ ...outside, payload: payload as Uint8Array<ArrayBuffer> }));
}

/** Frames one after the other, as they go over the wire. */
export function encodeAll(all: readonly AnyFrame[]): Uint8Array<ArrayBuffer> {
  return concat(all.map(({ kind, id, payload, flags }) => encodeFrame(kind, id, payload, flags)));
}

/** Parts as one array. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
