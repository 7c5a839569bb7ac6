/**
 * What signals mean that are no wish to end a program.
 *
 * @module
 */

import { libc } from "./libc.ts";

/** Numbers of signals on Linux. */
const SIGUSR1 = 10;
const SIGUSR2 = 12;
const SIGTSTP = 20;

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

/**
 * Does something when the terminal is closed, of which SIGHUP tells. Who has none, as with `nohup`, is not meant, and goes on:
 * that the signal was to be ignored cannot be seen any more, as Deno has answered to it from its start.
 *
 * @param work what to do
 */
export function onHangUp(work: () => void): void {
  const hasTerminal = [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
  Deno.addSignalListener("SIGHUP", hasTerminal ? work : () => {});
}

/**
 * Stops this program, and what it was started by or with, as Ctrl-Z does where the system sees to it, if the C library is at hand. Returns when the program is
 * told to go on; at once where nobody is there who could tell it so.
 */
export function suspend(): void {
  libc()?.signalGroup(SIGTSTP);
}
