import { assertEquals, assertStrictEquals } from "@std/assert";
import { giveBuffer, takeBuffer } from "../protocol/buffers.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Takes whatever other tests left. */
function takeAll(): void {
  while (takeBuffer(16 * KIB).length > 16 * KIB);
}

Deno.test("the smallest buffer that is large enough is used again", () => {
  takeAll();
  const [large, small] = [new Uint8Array(MIB), new Uint8Array(100 * KIB)];
  giveBuffer(large);
  giveBuffer(small);
  assertStrictEquals(takeBuffer(90 * KIB), small);
  assertStrictEquals(takeBuffer(90 * KIB), large);
  assertEquals(takeBuffer(90 * KIB).length, 90 * KIB);
});

Deno.test("only a few buffers are kept, and the largest of them", () => {
  takeAll();
  for (let time = 0; time < 3; time++) {
    giveBuffer(new Uint8Array(100 * KIB));
    giveBuffer(new Uint8Array(MIB));
  }
  giveBuffer(new Uint8Array(10 * KIB));
  const sizes = Array.from({ length: 5 }, () => takeBuffer(16 * KIB).length);
  assertEquals(sizes, [100 * KIB, MIB, MIB, MIB, 16 * KIB]);
});

Deno.test("who needs little is given no large buffer", () => {
  takeAll();
  giveBuffer(new Uint8Array(MIB));
  assertEquals(takeBuffer(4 * KIB).length, 4 * KIB);
  assertEquals(takeBuffer(16 * KIB).length, MIB);
});
