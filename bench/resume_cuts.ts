/**
 * Cuts transfers again and again, and shows what it cost: `deno run -A bench/resume_cuts.ts [CUTS]`, 200 by default. Either
 * program is killed, or the connection is dropped, at random places of a file of 256 MiB and of a tree of 5,000 files.
 *
 * @module
 */

import { type Cut, CUTS, Stage, survive } from "../tests/support/cuts.ts";
import { pattern, Random, sha256OfFile } from "../tests/support/files.ts";
import { plant, snapshot } from "../tests/support/trees.ts";
import { toText } from "./harness/table.ts";

const MIB = 1024 * 1024;
const SIZE = 256 * MIB;
const FILES = 5000;
const FILE_BYTES = 16 * 1024;

/** One transfer that is cut. */
interface Scenario {
  name: string;
  args: string[];
  size: number;
  /** Plants the source in a folder, where the transfer finds it. */
  plant(folder: string): void;
  /** Whether the bytes come from the server. */
  down: boolean;
}

function plantFile(folder: string): void {
  Deno.writeFileSync(`${folder}/big`, pattern(SIZE));
}

function plantTree(folder: string): void {
  const files: Record<string, Uint8Array> = {};
  for (let at = 0; at < FILES; at++) files[`tree/d${at % 50}/f${at}`] = pattern(FILE_BYTES, at);
  plant(folder, files);
}

const SCENARIOS: readonly Scenario[] = [
  { name: "upload 256 MiB", args: ["upload", "big"], size: SIZE, plant: plantFile, down: false },
  { name: "download 256 MiB", args: ["download", "big"], size: SIZE, plant: plantFile, down: true },
  {
    name: "sync of 5,000 files",
    args: ["sync", "tree", "tree"],
    size: FILES * FILE_BYTES,
    plant: plantTree,
    down: false,
  },
  {
    name: "sync --down of 5,000 files",
    args: ["sync", "--down", "tree", "tree"],
    size: FILES * FILE_BYTES,
    plant: plantTree,
    down: true,
  },
];

/** Whether both ends hold the same, partials left aside. */
function isEqual(stage: Stage, scenario: Scenario): boolean {
  const [one, other] = [stage.local.path, stage.remote.path];
  if (scenario.plant === plantFile) return sha256OfFile(`${one}/big`) === sha256OfFile(`${other}/big`);
  const lines = (folder: string) => snapshot(folder).filter((line) => !line.includes(".partial ")).join("\n");
  return lines(`${one}/tree`) === lines(`${other}/tree`);
}

async function measure(scenario: Scenario, cuts: number, random: Random): Promise<string[]> {
  await using stage = await Stage.start("--no-fsync");
  scenario.plant(scenario.down ? stage.remote.path : stage.local.path);
  const began = performance.now();
  const kinds: Record<Cut, number> = { ftp: 0, ftpd: 0, line: 0 };
  // A little more than fits on the average; but what was under way at a cut is sent again, so there is room for all.
  const every = Math.max(64 * 1024, 1.2 * scenario.size / cuts);
  const done = await survive(stage, scenario.args, { cuts, every, random, onCut: (kind) => kinds[kind]++ });
  const seconds = (performance.now() - began) / 1000;
  const again = Math.max(0, done.bytes - scenario.size) / Math.max(1, done.cuts);
  if (!isEqual(stage, scenario)) throw new Error(`${scenario.name}: the two ends differ`);
  return [
    scenario.name,
    String(done.cuts),
    CUTS.map((kind) => kinds[kind]).join(" / "),
    String(done.runs),
    seconds.toFixed(1),
    (done.bytes / MIB).toFixed(0),
    (again / MIB).toFixed(2),
    "yes",
  ];
}

const cuts = Number(Deno.args[0] ?? 200);
if (!Number.isInteger(cuts) || cuts < 1) throw new Error("usage: resume_cuts.ts [CUTS]");
const seed = Date.now() % 1e6;
const rows: string[][] = [];
for (const scenario of SCENARIOS) rows.push(await measure(scenario, cuts, new Random(seed)));
console.log(toText({
  title: `Transfers that are cut (seed ${seed}); what is sent again includes what was under way at the cut`,
  head: ["transfer", "cuts", "ftp / ftpd / line", "runs", "s", "MiB sent", "MiB again per cut", "equal"],
  rows,
}));
