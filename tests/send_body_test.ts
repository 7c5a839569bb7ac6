/** Sending a body: all bytes of its source, then the END that proves them, or no END at all. */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { BodyDigest } from "../protocol/body_digest.ts";
import { Connection } from "../protocol/connection.ts";
import { CommandError, ConnectionLostError } from "../protocol/errors.ts";
import { FLAG_BODY, FrameKind, HEADER_BYTES } from "../protocol/frame.ts";
import { decodeMessage } from "../protocol/message_codec.ts";
import { type BodyEnd, bodyEnd } from "../protocol/messages.ts";
import { type ByteSource, sendBody, type SendOptions } from "../protocol/send_body.ts";
import { concat } from "./support/frames.ts";
import { memoryPair } from "./support/memory_transport.ts";
import { inTime, turn } from "./support/watchdog.ts";

const KIB = 1024;

/** What the other end saw of a body. */
interface Received {
  chunks: Uint8Array<ArrayBuffer>[];
  end: BodyEnd | undefined;
}

/** A source over bytes that gives at most so many at a time, at once or a little later. */
function sourceOf(bytes: Uint8Array, { size, step = Infinity, later = false }: {
  size?: number;
  step?: number;
  later?: boolean;
} = {}): ByteSource {
  let at = 0;
  const read = (into: Uint8Array) => {
    const part = bytes.subarray(at, at + Math.min(step, into.length));
    into.set(part);
    at += part.length;
    return part.length;
  };
  return { size, read: later ? (into) => turn().then(() => read(into)) : read };
}

function counting(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => at * 13 & 0xff);
}

/** Sends a body over a connection in memory; returns what arrived, and how it ended for the sender. */
async function transfer(source: ByteSource, options?: SendOptions): Promise<Received & { sent: BodyEnd | Error }> {
  const [left, right] = memoryPair();
  const [a, b] = [new Connection(left), new Connection(right)];
  const receiving = receive(b);
  const sent = await inTime(sendBody(a, 7, source, options), "sendBody").catch((error) => error);
  await a.closeWrite();
  return { ...await inTime(receiving, "the receiver"), sent };
}

async function receive(connection: Connection): Promise<Received> {
  const received: Received = { chunks: [], end: undefined };
  for (let frame = await connection.readFrame(); frame !== null; frame = await connection.readFrame()) {
    assertEquals([frame.id, received.end], [7, undefined]);
    if (frame.kind === FrameKind.DATA) received.chunks.push(frame.payload.slice());
    else {
      assertEquals(frame.kind, FrameKind.END);
      received.end = decodeMessage(bodyEnd, frame.payload, "END");
    }
  }
  return received;
}

function proof(bytes: Uint8Array, sha256 = false): BodyEnd {
  const end: BodyEnd = { size: bytes.length, crc32: crc32(bytes).toString(16).padStart(8, "0") };
  return sha256 ? { ...end, sha256: createHash("sha256").update(bytes).digest("hex") } : end;
}

Deno.test("a body arrives whole, and END proves it: known size or not, large steps or small, at once or later", async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.integer({ min: 1, max: 400 * KIB }).map((length) => counting(length)),
  );
  const step = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1_000, max: 100_000 }));
  await fc.assert(
    fc.asyncProperty(
      bytes,
      step,
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      async (bytes, step, known, later, sha256) => {
        const size = known ? bytes.length : undefined;
        const { chunks, end, sent } = await transfer(sourceOf(bytes, { size, step, later }), { sha256 });
        assertEquals(concat(chunks), new Uint8Array(bytes));
        assertEquals(end, proof(bytes, sha256));
        assertEquals(sent, end);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("an empty body is an END alone", async () => {
  for (const size of [0, undefined]) {
    assertEquals(await transfer(sourceOf(new Uint8Array(0), { size })), {
      chunks: [],
      end: { size: 0, crc32: "00000000" },
      sent: { size: 0, crc32: "00000000" },
    });
  }
});

Deno.test("a source that has more than its size is read to its size", async () => {
  const { chunks, end } = await transfer(sourceOf(counting(100_000), { size: 70_000 }));
  assertEquals(concat(chunks), counting(70_000));
  assertEquals(end, proof(counting(70_000)));
});

Deno.test("a source that turns out shorter than its size has changed, and there is no END", async () => {
  const { end, sent } = await transfer(sourceOf(counting(99_999), { size: 100_000 }));
  assertEquals(end, undefined);
  assert(sent instanceof CommandError);
  assertEquals(sent.code, "changed");
  assert(sent.message.includes("99999 of 100000"), sent.message);
});

Deno.test("what the source throws is thrown, and there is no END", async () => {
  for (const later of [false, true]) {
    const broken = new Error("the disk broke");
    let reads = 0;
    const read = () => {
      if (++reads < 3) return 10;
      if (later) return Promise.reject(broken);
      throw broken;
    };
    const { chunks, end, sent } = await transfer({ size: 100, read });
    assertEquals([chunks.length, end], [2, undefined]);
    assertStrictEquals(sent, broken);
  }
});

Deno.test("a signal stops the body before the next frame, with its reason, and there is no END", async () => {
  const abort = new AbortController();
  const reason = new CommandError("canceled", "canceled");
  const { chunks, end, sent } = await transfer(sourceOf(counting(1_000), { size: 1_000, step: 100 }), {
    signal: abort.signal,
    onProgress: (bytes) => bytes === 300 && abort.abort(reason),
  });
  assertEquals([chunks.length, end], [3, undefined]);
  assertStrictEquals(sent, reason);
});

Deno.test("a signal that fires after the last byte, or before the first, still prevents END", async () => {
  const late = new AbortController();
  const { end } = await transfer(sourceOf(counting(10), { size: 10 }), {
    signal: late.signal,
    onProgress: () => late.abort(),
  });
  assertEquals(end, undefined);
  const { chunks, end: none } = await transfer(sourceOf(counting(10)), { signal: AbortSignal.abort() });
  assertEquals([chunks, none], [[], undefined]);
  const { end: nothing } = await transfer(sourceOf(new Uint8Array(0), { size: 0 }), { signal: AbortSignal.abort() });
  assertEquals(nothing, undefined);
});

Deno.test("a signal ends the waiting for a source that has nothing to give", async () => {
  const abort = new AbortController();
  const reason = new CommandError("canceled", "canceled");
  const pending = Promise.withResolvers<number>();
  const sending = transfer({ read: () => pending.promise }, { signal: abort.signal });
  await turn();
  abort.abort(reason);
  const { chunks, end, sent } = await inTime(sending, "sendBody after its signal");
  assertEquals([chunks, end], [[], undefined]);
  assertStrictEquals(sent, reason);
  pending.reject(new Error("too late")); // must not be an unhandled rejection either
  await turn();
});

Deno.test("a source that may have changed is read again, and END comes only where it is still what was sent", async () => {
  const bytes = counting(1_000_000);
  for (const change of [undefined, 0, 999_999]) {
    const first = sourceOf(bytes, { size: bytes.length });
    const changed = bytes.map((byte, at) => at === change ? byte ^ 1 : byte);
    // More than before, as of a log that has grown: that is not read.
    const again = sourceOf(concat([changed, counting(10)]), { later: true });
    let source = first;
    const { end, sent } = await transfer({
      size: bytes.length,
      read: (into) => source.read(into),
      rewindIfChanged: () => {
        source = again;
        return new RangeError("changed");
      },
    });
    if (change === undefined) assertEquals(end?.crc32, crc32(bytes).toString(16).padStart(8, "0"));
    else {
      assertEquals(end, undefined);
      assert(sent instanceof RangeError);
    }
  }
});

Deno.test("a signal ends the reading of what was sent before, whatever takes its time there", async () => {
  const reason = new CommandError("canceled", "canceled");
  for (const where of ["before", "meanwhile"]) {
    const abort = new AbortController();
    const source = sourceOf(counting(1000), { size: 1000 });
    const { end, sent } = await transfer({
      ...source,
      async rewindIfChanged(signal) {
        source.read = () => {
          turn().then(() => abort.abort(reason));
          return Promise.withResolvers<number>().promise;
        };
        if (where === "meanwhile") return new RangeError("changed");
        abort.abort(reason);
        await turn();
        signal?.throwIfAborted();
        return undefined;
      },
      read: (into) => source.read(into),
    }, { signal: abort.signal });
    assertEquals(end, undefined);
    assertStrictEquals(sent, reason);
  }
});

Deno.test("progress counts up to the size", async () => {
  const progress: number[] = [];
  const { chunks } = await transfer(sourceOf(counting(1_000_000), { size: 1_000_000 }), {
    onProgress: (bytes) => progress.push(bytes),
  });
  let sum = 0;
  assertEquals(progress, chunks.map(({ length }) => sum += length));
  assertEquals(progress.at(-1), 1_000_000);
});

Deno.test("the frames of a body grow while the peer takes them quickly, up to a limit", async () => {
  const { chunks } = await transfer(sourceOf(counting(4_000 * KIB), { size: 4_000 * KIB }));
  assertEquals(chunks.slice(0, 6).map(({ length }) => length / KIB), [64, 64, 128, 256, 512, 1024]);
});

Deno.test("the frames of a body shrink while the peer takes them slowly, down to a limit", async () => {
  const { now } = performance;
  let clock = 0;
  performance.now = () => clock;
  try {
    const transport = {
      readable: new ReadableStream<Uint8Array<ArrayBuffer>>({ type: "bytes" }),
      writable: new WritableStream<Uint8Array<ArrayBuffer>>({
        write: (chunk) => void (sizes.push(chunk.length), clock += 300),
      }),
      close() {},
    };
    const sizes: number[] = [];
    await sendBody(new Connection(transport), 7, sourceOf(counting(200 * KIB)));
    assertEquals(sizes.slice(0, 5).map((size) => (size - HEADER_BYTES) / KIB), [64, 64, 32, 16, 16]);
  } finally {
    performance.now = now;
  }
});

Deno.test("a small file goes out in one write: request, content and END", async () => {
  const [left] = memoryPair();
  const connection = new Connection(left);
  connection.writeFrame(FrameKind.REQUEST, 7, new Uint8Array(20), FLAG_BODY);
  await sendBody(connection, 7, sourceOf(counting(5), { size: 5 }));
  await connection.flush();
  assertEquals(left.writes.length, 1);
});

Deno.test("a slow peer holds up the source: little is read ahead", async () => {
  const [left, right] = memoryPair({ capacity: 100 * KIB });
  const connection = new Connection(left);
  let read = 0;
  const sending = sendBody(connection, 7, {
    size: 10_000 * KIB,
    read: (into) => (read += into.length, into.length),
  });
  await turn();
  const ahead = read;
  assert(ahead < 500 * KIB, `${ahead} bytes were read ahead`);
  for (let time = 0; time < 10; time++) await turn();
  assertEquals(read, ahead);
  const received = await inTime(receiveEnd(new Connection(right)), "the receiver");
  assertEquals(received, (await sending).size);

  async function receiveEnd(from: Connection): Promise<number> {
    for (;;) {
      const frame = await from.readFrame();
      if (frame?.kind === FrameKind.END) return decodeMessage(bodyEnd, frame.payload, "END").size;
    }
  }
});

Deno.test("a lost connection ends the body", async () => {
  const [left] = memoryPair({ capacity: 10 });
  const connection = new Connection(left);
  const sending = sendBody(connection, 7, sourceOf(counting(4_000 * KIB), { size: 4_000 * KIB }));
  await turn();
  connection.close();
  await inTime(assertRejects(() => sending, ConnectionLostError), "sendBody over a closed connection");
});

Deno.test("the digest of bytes does not depend on how they are cut", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), fc.boolean(), (chunks, sha256) => {
    const digest = new BodyDigest(sha256);
    for (const chunk of chunks) digest.update(chunk);
    assertEquals(digest.end(), proof(concat(chunks), sha256));
  }));
});
