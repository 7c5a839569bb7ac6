/**
 * A slow link without the help of the system: programs that take connections and pass on what comes, later.
 *
 * @module
 */

import { onInterrupt } from "../harness/clean_up.ts";
import { benchFile, DENO } from "../programs.ts";
import type { Place } from "../servers/server.ts";
import { type LinkSpeed, QUEUE_BYTES } from "./link.ts";

/** Where clients find the slow side of the same ports. */
const SLOW_ADDRESS = "127.0.0.2";

/** Servers here, clients here, and a proxy for every port between them. */
export function proxyPlace(inside: Place, { delay, rate }: LinkSpeed): { place: Place; takeDown: () => Promise<void> } {
  const proxies: Deno.ChildProcess[] = [];
  const kill = () => proxies.forEach((proxy) => proxy.kill("SIGKILL"));
  const forget = onInterrupt(kill);
  const expose = async (ports: readonly number[]) => {
    const child = new Deno.Command(DENO[0], {
      args: [
        ...DENO.slice(1),
        benchFile("link/delay.ts"),
        SLOW_ADDRESS,
        inside.listen,
        String(delay),
        String(rate),
        String(QUEUE_BYTES),
        ...ports.map(String),
      ],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    proxies.push(child);
    const reader = child.stdout.getReader();
    const { done } = await reader.read(); // one line, when it listens
    if (done) throw new Error("the delaying proxy did not come up");
    reader.releaseLock();
  };
  const takeDown = async () => {
    kill();
    forget();
    await Promise.all(proxies.map(async (proxy) => {
      await proxy.stdout.cancel();
      await proxy.status;
    }));
  };
  return { place: { ...inside, reach: SLOW_ADDRESS, expose }, takeDown };
}
