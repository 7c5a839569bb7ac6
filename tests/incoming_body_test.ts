/** An incoming body: handed over without a copy, kept within a budget, and trusted only when END proves it. */

import { assert, assertEquals, assertNotStrictEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { BodyDigest } from "../protocol/body_digest.ts";
import { CommandError, ConnectionLostError } from "../protocol/errors.ts";
import { type BodyBudget, IncomingBody } from "../protocol/incoming_body.ts";
import type { BodyEnd } from "../protocol/messages.ts";
import { concat } from "./support/frames.ts";
import { inTime, settled, turn } from "./support/watchdog.ts";

const HELLO = new TextEncoder().encode("hello");
const HELLO_END: BodyEnd = { size: 5, crc32: "3610a686" };
const HELLO_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

function body(left = 1_000): { body: IncomingBody; budget: BodyBudget } {
  const budget = { left };
  return { body: new IncomingBody(budget), budget };
}

function bytes(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values);
}

function endOf(all: Uint8Array[], sha256 = false): BodyEnd {
  const digest = new BodyDigest(sha256);
  for (const chunk of all) digest.update(chunk);
  return digest.end();
}

async function readAll(from: IncomingBody): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for (;;) {
    const chunk = await inTime(from.read(), "a read of a body");
    if (chunk === null) return concat(all);
    all.push(chunk.slice());
  }
}

Deno.test("a body is read as it was pushed, whoever is faster, and nothing of the budget is lost", async () => {
  // Small ones share a block when they are kept; a long one may not fit the block that was begun.
  const long = fc.integer({ min: 1000, max: 6000 }).map((length) => Uint8Array.from({ length }, (_, at) => at * 7));
  const chunk = fc.oneof({ arbitrary: fc.uint8Array({ maxLength: 40 }), weight: 3 }, { arbitrary: long, weight: 1 });
  const chunks = fc.array(chunk, { maxLength: 20 });
  const budgets = fc.oneof(fc.nat(60), fc.nat(20_000));
  const pauses = fc.infiniteStream(fc.nat(3));
  await fc.assert(
    fc.asyncProperty(
      chunks,
      pauses,
      pauses,
      budgets,
      fc.boolean(),
      async (chunks, pushing, reading, left, sha256) => {
        const { body: incoming, budget } = body(left);
        const pause = async (turns: number) => {
          for (let turn = 0; turn < turns; turn++) await null;
        };
        const reader = (async () => {
          // One buffer for all of them, as the connection's reader has: a chunk must not be used beyond its time.
          const buffer = new Uint8Array(6000);
          for (const chunk of chunks) {
            await pause(pushing.next().value);
            buffer.set(chunk);
            await inTime(incoming.push(buffer.subarray(0, chunk.length)), "a push");
            buffer.fill(0xee);
          }
          incoming.end(endOf(chunks, sha256));
        })();
        const size = chunks.reduce((sum, { length }) => sum + length, 0);
        incoming.expect({ size, sha256 });
        const read: Uint8Array[] = [];
        for (;;) {
          const chunk = await inTime(incoming.read(), "a read");
          if (chunk === null) break;
          await pause(reading.next().value); // it must stay valid until the next read
          read.push(chunk.slice());
        }
        await reader;
        assertEquals(concat(read), concat(chunks));
        assertEquals([incoming.size, incoming.ended, budget.left], [size, true, left]);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a chunk that a consumer waits for is handed over without a copy, and held until its next read", async () => {
  const { body: incoming, budget } = body(0);
  const reading = incoming.read();
  const chunk = bytes(1, 2, 3);
  const pushing = incoming.push(chunk);
  assertStrictEquals(await reading, chunk);
  assertEquals(await settled(pushing), false);
  assertEquals(budget.left, 0);
  const next = incoming.read();
  assertEquals(await settled(pushing), true);
  incoming.end(endOf([chunk]));
  assertEquals(await next, null);
});

Deno.test("a chunk that nobody waits for is copied, and counted while it is kept", async () => {
  const { body: incoming, budget } = body(10);
  const chunk = bytes(1, 2, 3);
  await inTime(incoming.push(chunk), "a push within the budget");
  assertEquals(budget.left, 7);
  chunk.fill(9);
  const read = await incoming.read();
  assertNotStrictEquals(read, chunk);
  assertEquals(read, bytes(1, 2, 3));
  assertEquals(budget.left, 10);
});

Deno.test("beyond the budget a push waits until the consumer has made room", async () => {
  const { body: incoming, budget } = body(5000);
  await inTime(incoming.push(new Uint8Array(5000)), "a push within the budget");
  const waiting = incoming.push(new Uint8Array(2000));
  assertEquals([await settled(waiting), budget.left], [false, -2000]);
  await incoming.read();
  await inTime(waiting, "a push after a read");
  assertEquals(budget.left, 3000);
});

Deno.test("tiny chunks are kept together, and not each with an array of its own", async () => {
  const { body: incoming } = body(10_000);
  for (let at = 0; at < 5000; at++) await incoming.push(bytes(at % 256));
  incoming.end(endOf([Uint8Array.from({ length: 5000 }, (_, at) => at % 256)]));
  const sizes = [];
  for (let chunk = await incoming.read(); chunk !== null; chunk = await incoming.read()) sizes.push(chunk.length);
  assertEquals(sizes, [4096, 904]);
});

Deno.test("what is kept stays in order, whether it fits the block that was begun or not", async () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1000, max: 6000 }), fc.constant(4096));
  await fc.assert(fc.asyncProperty(fc.array(size, { maxLength: 10 }), async (sizes) => {
    const { body: incoming, budget } = body(100_000);
    const chunks = sizes.map((length, index) => Uint8Array.from({ length }, (_, at) => at * 7 + index));
    for (const chunk of chunks) await inTime(incoming.push(chunk), "a push within the budget");
    incoming.end(endOf(chunks));
    assertEquals(await readAll(incoming), concat(chunks));
    assertEquals(budget.left, 100_000);
  }));
});

Deno.test("the budget is shared: room that one body makes lets the push of another go on", async () => {
  for (const make of ["read", "discard"] as const) {
    const budget = { left: 10 };
    const [running, queued] = [new IncomingBody(budget), new IncomingBody(budget)];
    await inTime(running.push(new Uint8Array(8)), "a push within the budget");
    const waiting = queued.push(new Uint8Array(4));
    assertEquals(await settled(waiting), false);
    await running[make]();
    await inTime(waiting, `a push after another body's ${make}`);
    assertEquals(budget.left, 6);
  }
});

Deno.test("a body that fails lets a push that waits go on, though nobody will ever read it", async () => {
  for (const stop of ["fail", "interrupt"] as const) {
    const { body: incoming } = body(1);
    const waiting = incoming.push(new Uint8Array(4));
    assertEquals(await settled(waiting), false);
    incoming[stop](new CommandError("canceled", "canceled"));
    await inTime(waiting, `a push after ${stop}`);
  }
});

Deno.test("after an error nothing more is kept, however much still comes", async () => {
  const { body: incoming, budget } = body(10);
  await incoming.push(bytes(1));
  incoming.interrupt(new CommandError("canceled", "canceled"));
  for (let time = 0; time < 100; time++) await inTime(incoming.push(new Uint8Array(5)), "a push after an error");
  assertEquals(budget.left, 9);
});

Deno.test("an empty chunk is nothing: it wakes no consumer and is not taken for the end", async () => {
  const { body: incoming } = body();
  const reading = incoming.read();
  await inTime(incoming.push(new Uint8Array(0)), "an empty push");
  assertEquals(await settled(reading), false);
  incoming.end({ size: 0, crc32: "00000000" });
  assertEquals(await reading, null);
});

Deno.test("a body that was pushed before its announcement is proven all the same", async () => {
  const { body: incoming } = body();
  await incoming.push(HELLO);
  incoming.end({ ...HELLO_END, sha256: HELLO_SHA256 });
  assertEquals(incoming.ended, true);
  incoming.expect({ size: 5, sha256: true });
  assertEquals(await readAll(incoming), HELLO);
});

const WRONG: Record<string, { announced?: { size?: number; sha256?: boolean }; end: BodyEnd; says: string }> = {
  "a size that END does not confirm": { end: { ...HELLO_END, size: 6 }, says: "the sender counted 6" },
  "a CRC-32 that END does not confirm": { end: { ...HELLO_END, crc32: "3610a687" }, says: "CRC-32" },
  "a SHA-256 that END does not confirm": {
    announced: { sha256: true },
    end: { ...HELLO_END, sha256: HELLO_SHA256.replace("2", "3") },
    says: "SHA-256",
  },
  "an END without the SHA-256 that was asked for": { announced: { sha256: true }, end: HELLO_END, says: "SHA-256" },
  "fewer bytes than were announced": { announced: { size: 6 }, end: HELLO_END, says: "5 bytes arrived where 6" },
};

for (const [what, { announced, end, says }] of Object.entries(WRONG)) {
  Deno.test(`${what} is a mismatch`, async () => {
    const { body: incoming } = body();
    incoming.expect(announced ?? {});
    await incoming.push(HELLO);
    incoming.end(end);
    assertEquals(await incoming.read(), HELLO);
    const error = await assertRejects(() => incoming.read(), CommandError, says);
    assertEquals(error.code, "mismatch");
  });
}

Deno.test("more bytes than were announced are a mismatch at once, and are not given out", async () => {
  const { body: incoming } = body();
  incoming.expect({ size: 4 });
  const first = incoming.read();
  const pushing = incoming.push(bytes(1, 2, 3));
  assertEquals(await first, bytes(1, 2, 3));
  const refused = assertRejects(() => incoming.read(), CommandError, "longer than the 4 bytes");
  await pushing;
  incoming.push(bytes(4, 5));
  assertEquals((await refused).code, "mismatch");
});

Deno.test("an announced size of zero counts as announced", async () => {
  const { body: incoming } = body();
  incoming.expect({ size: 0 });
  await incoming.push(bytes(1));
  await assertRejects(() => incoming.read(), CommandError, "longer than the 0 bytes");
});

Deno.test("a SHA-256 that nobody asked for is not computed, and not compared", async () => {
  const { body: incoming } = body();
  await incoming.push(HELLO);
  incoming.end({ ...HELLO_END, sha256: "0".repeat(64) });
  assertEquals(await readAll(incoming), HELLO);
});

Deno.test("an error in the place of END comes after what was kept, and ends the body", async () => {
  const { body: incoming } = body();
  const error = new CommandError("changed", "it changed");
  await incoming.push(bytes(1, 2));
  incoming.fail(error);
  assertEquals(incoming.ended, true);
  assertEquals(await incoming.read(), bytes(1, 2));
  for (let time = 0; time < 2; time++) assertStrictEquals(await assertRejects(() => incoming.read()), error);
});

Deno.test("a consumer that waits is told of the error at once", async () => {
  for (const stop of ["fail", "interrupt"] as const) {
    const { body: incoming } = body();
    const error = new ConnectionLostError("lost");
    const failed = assertRejects(() => incoming.read());
    await turn();
    incoming[stop](error);
    assertStrictEquals(await inTime(failed, "a read"), error);
  }
});

Deno.test("the first error stays", async () => {
  const { body: incoming } = body();
  const first = new CommandError("canceled", "canceled");
  incoming.interrupt(first);
  incoming.fail(new ConnectionLostError("lost"));
  assertStrictEquals(await assertRejects(() => incoming.read()), first);
});

Deno.test("an interrupted body has not ended: the rest of it may still come", async () => {
  const { body: incoming } = body();
  incoming.interrupt(new CommandError("canceled", "canceled"));
  assertEquals(incoming.ended, false);
  await inTime(incoming.push(HELLO), "a push after interrupt");
  incoming.end(HELLO_END);
  assertEquals(incoming.ended, true);
  const error = await assertRejects(() => incoming.read(), CommandError);
  assertEquals(error.code, "canceled");
});

Deno.test("a chunk in the consumer's hands stays valid when the body is interrupted", async () => {
  const { body: incoming } = body();
  const reading = incoming.read();
  const pushing = incoming.push(HELLO);
  await reading;
  incoming.interrupt(new CommandError("canceled", "canceled"));
  assertEquals(await settled(pushing), false); // or the connection's reader would overwrite the chunk
  await assertRejects(() => incoming.read());
  await inTime(pushing, "a push whose chunk was given back");
});

Deno.test("a lost connection waits for no consumer", async () => {
  const { body: incoming } = body();
  const reading = incoming.read();
  const pushing = incoming.push(HELLO);
  await reading;
  incoming.fail(new ConnectionLostError("lost"));
  await inTime(pushing, "a push of a failed body");
});

Deno.test("what is discarded gives its budget back, and what still comes is thrown away", async () => {
  const { body: incoming, budget } = body(5);
  await incoming.push(new Uint8Array(4));
  const waiting = incoming.push(new Uint8Array(4));
  assertEquals(await settled(waiting), false);
  incoming.discard();
  await inTime(waiting, "a push after discard");
  assertEquals(budget.left, 5);
  for (let time = 0; time < 10; time++) await inTime(incoming.push(new Uint8Array(1_000)), "a push after discard");
  assertEquals(budget.left, 5);
  assert(!incoming.ended);
  incoming.end({ size: 10_008, crc32: "00000000" });
  assert(incoming.ended);
});

Deno.test("discarding gives back the chunk in the consumer's hands", async () => {
  const { body: incoming } = body();
  const reading = incoming.read();
  const pushing = incoming.push(HELLO);
  await reading;
  incoming.discard();
  await inTime(pushing, "a push after discard");
});
