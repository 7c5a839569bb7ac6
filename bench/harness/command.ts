/**
 * Runs the client program of a contender to its end, and watches what it takes.
 *
 * @module
 */

import { onInterrupt } from "./clean_up.ts";
import { peakMemory } from "./proc.ts";

/** A program and what it is started with. */
export interface Command {
  /** The program and its arguments. */
  readonly argv: readonly string[];
  /** The folder it runs in. */
  readonly cwd?: string;
  /** More of the environment. */
  readonly env?: Record<string, string>;
}

/** What a run took. */
export interface Usage {
  /** From before its start to after its end. */
  readonly seconds: number;
  /** Its largest resident memory in bytes, as seen by looking now and then; 0 when it was too short for that. */
  readonly peak: number;
}

/** How often memory is looked at, in milliseconds: rare enough not to be felt. */
const LOOK_MS = 25;

/**
 * Runs a command to its end.
 *
 * @param command what to run; its output goes nowhere, except that its last words are quoted when it fails
 * @param limit seconds after which it is killed
 * @throws {Error} when it fails or does not end in time
 */
export async function runCommand(command: Command, limit: number): Promise<Usage> {
  const { argv, cwd, env } = command;
  const began = performance.now();
  const child = new Deno.Command(argv[0], {
    args: argv.slice(1),
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const forget = onInterrupt(() => child.kill("SIGKILL"));
  let peak = 0;
  const looking = setInterval(() => peak = Math.max(peak, peakMemory(child.pid)), LOOK_MS);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, limit * 1000);
  const words = new Response(child.stderr).text();
  const { success, code } = await child.status;
  const seconds = (performance.now() - began) / 1000;
  forget();
  clearTimeout(timer);
  clearInterval(looking);
  if (late) throw new Error(`${argv[0]} did not end within ${limit} s`);
  if (!success) throw new Error(`${argv.join(" ")}: exit code ${code}: ${(await words).trim().slice(-500)}`);
  await words;
  return { seconds, peak };
}

/** Runs a small command and returns its standard output; `undefined` when it cannot be run or fails. */
export async function ask(...argv: string[]): Promise<string | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(argv[0], { args: argv.slice(1), stdin: "null" })
      .output();
    // Some programs tell their version on standard error.
    return success ? new TextDecoder().decode(stdout.length > 0 ? stdout : stderr).trim() : undefined;
  } catch {
    return undefined;
  }
}
