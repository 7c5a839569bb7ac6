/**
 * The whole-program comparison: `deno task bench [NAME...]`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { cleanUpOnSignals } from "./harness/clean_up.ts";
import { load, machine, versions } from "./harness/machine.ts";
import { toText } from "./harness/table.ts";
import { record } from "./record.ts";
import type { Report, Scenario } from "./scenario.ts";
import { cuts } from "./scenarios/cuts.ts";
import { disk } from "./scenarios/disk.ts";
import { frames } from "./scenarios/frames.ts";
import { single } from "./scenarios/single.ts";
import { growthBytes, growthFiles } from "./scenarios/growth.ts";
import { memory } from "./scenarios/memory.ts";
import { mix } from "./scenarios/mix.ts";
import { resync } from "./scenarios/resync.ts";
import { slow } from "./scenarios/slow.ts";
import { small } from "./scenarios/small.ts";
import { startup } from "./scenarios/startup.ts";
import { pythonWithFtp } from "./servers/programs.ts";

const SCENARIOS: readonly Scenario[] = [
  single,
  startup,
  frames,
  small,
  disk,
  mix,
  resync,
  slow,
  growthFiles,
  growthBytes,
  memory,
  cuts,
];

const USAGE = `Usage: deno task bench [NAME...] [OPTION...]

Runs the named scenarios, or all of them, and prints a table for each. Exit code 1 when one of our targets is missed.

  --runs N     rounds that count (5; one more goes before them)
  --quick      less of everything: shows that it works, not how fast
  --record     writes the tables to docs/benchmarks.md
  --json FILE  writes all figures to a file; - means standard output
  --list       lists the scenarios`;

/** What `--json` writes. */
interface Figures {
  date: string;
  machine: string;
  versions: string;
  scenarios: Record<string, Report>;
}

async function main(): Promise<number> {
  const args = parseArgs(Deno.args, {
    boolean: ["quick", "record", "list", "help"],
    string: ["runs", "json", "_"],
    unknown: (arg) => {
      if (arg.startsWith("-")) throw new UsageError(`unknown option ${arg}`);
    },
  });
  if (args.help) return console.log(USAGE), 0;
  if (args.list) return SCENARIOS.forEach(({ name, summary }) => console.log(`${name.padEnd(12)} ${summary}`)), 0;
  const runs = Number(args.runs ?? (args.quick ? 3 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new UsageError(`--runs ${args.runs}: not a number of rounds`);
  const chosen = choose(args._.map(String));

  const figures: Figures = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    versions: await versions(await pythonWithFtp()),
    scenarios: {},
  };
  // With `--json -` the figures have standard output to themselves.
  const print = args.json === "-" ? console.error : console.log;
  print(`${figures.date}, ${figures.machine}\n${figures.versions}`);
  let failed = false;
  for (const scenario of chosen) {
    print(`\n${scenario.name}: ${scenario.summary} (load before: ${load().toFixed(2)})`);
    const log = (line: string) => console.error(`  ${line}`);
    const report = await scenario.run({ runs, quick: args.quick, log });
    for (const table of report.tables) print(`\n${toText(table)}`);
    for (const note of report.notes) print(`* ${note}`);
    if (args.record) record(scenario, report, { ...figures, runs });
    figures.scenarios[scenario.name] = report;
    failed ||= report.failed;
  }
  const json = JSON.stringify(figures, null, 2);
  if (args.json === "-") console.log(json);
  else if (args.json !== undefined) Deno.writeTextFileSync(args.json, `${json}\n`);
  return failed ? 1 : 0;
}

class UsageError extends Error {}

function choose(names: string[]): readonly Scenario[] {
  if (names.length === 0) return SCENARIOS;
  return names.map((name) => {
    const scenario = SCENARIOS.find((one) => one.name === name);
    if (!scenario) {
      throw new UsageError(`no scenario ${name}; there are ${SCENARIOS.map((one) => one.name).join(", ")}`);
    }
    return scenario;
  });
}

cleanUpOnSignals();
try {
  Deno.exit(await main());
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  Deno.exit(2);
}
