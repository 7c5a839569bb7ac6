/** Packs by themselves: any files survive any chunking, and what is no pack is refused within bounds. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CommandError } from "../protocol/errors.ts";
import { MAX_PACK_FILES, MAX_PACKED_BYTES, type PackedFile, PackReader, packSource } from "../protocol/pack.ts";

const files: fc.Arbitrary<PackedFile[]> = fc.array(
  fc.record({
    path: fc.string({ unit: "grapheme", maxLength: 50 }),
    content: fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
    modified: fc.integer({ min: -8.64e15, max: 8.64e15 }),
    mode: fc.integer({ min: 0, max: 0o777 }),
    failed: fc.boolean(),
  }),
  { maxLength: 20 },
);

const file = (more: Partial<PackedFile> = {}): PackedFile => ({
  path: "/a",
  content: new Uint8Array([1, 2, 3]),
  modified: 5,
  mode: 0o644,
  failed: false,
  ...more,
});

/** The bytes of a pack. */
async function pack(...all: PackedFile[]): Promise<Uint8Array<ArrayBuffer>> {
  const rest = all.values();
  const source = packSource(() => rest.next().value);
  const parts: Uint8Array[] = [];
  for (;;) {
    const into = new Uint8Array(1000);
    const count = await source.read(into);
    if (count === 0) return new Uint8Array(await new Blob(parts.map((part) => part.slice())).arrayBuffer());
    parts.push(into.subarray(0, count));
  }
}

/** Reads a pack that comes in chunks of these sizes, in turn. As with a body, a chunk is used again for the next one. */
async function unpack(bytes: Uint8Array, sizes: number[]): Promise<PackedFile[]> {
  let at = 0;
  let turn = 0;
  const used: Uint8Array[] = [];
  const reader = new PackReader(() => {
    used.pop()?.fill(0xee);
    if (at >= bytes.length) return Promise.resolve(null);
    const chunk = bytes.slice(at, at += sizes[turn++ % sizes.length]);
    used.push(chunk);
    return Promise.resolve(chunk);
  });
  const all: PackedFile[] = [];
  while (await reader.fill()) {
    for (let one = reader.next(); one; one = reader.next()) all.push({ ...one, content: one.content.slice() });
  }
  return all;
}

Deno.test("any files in chunks of any sizes are read as they were packed", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
  await fc.assert(fc.asyncProperty(files, sizes, async (all, sizes) => {
    assertEquals(await unpack(await pack(...all), sizes), all);
  }));
});

Deno.test("a pack that ends in the middle of a file is refused, wherever it ends", async () => {
  const bytes = await pack(file(), file({ path: "/longer" }));
  const whole = (await pack(file())).length;
  for (let length = 1; length < bytes.length; length++) {
    if (length === whole) continue;
    await assertRejects(() => unpack(bytes.subarray(0, length), [7]), CommandError, "middle of a file");
  }
});

Deno.test("a file whose content is not what was packed is a mismatch", async () => {
  const bytes = await pack(file());
  bytes[bytes.length - 1] ^= 1;
  const error = await assertRejects(() => unpack(bytes, [100]), CommandError);
  assertEquals(error.code, "mismatch");
});

Deno.test("what no pack may have is refused before anything of its size is kept", async () => {
  const wrong = async (change: (view: DataView) => void) => {
    const bytes = await pack(file());
    change(new DataView(bytes.buffer));
    const error = await assertRejects(() => unpack(bytes, [bytes.length]), CommandError);
    assertEquals(error.code, "bad_request");
  };
  await wrong((view) => view.setUint32(0, MAX_PACKED_BYTES + 1));
  await wrong((view) => view.setUint32(0, 0xffff_ffff));
  await wrong((view) => view.setFloat64(8, NaN));
  await wrong((view) => view.setFloat64(8, 8.64e15 + 2));
  await wrong((view) => view.setUint8(20, 0xff)); // the path
  const many = await pack(...Array.from({ length: MAX_PACK_FILES + 1 }, () => file()));
  await assertRejects(() => unpack(many, [10_000]), CommandError, "more than");
});

Deno.test("a path that does not fit is refused by the sender", () => {
  const source = packSource(() => file({ path: "/".repeat(65_536) }));
  assertThrows(() => source.read(new Uint8Array(10)), CommandError, "longer");
});
