import { BLOCK_BYTES } from "../../protocol/messages.ts";
import { type Cut, CUTS, Stage, survive } from "../../tests/support/cuts.ts";
import { pattern, Random, sha256OfFile } from "../../tests/support/files.ts";
import { plant, snapshot } from "../../tests/support/trees.ts";
import { KIB, MIB, showBytes, showSeconds } from "../harness/units.ts";
import type { Scenario } from "../scenario.ts";

/** A transfer that is cut. */
interface Transfer {
  readonly name: string;
  readonly args: readonly string[];
  /** Bytes of all of it. */
  readonly size: number;
  /** Plants the source in a folder, where the transfer finds it. */
  plant(folder: string): void;
  /** What is in a folder, partials left aside. */
  content(folder: string): string;
  /** Whether the bytes come from the server. */
  readonly down: boolean;
  /** Whether it is one file, which goes on where it stopped. */
  readonly single: boolean;
}

function transfersOf(size: number, files: number): Transfer[] {
  const file = {
    single: true,
    size,
    plant: (folder: string) => Deno.writeFileSync(`${folder}/big`, pattern(size)),
    content: (folder: string) => sha256OfFile(`${folder}/big`),
  };
  const fileBytes = 16 * KIB;
  const tree = {
    single: false,
    size: files * fileBytes,
    plant(folder: string) {
      const all: Record<string, Uint8Array> = {};
      for (let at = 0; at < files; at++) all[`tree/d${at % 50}/f${at}`] = pattern(fileBytes, at);
      plant(folder, all);
    },
    content: (folder: string) => snapshot(`${folder}/tree`).filter((line) => !line.includes(".partial")).join("\n"),
  };
  const [one, many] = [showBytes(size), `${files} files`];
  return [
    { name: `upload of ${one}`, args: ["upload", "big"], ...file, down: false },
    { name: `download of ${one}`, args: ["download", "big"], ...file, down: true },
    { name: `sync of ${many}`, args: ["sync", "tree", "tree"], ...tree, down: false },
    { name: `sync --down of ${many}`, args: ["sync", "--down", "tree", "tree"], ...tree, down: true },
  ];
}

/** What it costs to be interrupted. */
export const cuts: Scenario = {
  name: "cuts",
  summary: "one file of 256 MiB, and 5,000 files of 16 KiB, each interrupted 200 times",
  async run({ quick, log }) {
    const wanted = quick ? 10 : 200;
    const transfers = quick ? transfersOf(32 * MIB, 500) : transfersOf(256 * MIB, 5000);
    const seed = Date.now() % 1e6;
    const rows: string[][] = [];
    const notes = [
      `Either program is killed, or the connection dropped, at random places (seed ${seed}). What is sent beyond the size was ` +
      "on its way at a cut, and lost with it, or had been stored and was sent again all the same: at most a block of " +
      `${showBytes(BLOCK_BYTES)} is wanted. Of a tree the two are not told apart.`,
    ];
    const data: object[] = [];
    let failed = false;
    for (const transfer of transfers) {
      const { name, size, down, single } = transfer;
      log(`${name}, ${wanted} cuts`);
      await using stage = await Stage.start("--no-fsync");
      transfer.plant(down ? stage.remote.path : stage.local.path);
      const kinds: Record<Cut, number> = { ftp: 0, ftpd: 0, line: 0 };
      // A little more than fits on the average; but what was under way at a cut is sent again, so there is room for all.
      const every = Math.max(64 * KIB, 1.2 * size / wanted);
      const began = performance.now();
      const random = new Random(seed);
      const done = await survive(stage, [...transfer.args], {
        cuts: wanted,
        every,
        random,
        onCut: (kind) => kinds[kind]++,
      });
      const seconds = (performance.now() - began) / 1000;
      const beyond = Math.max(0, done.bytes - size) / Math.max(1, done.cuts);
      const equal = transfer.content(stage.local.path) === transfer.content(stage.remote.path);
      if (!equal) notes.push(`${name}: the two ends differ.`);
      if (done.cuts < wanted) notes.push(`${name}: it was through after ${done.cuts} cuts.`);
      failed ||= !equal || done.cuts < wanted;
      const twice = single ? done.again : beyond;
      if (twice > BLOCK_BYTES) {
        notes.push(`${name}: ${showBytes(twice)} again per cut; wanted: a block of ${showBytes(BLOCK_BYTES)} at most.`);
        failed = true;
      }
      data.push({ name, ...done, kinds, seconds, beyond, equal });
      rows.push([
        name,
        CUTS.map((kind) => kinds[kind]).join(" / "),
        String(done.runs),
        showSeconds(seconds),
        showBytes(done.bytes),
        showBytes(beyond),
        single ? showBytes(done.again) : "",
        equal ? "yes" : "NO",
      ]);
    }
    const head = [
      "",
      "ftp / ftpd / line",
      "runs",
      "time",
      "sent",
      "beyond its size, each cut",
      "stored and again, most",
      "equal",
    ];
    return { tables: [{ title: `Transfers with ${wanted} cuts`, head, rows }], notes, data, failed };
  },
};
