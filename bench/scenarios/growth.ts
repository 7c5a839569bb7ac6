import { makeFile, makeTree } from "../harness/content.ts";
import { measure, type Result } from "../harness/measure.ts";
import { median } from "../harness/stats.ts";
import { GIB, KIB, MIB, showBytes, showCount, showSeconds } from "../harness/units.ts";
import { type Plot, type Series, toSvg } from "../plot.ts";
import type { BenchOptions, Scenario } from "../scenario.ts";
import { type JobName, Stage } from "../stage.ts";
import { CONNME, PEERS, type Tool } from "../tools.ts";
import { equalFiles } from "../trees.ts";

const TOOLS: readonly Tool[] = [CONNME, PEERS.rsyncDaemon];
/** Twice the work may take so many times twice the time before we say that it does not grow linearly. */
const TOLERANCE = 1.5;

/** One kind of work in several sizes. */
interface Ladder {
  readonly name: string;
  readonly steps: readonly number[];
  readonly jobs: readonly (readonly [JobName, string])[];
  readonly unit: string;
  show(step: number): string;
  /** Bytes of one step, original and copy. */
  bytes(step: number): number;
  make(path: string, step: number): void;
  /** Whether the largest step needs more than memory has. */
  readonly onDisk?: boolean;
}

/** How cost grows with the number of files. */
export const growthFiles: Scenario = scenario("1, 10 and 100 thousand files of 1 KiB, down and up", (quick) => ({
  name: "files",
  steps: quick ? [100, 1000] : [1_000, 10_000, 100_000],
  jobs: [["getTree", "down"], ["putTree", "up"]],
  unit: "files",
  show: (step) => `${showCount(step)} files`,
  // The smallest file takes a page, and its name and its folder some more.
  bytes: (step) => 2 * step * 8 * KIB,
  make: (path, step) => makeTree(path, equalFiles(step, KIB)),
}));

/** How cost grows with the size of a file. */
export const growthBytes: Scenario = scenario("one file of 1, 4 and 16 GiB, down and up", (quick) => ({
  name: "bytes",
  steps: quick ? [16 * MIB, 64 * MIB] : [GIB, 4 * GIB, 16 * GIB],
  jobs: [["getFile", "down"], ["putFile", "up"]],
  unit: "GiB",
  show: showBytes,
  bytes: (step) => 2 * step,
  make: makeFile,
  onDisk: !quick,
}));

function scenario(summary: string, ladder: (quick: boolean) => Ladder): Scenario {
  return {
    name: `growth-${ladder(false).name}`,
    summary,
    async run(options) {
      const climbed = ladder(options.quick);
      const { table, notes, series, plot, bent } = await climb(climbed, options);
      return {
        tables: [table],
        notes: [...new Set(notes)],
        data: series,
        files: series.length > 0 ? { [`growth-${climbed.name}.svg`]: toSvg(plot) } : {},
        failed: bent,
      };
    },
  };
}

async function climb(ladder: Ladder, options: BenchOptions) {
  const notes: string[] = [];
  const series = new Map<string, [number, number][]>();
  const failures: string[] = [];
  for (const step of ladder.steps) {
    let stage: Stage;
    try {
      stage = await Stage.open(TOOLS, ladder.bytes(step), { onDisk: ladder.onDisk });
    } catch (error) {
      notes.push(`${ladder.show(step)} are left out: ${(error as Error).message}.`);
      continue;
    }
    await using _end = stage;
    ladder.make(`${stage.workspace.source}/data`, step);
    for (const [job, direction] of ladder.jobs) {
      options.log(`${ladder.show(step)}, ${direction}`);
      for (const result of await measure(stage.contenders(job), options)) {
        if (result.failure !== undefined) failures.push(`${result.name}: ${result.failure}`);
        else add(series, `${result.name}, ${direction}`, step, result);
      }
    }
    notes.push(...stage.notes);
  }
  const rows = [...series].map(([name, points]) => [
    name,
    ...ladder.steps.map((step) => {
      const seconds = points.find(([at]) => at === step)?.[1];
      return seconds === undefined ? "" : showSeconds(seconds);
    }),
    steepness(points).toFixed(2),
  ]);
  const bent = [...series].filter(([name, points]) => name.startsWith(CONNME.name) && steepness(points) > TOLERANCE);
  for (const [name, points] of bent) {
    notes.push(`${name}: ${steepness(points).toFixed(2)} times the time for each unit at the end; wanted: linear.`);
  }
  const head = ["", ...ladder.steps.map(ladder.show), "last : best, each unit"];
  const lines: Series[] = [...series].map(([name, points]) => ({
    name,
    points: points.map(([step, seconds]) => [ladder.unit === "GiB" ? step / GIB : step, seconds] as const),
  }));
  const plot: Plot = { title: `Time by number of ${ladder.unit}`, x: ladder.unit, y: "seconds", series: lines };
  return {
    table: { title: `Growth with ${ladder.name}`, head, rows },
    notes: [...notes, ...failures],
    series: lines,
    plot,
    bent: bent.length > 0 || failures.some((failure) => failure.startsWith(CONNME.name)),
  };
}

function add(series: Map<string, [number, number][]>, name: string, step: number, { seconds }: Result): void {
  series.set(name, [...series.get(name) ?? [], [step, median(seconds)]]);
}

/** How many times as long the last step took for each unit as the one with the fewest seconds for each unit did. */
function steepness(points: readonly (readonly [number, number])[]): number {
  const each = points.map(([step, seconds]) => seconds / step);
  return each[each.length - 1] / Math.min(...each);
}
