/** How long a client may let the server wait, by a clock of the test's own. */

import { assertEquals } from "@std/assert";
import { Idle, type State, type Verdict } from "../server/idle.ts";

const IDLE = 60_000;

/** A connection on which nothing happens. */
const REST: State = {
  readingSince: 0,
  silentSince: 0,
  writingSince: undefined,
  greeted: true,
  arriving: false,
  busy: false,
};

/** Every verdict but `wait` until the first that ends it, as `expire@61000`. */
function verdicts(until: number, at: (now: number) => Partial<State>, idle = new Idle(IDLE, 0)): string[] {
  const seen: string[] = [];
  for (let now = 1000; now <= until; now += 1000) {
    const verdict: Verdict = idle.judge({ ...REST, ...at(now) }, now);
    if (verdict !== "wait") seen.push(`${verdict}@${now}`);
    if (verdict === "expire" || verdict === "cut") break;
  }
  return seen;
}

Deno.test("the opening must be there within ten seconds, however it trickles in", () => {
  assertEquals(verdicts(120_000, (now) => ({ greeted: false, readingSince: now, silentSince: now })), ["expire@11000"]);
  assertEquals(verdicts(120_000, () => ({ greeted: false }), new Idle(3000, 0)), ["expire@4000"]);
});

Deno.test("a client at rest may be silent for the whole time, from when it was waited for", () => {
  assertEquals(verdicts(120_000, () => ({})), ["expire@61000"]);
  const idle = new Idle(IDLE, 0);
  idle.restart(30_000);
  assertEquals(verdicts(120_000, () => ({}), idle), ["expire@91000"]);
});

Deno.test("while a request runs it is the client that waits, unless the request waits for its body", () => {
  assertEquals(verdicts(120_000, () => ({ busy: true })), []);
  assertEquals(verdicts(120_000, () => ({ busy: true, arriving: true, readingSince: 5000, silentSince: 500 })), [
    "sign of life@1000",
    "expire@66000",
  ]);
});

Deno.test("whose body comes slowly is told that the server is there; who takes nothing is cut off", () => {
  const slow = (now: number) => ({ busy: true, arriving: true, readingSince: now - 1, silentSince: now - 1 });
  assertEquals(verdicts(3000, slow), ["sign of life@1000", "sign of life@2000", "sign of life@3000"]);
  assertEquals(verdicts(120_000, (now) => ({ ...slow(now), writingSince: 2000 })), ["cut@63000"]);
});
