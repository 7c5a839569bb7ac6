import { assertEquals, assertRejects } from "@std/assert";
import { DiskError } from "../disk/errors.ts";
import { FileSource } from "../disk/file_source.ts";
import { pattern, sha256 } from "./support/files.ts";
import { TempFolder } from "./support/temp_folder.ts";

const SIZE = 100_000;

/** Opens a file of known content, lets something happen to it, and reads it to its end. */
async function readAfter(event: (path: string) => void): Promise<number> {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/file`;
    Deno.writeFileSync(path, new Uint8Array(SIZE).fill(1));
    const source = new FileSource(path, "the file");
    try {
      event(path);
      const content = new Uint8Array(SIZE);
      let used = 0;
      for (let count = -1; count !== 0 && used < SIZE; used += count) count = await source.read(content.subarray(used));
      assertEquals(content.every((byte) => byte === 1), true);
      source.requireUnchanged();
      return used;
    } finally {
      source.close();
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("a file that is moved, removed or replaced while it is read is read to its end", async () => {
  assertEquals(await readAfter(() => {}), SIZE);
  assertEquals(await readAfter((path) => Deno.renameSync(path, `${path}.1`)), SIZE);
  assertEquals(await readAfter((path) => Deno.removeSync(path)), SIZE);
  assertEquals(
    await readAfter((path) => {
      Deno.writeFileSync(`${path}.new`, new Uint8Array(SIZE).fill(2));
      Deno.renameSync(`${path}.new`, path);
    }),
    SIZE,
  );
});

Deno.test("a file that is written to while it is read is no longer what was opened", async () => {
  const events: ((path: string) => void)[] = [
    (path) => Deno.writeFileSync(path, new Uint8Array(1), { append: true }),
    (path) => Deno.truncateSync(path, SIZE - 1),
    (path) => Deno.utimeSync(path, 1, 1),
    (path) => {
      Deno.utimeSync(path, 1, 1);
      Deno.renameSync(path, `${path}.1`);
    },
  ];
  for (const event of events) await assertRejects(() => readAfter(event), DiskError, "was changed");
});

Deno.test("a file that grows while it is read is read again as it was", async () => {
  using folder = new TempFolder();
  const path = folder.file("log", pattern(SIZE));
  const read = async (source: FileSource) => {
    const content = new Uint8Array(2 * SIZE);
    let used = 0;
    for (let count = -1; count !== 0; used += count) count = await source.read(content.subarray(used));
    return sha256(content.subarray(0, used));
  };
  const growing = new FileSource(path);
  assertEquals(await growing.read(new Uint8Array(10)), 10);
  Deno.writeTextFileSync(path, "more", { append: true });
  await read(growing);
  assertEquals(growing.rewindIfChanged()?.code, "changed");
  assertEquals(await read(growing), sha256(pattern(SIZE))); // and not a byte more
  growing.close();
});

Deno.test("the checksum of a file is that of its content, and a large one can be canceled", async () => {
  using folder = new TempFolder();
  const never = new AbortController().signal;
  for (const size of [0, 1, SIZE, 3_000_000]) {
    const source = new FileSource(folder.file(`${size}`, pattern(size)));
    assertEquals(await source.sha256(never), sha256(pattern(size)));
    if (size > 1_000_000) {
      const cancel = new AbortController();
      const summing = source.sha256(cancel.signal);
      cancel.abort(new Error("canceled"));
      await assertRejects(() => summing, Error, "canceled");
    }
    source.close();
  }
});
