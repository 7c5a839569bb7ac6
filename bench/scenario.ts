/**
 * What a scenario is.
 *
 * @module
 */

import type { Table } from "./harness/table.ts";

/** How the person who started the bench wants it. */
export interface BenchOptions {
  /** Rounds that count. */
  readonly runs: number;
  /** Less of everything: to see that it works, not how fast. */
  readonly quick: boolean;
  /** Told how it goes. */
  readonly log: (line: string) => void;
}

/** What a scenario found. */
export interface Report {
  /** What it prints. */
  readonly tables: Table[];
  /** What has to be said besides: who was left out, what was missed. */
  readonly notes: string[];
  /** Pictures for docs/, by file name. */
  readonly files?: Record<string, string>;
  /** All figures, for machines. */
  readonly data: unknown;
  /** Whether something of ours failed, or missed its target. */
  failed: boolean;
}

/** Something to measure. */
export interface Scenario {
  /** What it is called on the command line. */
  readonly name: string;
  /** What it measures, in one sentence. */
  readonly summary: string;
  /** Measures it. */
  run(options: BenchOptions): Promise<Report>;
}
