/** Trying again when the connection was lost, by itself. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Client, CommandError, ConnectionLostError } from "../client/client.ts";
import { type Connector, connectPatiently, retrying } from "../client/transfer/retry.ts";

const LOST = new ConnectionLostError("lost");
const { signal } = new AbortController();

/** One whose connection is lost again as soon as it stands. */
function unlucky(retries: number, reconnect: () => Promise<void> = () => Promise.resolve()): Connector {
  const client = { lost: LOST, abort: () => {} } as unknown as Client;
  return { client, retries, signal, reconnect };
}

Deno.test("work that comes to nothing each time it is connected again is not tried without a pause", async () => {
  const began = performance.now();
  let attempts = 0;
  await assertRejects(() =>
    retrying(unlucky(4), () => {
      attempts++;
      return Promise.reject(LOST);
    }), ConnectionLostError);
  assertEquals(attempts, 5);
  assert(performance.now() - began > 1300, "200, 400 and 800 ms");
});

Deno.test("work that gets further each time is never given up", async () => {
  let position = 0;
  await retrying(unlucky(1), (_, __, progressed) => {
    progressed(++position);
    return position < 10 ? Promise.reject(LOST) : Promise.resolve();
  });
  assertEquals(position, 10);
});

Deno.test("where all at once come to nothing, one goes first, and the others when it got further", async () => {
  const connector = unlucky(4);
  let running = 0;
  const work = async () => {
    running++;
    await new Promise((resolve) => setTimeout(resolve, 0));
    const alone = running === 1;
    await new Promise((resolve) => setTimeout(resolve, 0));
    running--;
    if (!alone) throw LOST;
  };
  await Promise.all(Array.from({ length: 4 }, () => retrying(connector, work)));
  assertEquals(running, 0);
});

Deno.test("only a connection that is not there is tried again", async () => {
  let attempts = 0;
  const failing = (error: Error) => unlucky(3, () => (attempts++, Promise.reject(error)));
  await assertRejects(() => connectPatiently(failing(new CommandError("canceled", "canceled"))), CommandError);
  assertEquals(attempts, 1);
  await assertRejects(() => connectPatiently(failing(LOST)), ConnectionLostError);
  assertEquals(attempts, 4);
});
