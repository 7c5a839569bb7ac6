import { PATIENCE_MS } from "./transcript.ts";

/** How often is looked, in milliseconds. */
const LOOK_MS = 2;

/**
 * Waits until something is so that nobody announces: a file on the disk, say.
 *
 * @param condition looked at again and again
 * @param what for the error
 * @throws {Error} when it does not become true in time
 */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !condition();) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
