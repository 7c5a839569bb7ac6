/**
 * The common part of scenarios that copy the same things with everybody.
 *
 * @module
 */

import { compare, type Target } from "./comparison.ts";
import { measure, type Result } from "./harness/measure.ts";
import type { BenchOptions, Report } from "./scenario.ts";
import type { JobName, Stage } from "./stage.ts";

/** What is copied. */
export interface Copies {
  /** Bytes of one run. */
  readonly bytes: number;
  /** Files of one run. */
  readonly files: number;
  /** The most memory that either of our programs may take, in bytes. */
  readonly memory: number;
  /** Seconds that one run may take; five minutes by default. */
  readonly limit?: number;
  /** What each table shows. */
  readonly tables: readonly { job: JobName; title: string; targets: readonly Target[] }[];
}

/** Measures every job with everybody who can do it, and compares. */
export async function compareCopies(stage: Stage, copies: Copies, options: BenchOptions): Promise<Report> {
  const report = { tables: [] as Report["tables"], missed: [] as string[], data: {} as Record<string, Result[]> };
  for (const { job, title, targets } of copies.tables) {
    options.log(title);
    const results = await measure(stage.contenders(job, copies.limit), options);
    const { table, missed } = compare(results, { ...copies, title, targets });
    report.tables.push(table);
    report.missed.push(...missed);
    report.data[job] = results;
  }
  const { tables, missed, data } = report;
  return {
    tables,
    notes: [...stage.notes, ...missed],
    data: { bytes: copies.bytes, files: copies.files, results: data },
    failed: missed.length > 0,
  };
}
