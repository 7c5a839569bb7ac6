/**
 * What must not be left behind, even when the bench is interrupted.
 *
 * @module
 */

const pending = new Set<() => void>();

/**
 * Registers a step of cleaning up.
 *
 * @param step the last one registered is the first one to run
 * @returns takes it back, once it was done in the ordinary way
 */
export function onInterrupt(step: () => void): () => void {
  pending.add(step);
  return () => pending.delete(step);
}

/** From now on Ctrl-C and SIGTERM clean up before they end the program. */
export function cleanUpOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      for (const step of [...pending].reverse()) {
        try {
          step();
        } catch { /* over already */ }
      }
      Deno.exit(130);
    });
  }
}
