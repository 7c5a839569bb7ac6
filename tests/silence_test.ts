/** How long a server may say nothing, by a clock of the test's own. */

import { assertEquals } from "@std/assert";
import { Silence, type State, type Verdict } from "../client/silence.ts";

const TIMEOUT = 30_000;
const HOUR = 3_600_000;

/** A connection on which nothing happens; 900 seconds of it are too much for the server. */
const REST: State = { silentSince: 0, writingSince: undefined, owing: false, idleMs: 900_000 };

/** Every verdict but `wait` until a time, as `ping@15000`; what is asked for at each may change with it. */
function verdicts(until: number, at: (now: number) => Partial<State>, silence = new Silence(TIMEOUT, 0)): string[] {
  const seen: string[] = [];
  for (let now = silence.checkMs; now <= until; now += silence.checkMs) {
    const verdict: Verdict = silence.judge({ ...REST, ...at(now) }, now);
    if (verdict !== "wait") seen.push(`${verdict}@${now}`);
    if (verdict === "lost" || verdict === "unreachable") break;
  }
  return seen;
}

Deno.test("a server that does not say HELLO in time is none", () => {
  assertEquals(verdicts(HOUR, () => ({ idleMs: undefined, owing: true })), ["unreachable@31000"]);
});

Deno.test("a server that owes an answer is asked after half the time, and given up after all of it", () => {
  assertEquals(verdicts(HOUR, () => ({ owing: true })), ["ping@16000", "lost@31000"]);
});

Deno.test("a server that soon takes a client for gone hears of it while it owes an answer, too", () => {
  // An upload may have nothing to send: it comes from a keyboard, or is being read once more.
  assertEquals(verdicts(4000, () => ({ owing: true, idleMs: 6000 })), ["ping@3000"]);
});

Deno.test("a connection at rest is kept with a PING every third of the server's own time", () => {
  let heardAt = 0;
  const silence = new Silence(TIMEOUT, 0);
  const seen = verdicts(1_000_000, (now) => {
    if (now - heardAt > 301_000) { // the answer to the PING
      silence.heard();
      heardAt = now;
    }
    return { silentSince: heardAt };
  }, silence);
  assertEquals(seen, ["ping@301000", "ping@603000", "ping@905000"]);
});

Deno.test("a server that does not answer the PING of a connection at rest is given up", () => {
  assertEquals(verdicts(HOUR, () => ({})), ["ping@301000", "lost@332000"]);
});

Deno.test("silence from before anything was asked for says nothing", () => {
  const silence = new Silence(TIMEOUT, 0);
  const seen = verdicts(HOUR, (now) => {
    if (now === 200_000) silence.owed(now);
    return { owing: now >= 200_000 };
  }, silence);
  assertEquals(seen, ["ping@200000", "lost@231000"]);
});

Deno.test("a write that is not taken is no silence while the server says that it is there", () => {
  const sending = { owing: true, writingSince: 1000 };
  assertEquals(verdicts(HOUR, (now) => ({ ...sending, silentSince: now - 1000 })), []);
  assertEquals(verdicts(HOUR, (now) => ({ ...sending, silentSince: Math.min(now, 60_000) })), [
    "ping@76000",
    "lost@91000",
  ]);
});

Deno.test("a server that asks and takes no answer is given up", () => {
  assertEquals(verdicts(HOUR, () => ({ owing: true, silentSince: undefined, writingSince: 1000 })), ["lost@32000"]);
});

Deno.test("who is always late gives a server up in the end", () => {
  const silence = new Silence(TIMEOUT, 0);
  let now = 0;
  let verdict: Verdict = "wait";
  const seen: string[] = [];
  for (; now < HOUR && verdict !== "lost"; now += 5000) {
    verdict = silence.judge({ ...REST, owing: true }, now);
    if (verdict !== "wait") seen.push(`${verdict}@${now}`);
  }
  assertEquals(seen, ["ping@70000", "lost@85000"]);
});

Deno.test("what was asked before a pause is asked again after it", () => {
  const silence = new Silence(TIMEOUT, 0);
  const state = { ...REST, owing: true };
  const verdicts = [1000, 2000, ...Array.from({ length: 15 }, (_, at) => (at + 3) * 1000)].map((now) =>
    silence.judge(state, now)
  );
  assertEquals(verdicts.includes("ping"), true);
  assertEquals(silence.judge(state, HOUR), "wait");
  const after = Array.from({ length: 20 }, (_, at) => silence.judge(state, HOUR + (at + 1) * 1000));
  assertEquals(after.filter((verdict) => verdict !== "wait"), ["ping"]);
});

Deno.test("a pause of our own is no silence: the server is asked before it is given up", () => {
  for (const sending of [undefined, 1000]) {
    const state = { ...REST, owing: true, writingSince: sending };
    const silence = new Silence(TIMEOUT, 0);
    assertEquals(silence.judge(state, 1000), "wait");
    assertEquals(silence.judge(state, HOUR), "wait");
    const seen: string[] = [];
    for (let now = HOUR + 1000; now < 2 * HOUR && seen.length < 2; now += 1000) {
      const verdict = silence.judge(state, now);
      if (verdict !== "wait") seen.push(`${verdict} after ${now - HOUR}`);
    }
    assertEquals(seen, ["ping after 16000", "lost after 31000"]);
  }
});
