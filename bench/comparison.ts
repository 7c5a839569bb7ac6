/**
 * The table of who copied how fast.
 *
 * @module
 */

import type { Result } from "./harness/measure.ts";
import { median, speedup } from "./harness/stats.ts";
import type { Table } from "./harness/table.ts";
import { showBytes, showCount, showRate, showRatio, showSeconds } from "./harness/units.ts";
import { CONNME, type Tool } from "./tools.ts";

/** A wish: so many times the rate of another tool. */
export interface Target {
  readonly than: Tool;
  readonly atLeast: number;
}

/** What was copied, and what we want to be. */
export interface Copied {
  /** What the table shows. */
  readonly title: string;
  /** Bytes of one run. */
  readonly bytes: number;
  /** Files of one run. */
  readonly files: number;
  /** How many times as fast as these we want to be. */
  readonly targets?: readonly Target[];
  /** The most memory that either of our programs may take, in bytes. */
  readonly memory?: number;
}

/** A table, and which of our targets were missed. */
export interface Comparison {
  readonly table: Table;
  readonly missed: string[];
}

/** Compares results of one job, ourselves among them where we could do it. */
export function compare(results: readonly Result[], copied: Copied): Comparison {
  const ours = results.find(({ name }) => name === CONNME.name);
  const missed: string[] = [];
  const many = copied.files > 1;
  const rows = results.map((result) => {
    if (result.failure !== undefined) {
      if (result === ours) missed.push(`${copied.title}: connme failed: ${result.failure}.`);
      return [result.name, "failed", ...Array(7).fill("")];
    }
    const { seconds } = result;
    const middle = median(seconds);
    const ratio = ours && ours !== result && ours.failure === undefined ? speedup(ours.seconds, seconds) : NaN;
    const target = copied.targets?.find(({ than }) => than.name === result.name)?.atLeast;
    if (target !== undefined && ratio < target) {
      missed.push(`${copied.title}: ${showRatio(ratio)} the rate of ${result.name}; wanted: ${target}x.`);
    }
    return [
      result.name,
      showSeconds(middle),
      `${showSeconds(Math.min(...seconds))} - ${showSeconds(Math.max(...seconds))}`,
      many ? `${showCount(copied.files / middle)}/s` : showRate(copied.bytes, middle),
      showRatio(ratio),
      target === undefined ? "" : `${target}x`,
      showSeconds(median(result.processor)),
      showMemory(result.clientPeak),
      showMemory(result.serverPeak),
    ];
  });
  const peak = ours ? Math.max(ours.clientPeak, ours.serverPeak) : 0;
  if (copied.memory !== undefined && peak > copied.memory) {
    missed.push(`${copied.title}: connme took ${showBytes(peak)} of memory; wanted: ${showBytes(copied.memory)}.`);
  }
  const head = ["", "median", "range", many ? "files" : "rate", "connme is", "wanted", "cpu", "client", "server"];
  return { table: { title: copied.title, head, rows }, missed };
}

function showMemory(bytes: number): string {
  return bytes > 0 ? showBytes(bytes) : "";
}
