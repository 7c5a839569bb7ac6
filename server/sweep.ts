/**
 * Removing what interrupted uploads left.
 *
 * @module
 */

import type { Log } from "./log.ts";
import type { Storage } from "./storage/storage.ts";

const HOUR_MS = 3_600_000;

/**
 * Sweeps now, and then every hour or sooner, in the background. Looking at every folder takes its time in a large tree, but
 * it gives way to clients.
 *
 * @param storage what to sweep
 * @param ttlMs what nobody has written to for so many milliseconds is removed
 * @param log told when there was something
 * @returns ends it, and waits for the sweep that is under way
 */
export function sweepRegularly(storage: Storage, ttlMs: number, log: Log): () => Promise<void> {
  let running: Promise<void> | undefined;
  const sweep = async () => {
    const partials = await storage.sweep(Date.now() - ttlMs);
    running = undefined;
    if (partials > 0) log("swept", { partials });
  };
  running = sweep();
  const timer = setInterval(() => running ??= sweep(), Math.min(HOUR_MS, ttlMs));
  return async () => {
    clearInterval(timer);
    await running;
  };
}
