/** Doing many things at once, within bounds, and ending early. */

import { assertEquals, assertRejects } from "@std/assert";
import { ahead, allAhead, pipeline } from "../client/transfer/pipeline.ts";
import { until } from "./support/until.ts";

const LIMITS = { count: 2, bytes: 10 };

/** Numbers, asked for one by one; `asked` counts how often. */
function numbers(end: number, fail?: Error) {
  const seen = { asked: 0, closed: false };
  const items = (async function* () {
    try {
      for (let at = 0; at < end; at++) {
        seen.asked++;
        await Promise.resolve();
        yield at;
      }
      if (fail) throw fail;
    } finally {
      seen.closed = true;
    }
  })();
  return { seen, items };
}

Deno.test("a failure ends a pipeline also while the next item is waited for", async () => {
  const never = new Promise<void>(() => {});
  const items = (async function* () {
    yield 1;
    await never;
    yield 2;
  })();
  const failing = Promise.withResolvers<void>();
  const run = pipeline(items, LIMITS, () => failing.promise);
  failing.reject(new Error("no"));
  await assertRejects(() => run, Error, "no");
});

Deno.test("what the items fail with ends a pipeline when all that is under way has ended", async () => {
  const { items } = numbers(2, new Error("no more"));
  const done: number[] = [];
  const work = async (item: number) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    done.push(item);
  };
  await assertRejects(() => pipeline(items, LIMITS, work), Error, "no more");
  assertEquals(done, [0, 1]);
});

Deno.test("no more is under way than the limits allow, and no more is asked for than there is room", async () => {
  const { items, seen } = numbers(10);
  let [now, most, begun] = [0, 0, 0];
  await pipeline(items, { count: 5, bytes: 10, sizeOf: () => 4 }, async () => {
    most = Math.max(most, ++now);
    assertEquals(seen.asked <= ++begun + 1, true); // one more, to see whether there is room for it
    await new Promise((resolve) => setTimeout(resolve, 1));
    now--;
  });
  assertEquals([most, now, seen.asked, seen.closed], [2, 0, 10, true]);
});

Deno.test("ahead asks for one more than it gives, in order, and passes on what fails", async () => {
  const { items, seen } = numbers(3, new Error("no more"));
  const got: [number, number][] = [];
  await assertRejects(
    async () => {
      for await (const item of ahead(items)) {
        got.push([item, seen.asked]);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    Error,
    "no more",
  );
  assertEquals(got, [[0, 2], [1, 3], [2, 3]]);
});

Deno.test("ahead that is left early closes what it asks", async () => {
  const { items, seen } = numbers(5);
  for await (const item of ahead(items)) if (item === 1) break;
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(seen.closed, true);
});

Deno.test("allAhead asks for all, whether they are taken or not, gives them in order, and then passes on what fails", async () => {
  const { seen, items } = numbers(5, new Error("at the end"));
  const all = allAhead(items);
  assertEquals((await all.next()).value, 0);
  await until(() => seen.closed, "all of them");
  const given: number[] = [];
  await assertRejects(
    async () => {
      for await (const item of all) given.push(item);
    },
    Error,
    "at the end",
  );
  assertEquals([given, seen.asked], [[1, 2, 3, 4], 5]);
});

Deno.test("allAhead that is left early closes what it asks", async () => {
  const { seen, items } = numbers(100);
  for await (const item of allAhead(items)) if (item === 1) break;
  await until(() => seen.closed, "its end");
  assertEquals(seen.asked < 10, true);
});
