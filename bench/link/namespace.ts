/**
 * A slow link by the system's own means: a network namespace, a pair of virtual cables, and a queue that delays.
 *
 * @module
 */

import { onInterrupt } from "../harness/clean_up.ts";
import type { Place } from "../servers/server.ts";
import { type LinkSpeed, QUEUE_BYTES } from "./link.ts";

/** Full packets, for the length of a queue. */
const PACKET_BYTES = 1500;

/** A place, or why there is none. */
export type Namespace =
  | { place: Place; takeDown: () => Promise<void> }
  | { place: undefined; reason: string };

/** Servers in a namespace of their own, clients outside of it. */
export async function namespacePlace(inside: Place, { delay, rate }: LinkSpeed): Promise<Namespace> {
  if (Deno.uid() !== 0) return { place: undefined, reason: "network namespaces need root" };
  const name = `connme-bench-${Deno.pid}`;
  const [outer, inner] = [`cb${Deno.pid}o`, `cb${Deno.pid}i`];
  // A subnet of our own, out of those that are set aside for benchmarks (RFC 2544).
  const subnet = `198.18.${Deno.pid & 0xff}`;
  const remove = () => {
    // With the namespace goes its end of the cable, and with that the other end.
    runSync("ip", "netns", "delete", name);
    runSync("ip", "link", "delete", outer);
  };
  const forget = onInterrupt(remove);
  const flight = delay / 1000 * rate / 8;
  const limit = Math.ceil((flight + QUEUE_BYTES) / PACKET_BYTES);
  const netem = ["root", "netem", "delay", `${delay}ms`, "rate", `${rate}bit`, "limit", String(limit)];
  const steps = [
    ["ip", "netns", "add", name],
    ["ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name],
    ["ip", "address", "add", `${subnet}.1/24`, "dev", outer],
    ["ip", "link", "set", outer, "up"],
    ["ip", "-netns", name, "address", "add", `${subnet}.2/24`, "dev", inner],
    ["ip", "-netns", name, "link", "set", inner, "up"],
    ["ip", "-netns", name, "link", "set", "lo", "up"],
    ["tc", "qdisc", "add", "dev", outer, ...netem],
    ["ip", "netns", "exec", name, "tc", "qdisc", "add", "dev", inner, ...netem],
  ];
  for (const step of steps) {
    const problem = await run(...step);
    if (problem === undefined) continue;
    remove();
    forget();
    return { place: undefined, reason: `${step[0]}: ${problem}` };
  }
  const address = `${subnet}.2`;
  return {
    place: { ...inside, listen: address, reach: address, wrap: ["ip", "netns", "exec", name] },
    takeDown: () => {
      remove();
      forget();
      return Promise.resolve();
    },
  };
}

/** Runs a command; the first line of its complaint, or `undefined` when it has none. */
async function run(...argv: string[]): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command(argv[0], { args: argv.slice(1), stdin: "null" }).output();
    return success ? undefined : new TextDecoder().decode(stderr).trim().split("\n")[0];
  } catch {
    return "not installed";
  }
}

function runSync(...argv: string[]): void {
  try {
    new Deno.Command(argv[0], { args: argv.slice(1), stdin: "null", stdout: "null", stderr: "null" }).outputSync();
  } catch { /* not installed: then there is nothing to undo */ }
}
