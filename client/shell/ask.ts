/**
 * A question on the terminal, outside of the shell.
 *
 * @module
 */

import { CommandError } from "../../protocol/errors.ts";

/**
 * Asks the person at the terminal.
 *
 * @param question shown on standard error, as standard output may be a file
 * @param signal ends the waiting
 * @returns the line that was typed
 * @throws {CommandError} `canceled` on Ctrl-C and Ctrl-D
 */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const [{ createInterface }, { default: process }] = await Promise.all([
    import("node:readline"),
    import("node:process"),
  ]);
  const readline = createInterface({ input: process.stdin, output: process.stderr, historySize: 0 });
  const answer = Promise.withResolvers<string>();
  readline.on("SIGINT", () => readline.close());
  readline.on("SIGTSTP", () => {});
  readline.on("close", () => answer.reject(new CommandError("canceled", "canceled")));
  const abort = () => readline.close();
  signal.addEventListener("abort", abort, { once: true });
  readline.question(question, answer.resolve);
  try {
    return await answer.promise;
  } finally {
    signal.removeEventListener("abort", abort);
    readline.close();
  }
}
