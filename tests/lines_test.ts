/** Bodies of lines: what comes at once goes out together, and what came before a failure goes out before it. */

import { assertEquals, assertRejects } from "@std/assert";
import { decodeLines } from "../protocol/message_codec.ts";
import { packLine } from "../protocol/messages.ts";
import { linesOf } from "../server/commands/lines.ts";

const line = (at: number) => ({ at, path: `/${at}` });

/** All that can be read, a frame at a time. */
async function frames(messages: Iterable<object[]>, room = 1000): Promise<string[]> {
  const body = (await linesOf(messages))!;
  const all: string[] = [];
  for (;;) {
    const into = new Uint8Array(room);
    const count = await body.read(into);
    if (count === 0) return all;
    all.push(new TextDecoder().decode(into.subarray(0, count)));
  }
}

Deno.test("lines that are there go out together, and survive any room", async () => {
  const parts = Array.from({ length: 40 }, (_, at) => [line(at), line(at + 100)]);
  assertEquals((await frames(parts, 100_000)).length, 1);
  for (const room of [1, 7, 30]) {
    const text = (await frames(parts, room)).join("");
    assertEquals(decodeLines(packLine, new TextEncoder().encode(text), "lines"), parts.flat());
  }
  assertEquals(await frames([]), []);
  assertEquals(await frames([[], [line(1)], []]), ['{"at":1,"path":"/1"}\n']);
});

Deno.test("what came before a failure goes out before it", async () => {
  const body = (await linesOf((function* () {
    yield [line(1)];
    throw new Error("the disk");
  })()))!;
  const into = new Uint8Array(100);
  assertEquals(new TextDecoder().decode(into.subarray(0, await body.read(into))), '{"at":1,"path":"/1"}\n');
  await assertRejects(async () => await body.read(into), Error, "the disk");
});
