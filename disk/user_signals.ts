/**
 * The two signals that have no meaning of their own.
 *
 * @module
 */

import { libc } from "./libc.ts";

/** Their numbers on Linux. */
const SIGUSR1 = 10;
const SIGUSR2 = 12;

/**
 * Ignores SIGUSR1 and SIGUSR2, as far as the C library is at hand. To SIGUSR1 Deno answers, half a second after its start, by
 * letting everybody on this machine debug the program, through a port; and before that, both would end it. That a log is rotated
 * is often said by one of them, and by whoever does not know that.
 */
export function ignoreUserSignals(): void {
  if (Deno.build.os !== "linux") return;
  // The first listener is the one that the system is told of: Deno's own, which comes later, changes nothing of that.
  Deno.addSignalListener("SIGUSR1", () => {});
  for (const signal of [SIGUSR1, SIGUSR2]) libc()?.ignoreSignal(signal);
}
