/**
 * Runs contenders in turns.
 *
 * @module
 */

import type { Usage } from "./command.ts";
import { busyTime, processorTime } from "./proc.ts";
import { waitForQuiet } from "./quiet.ts";

/** One that is measured. */
export interface Contender {
  /** How it is called in tables. */
  readonly name: string;
  /** Makes everything as it was before its first run. Not timed. */
  prepare(): void | Promise<void>;
  /** What is timed. */
  run(): Promise<Usage>;
  /** Throws when the run did not do what it should. Not timed. */
  check(): void | Promise<void>;
  /** The largest memory of its server in bytes, where that is known. */
  serverPeak?(): number;
}

/** All runs of one contender. */
export interface Result {
  /** Its name. */
  readonly name: string;
  /** Seconds, one value a round. */
  readonly seconds: number[];
  /** Processor seconds of client and server together, one value a round. */
  readonly processor: number[];
  /** The largest memory of the client in all rounds, in bytes. */
  clientPeak: number;
  /** The largest memory of the server in all rounds, in bytes. */
  serverPeak: number;
  /** Runs that count although somebody else was using the machine. */
  disturbed: number;
  /** Why it was given up. */
  failure?: string;
}

/** How to measure. */
export interface MeasureOptions {
  /** How many rounds count; one more goes before them, to warm files, caches and memory. */
  readonly runs: number;
  /** Neither waits for a quiet machine nor repeats what was disturbed. */
  readonly quick?: boolean;
  /** Told how it goes. */
  readonly log: (line: string) => void;
}

/** How long a server may take to account for a finished client, in milliseconds. */
const SETTLE_MS = 40;
/** A run during which somebody else used more of the processors than this share is repeated ... */
const DISTURBED = 0.1;
/** ... unless it is so little, in seconds, that the clock of the system could not tell ... */
const DISTURBED_SECONDS = 0.05;
/** ... but not more than so many times: on a machine that never rests, figures are better than none. */
const REPEATS = 2;

/**
 * Measures all contenders: A B C, A B C and so on, so that whatever else the machine does meets all of them.
 *
 * One that fails is given up, and the others go on.
 *
 * @param contenders in the order of their turns
 * @param options see {@linkcode MeasureOptions}
 * @returns results in the same order
 */
export async function measure(contenders: readonly Contender[], options: MeasureOptions): Promise<Result[]> {
  const results: Result[] = contenders.map(({ name }) => ({
    name,
    seconds: [],
    processor: [],
    clientPeak: 0,
    serverPeak: 0,
    disturbed: 0,
  }));
  for (let round = 0; round <= options.runs; round++) {
    for (const [at, contender] of contenders.entries()) {
      const result = results[at];
      if (result.failure !== undefined) continue;
      try {
        const run = await undisturbed(contender, round === 0 || options.quick ? undefined : REPEATS);
        const label = round === 0 ? "warm-up" : `round ${round}`;
        options.log(`${label}: ${contender.name}: ${run.seconds.toFixed(3)} s${run.disturbed ? " (disturbed)" : ""}`);
        if (round === 0) continue;
        result.seconds.push(run.seconds);
        result.processor.push(run.processor);
        result.clientPeak = Math.max(result.clientPeak, run.clientPeak);
        result.serverPeak = Math.max(result.serverPeak, run.serverPeak);
        if (run.disturbed) result.disturbed++;
      } catch (error) {
        result.failure = (error as Error).message;
        options.log(`${contender.name} is given up: ${result.failure}`);
      }
    }
  }
  return results;
}

interface Run {
  seconds: number;
  processor: number;
  clientPeak: number;
  serverPeak: number;
  disturbed: boolean;
}

/** @param repeats how often at most; `undefined` to take the run as it comes */
async function undisturbed(contender: Contender, repeats: number | undefined): Promise<Run> {
  for (let attempt = 0;; attempt++) {
    await contender.prepare();
    if (repeats !== undefined) await waitForQuiet();
    const busyBefore = busyTime();
    const before = processorTime();
    const began = performance.now();
    const { seconds, peak } = await contender.run();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const processor = processorTime() - before;
    const others = busyTime() - busyBefore - processor;
    const share = others / ((performance.now() - began) / 1000) / navigator.hardwareConcurrency;
    const serverPeak = contender.serverPeak?.() ?? 0;
    await contender.check();
    const disturbed = share > DISTURBED && others > DISTURBED_SECONDS;
    if (!disturbed || attempt >= (repeats ?? 0)) return { seconds, processor, clientPeak: peak, serverPeak, disturbed };
  }
}
