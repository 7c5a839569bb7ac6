/**
 * Waits until nobody else is using the machine.
 *
 * @module
 */

import { busyTime } from "./proc.ts";

/** How long the machine is watched at a time, in milliseconds. */
const WATCH_MS = 100;
/** Up to this share of the processors counts as quiet. */
const QUIET = 0.08;
/** How long to wait for quiet at most, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Returns when the machine is quiet, or when it has not become so for a while. */
export async function waitForQuiet(): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
    const busy = busyTime();
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const seconds = (performance.now() - began) / 1000;
    if ((busyTime() - busy) / seconds / navigator.hardwareConcurrency <= QUIET) return;
  }
}
