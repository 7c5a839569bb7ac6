/** The exact reader: exactly n bytes, `null` at a clean end, an error in the middle, and no more memory than needed. */

import { assertEquals, assertLess, assertRejects } from "@std/assert";
import fc from "fast-check";
import { TruncatedError } from "../protocol/errors.ts";
import { ExactReader } from "../protocol/exact_reader.ts";
import { incoming, memoryPair } from "./support/memory_transport.ts";
import { inTime, settled } from "./support/watchdog.ts";

const KIB = 1024;

function counting(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => at * 7 & 0xff);
}

/** How many bytes each read of the transport gets: these, over and over. */
function cutter(sizes: number[]): () => number {
  let turn = 0;
  return () => sizes[turn++ % sizes.length];
}

Deno.test("reads give the bytes in order, however they arrive and whatever sizes are asked for", async () => {
  const sizes = fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 1, max: 40_000 })), { minLength: 1, maxLength: 30 });
  const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70_000 })), {
    minLength: 1,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(sizes, cuts, fc.infiniteStream(fc.boolean()), async (sizes, cuts, resting) => {
      const bytes = counting(sizes.reduce((sum, size) => sum + size, 0));
      const reader = new ExactReader(incoming(bytes, cutter(cuts)).readable);
      let at = 0;
      for (const size of sizes) {
        const view = await inTime(reader.read(size, resting.next().value), `a read of ${size}`);
        assertEquals(view, bytes.subarray(at, at += size));
      }
      assertEquals(await reader.read(1), null);
    }),
    { numRuns: 200 },
  );
});

Deno.test("an end in the middle is an error that says how much came; a clean end is not", async () => {
  await fc.assert(fc.asyncProperty(fc.nat(3_000), fc.integer({ min: 1, max: 3_000 }), async (have, want) => {
    const reader = new ExactReader(incoming(counting(have), () => 100).readable);
    for (let left = have; left >= want; left -= want) assertEquals((await reader.read(want))!.length, want);
    const rest = have % want;
    if (rest === 0) assertEquals(await reader.read(want), null);
    else await assertRejects(() => reader.read(want), TruncatedError, `${rest} of ${want} bytes`);
  }));
});

Deno.test("after a clean end every read gives null again", async () => {
  const reader = new ExactReader(incoming(counting(1)).readable);
  await reader.read(1);
  for (let time = 0; time < 3; time++) assertEquals(await inTime(reader.read(5), "a read after the end"), null);
});

Deno.test("reading nothing gives nothing, without waiting: at the start, in between and at the end", async () => {
  const [here, there] = memoryPair();
  const reader = new ExactReader(here.readable);
  assertEquals(await inTime(reader.read(0), "an empty read"), new Uint8Array(0));
  assertEquals(here.views, []);
  const writer = there.writable.getWriter();
  await writer.write(counting(3));
  assertEquals(await reader.read(2), counting(2));
  assertEquals(await reader.read(0), new Uint8Array(0));
  assertEquals(await reader.read(1), counting(3).subarray(2));
  await writer.close();
  assertEquals(await reader.read(1), null);
  assertEquals(await reader.read(0), new Uint8Array(0));
});

Deno.test("a view is valid until the next call", async () => {
  const reader = new ExactReader(incoming(counting(10_000), () => 3_000).readable);
  const first = await reader.read(4_000);
  assertEquals(first, counting(4_000));
  await reader.read(6_000);
});

Deno.test("canceling ends a read that waits, and those that follow", async () => {
  const [here] = memoryPair();
  const reader = new ExactReader(here.readable);
  const waiting = reader.read(5);
  assertEquals(await settled(waiting), false);
  await reader.cancel();
  assertEquals(await inTime(waiting, "a canceled read"), null);
  assertEquals(await inTime(reader.read(5), "a read after cancel"), null);
});

Deno.test("canceling in the middle of something is no clean end", async () => {
  const [here, there] = memoryPair();
  const reader = new ExactReader(here.readable);
  await there.writable.getWriter().write(counting(3));
  await reader.read(1);
  const waiting = reader.read(5);
  assertEquals(await settled(waiting), false);
  const failed = assertRejects(() => waiting, TruncatedError, "canceled after 2 of 5 bytes");
  await reader.cancel();
  await inTime(failed, "a canceled read");
});

Deno.test("canceling tells the peer that nobody reads any more", async () => {
  const [here, there] = memoryPair();
  const reader = new ExactReader(here.readable);
  await reader.cancel("enough");
  await assertRejects(() => there.writable.getWriter().write(counting(1)));
});

Deno.test("a failing transport fails the read, and the next one too", async () => {
  const [here] = memoryPair();
  const reader = new ExactReader(here.readable);
  const waiting = reader.read(5);
  assertEquals(await settled(waiting), false);
  here.close();
  await inTime(assertRejects(() => waiting, Error, "this end was closed"), "a broken read");
  await inTime(assertRejects(() => reader.read(5)), "a read of a broken transport");
});

Deno.test("the block grows while the peer fills it, up to a limit, and shrinks at rest", async () => {
  const [here, there] = memoryPair({ capacity: Infinity });
  const writer = there.writable.getWriter();
  const reader = new ExactReader(here.readable);
  await writer.write(counting(4 * KIB * KIB));
  for (let read = 0; read < 4 * KIB * KIB; read += KIB) await reader.read(KIB);
  assertEquals(here.views[0], 4 * KIB);
  assertEquals(here.views.slice(1, 5), [16 * KIB, 64 * KIB, 256 * KIB, KIB * KIB]);
  assertEquals(Math.max(...here.views), KIB * KIB);

  const before = here.views.length;
  const resting = reader.read(8, true);
  assertEquals(await settled(resting), false);
  assertEquals(here.views.slice(before), [4 * KIB]);
  await writer.write(counting(8));
  assertEquals(await resting, counting(8));
});

Deno.test("a peer that sends little at a time never makes the block grow", async () => {
  const [here, there] = memoryPair();
  const writer = there.writable.getWriter();
  const reader = new ExactReader(here.readable);
  for (let time = 0; time < 1_000; time++) {
    await writer.write(counting(100));
    assertEquals((await reader.read(100))!.length, 100);
  }
  assertEquals(Math.max(...here.views), 4 * KIB);
});

Deno.test("a read that is not at rest keeps the block, and what is in it", async () => {
  const reader = new ExactReader(incoming(counting(20)).readable);
  assertEquals(await reader.read(8), counting(8));
  assertEquals(await reader.read(12, true), counting(20).subarray(8)); // `resting` with bytes left over loses none
});

Deno.test("a long exact read allocates what it needs and room for two headers, not more", async () => {
  const length = KIB * KIB;
  const transport = incoming(counting(length + 8));
  const reader = new ExactReader(transport.readable);
  assertEquals((await reader.read(length))!.length, length);
  assertEquals((await reader.read(8))!.length, 8);
  assertEquals(Math.max(...transport.views), length + 16);
});

Deno.test("full frames cost one read each", async () => {
  const count = 20;
  const frame = 8 + 256 * KIB;
  const transport = incoming(counting(count * frame));
  const reader = new ExactReader(transport.readable);
  for (let time = 0; time < count; time++) {
    await reader.read(8);
    await reader.read(frame - 8);
  }
  assertLess(transport.views.length, count + 8);
});

Deno.test("drain takes all that comes, and returns at the end", async () => {
  const [here, there] = memoryPair({ cut: () => 1_000, capacity: 0 });
  const reader = new ExactReader(here.readable);
  const writer = there.writable.getWriter();
  const draining = reader.drain();
  await inTime(writer.write(counting(100_000)), "a write to a peer that drains");
  assertEquals(await settled(draining), false);
  await writer.close();
  await inTime(draining, "drain");
});
