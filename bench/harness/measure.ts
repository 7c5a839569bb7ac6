/**
 * Runs contenders in turns.
 *
 * @module
 */

import type { Usage } from "./command.ts";
import { processorTime } from "./proc.ts";

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
  /** Why it was given up. */
  failure?: string;
}

/** How to measure. */
export interface MeasureOptions {
  /** How many rounds count; one more goes before them, to warm files, caches and memory. */
  readonly runs: number;
  /** Told how it goes. */
  readonly log: (line: string) => void;
}

/** How long a server may take to account for a finished client, in milliseconds. */
const SETTLE_MS = 40;

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
  }));
  for (let round = 0; round <= options.runs; round++) {
    for (const [at, contender] of contenders.entries()) {
      const result = results[at];
      if (result.failure !== undefined) continue;
      try {
        await contender.prepare();
        const before = processorTime();
        const { seconds, peak } = await contender.run();
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        const processor = processorTime() - before;
        await contender.check();
        options.log(`${round === 0 ? "warm-up" : `round ${round}`}: ${contender.name}: ${seconds.toFixed(3)} s`);
        if (round === 0) continue;
        result.seconds.push(seconds);
        result.processor.push(processor);
        result.clientPeak = Math.max(result.clientPeak, peak);
        result.serverPeak = Math.max(result.serverPeak, contender.serverPeak?.() ?? 0);
      } catch (error) {
        result.failure = (error as Error).message;
        options.log(`${contender.name} is given up: ${result.failure}`);
      }
    }
  }
  return results;
}
