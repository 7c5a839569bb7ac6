import { assertEquals } from "@std/assert";
import { crc32 as nodes } from "node:zlib";
import { crc32, crc32Text } from "../protocol/crc32.ts";

Deno.test("the CRC-32 is that of Node, before and after the fast one is loaded, and across the change", () => {
  const chunk = crypto.getRandomValues(new Uint8Array(60_001));
  let [own, other] = [0, 0];
  for (let bytes = 0; bytes < 12 * 1024 * 1024; bytes += chunk.length) {
    const part = chunk.subarray(bytes % 7);
    own = crc32(part, own);
    other = nodes(part, other);
    assertEquals(own, other);
    assertEquals(crc32(part), nodes(part));
  }
  assertEquals(crc32(new Uint8Array(0), own), own);
});

Deno.test("a CRC-32 has eight digits", () => {
  assertEquals(crc32Text(0), "00000000");
  assertEquals(crc32Text(0xcbf43926), "cbf43926");
});
