import { type Command, runCommand } from "../harness/command.ts";
import { makeTree, requireEqual } from "../harness/content.ts";
import { peakMemory, resetPeakMemory } from "../harness/proc.ts";
import { KIB, MIB, showBytes, showCount } from "../harness/units.ts";
import { emptyFolder, Workspace } from "../harness/workspace.ts";
import type { Scenario } from "../scenario.ts";
import { ftpd } from "../servers/ftpd.ts";
import { here, type Running } from "../servers/server.ts";
import { connme } from "../tools.ts";

/** The most that either program may take, in bytes. */
const MOST = 150 * MIB;
/** Seconds that one run may take. */
const LIMIT = 300;

/** What is done with many files, in this order; uploads go to `/stored`, downloads to `fetched/`. */
const VERBS: Record<string, (server: Running) => Command> = {
  "upload -r": (s) => connme(s, "upload", "-r", `${s.place.workspace.source}/data`, "/stored"),
  "sync": (s) => connme(s, "sync", `${s.place.workspace.source}/data`, "/stored/data"),
  "verify": (s) => connme(s, "verify", `${s.place.workspace.source}/data`, "/stored/data"),
  "ls -R": (s) => connme(s, "ls", "-R", "/stored"),
  "find": (s) => connme(s, "find", "*.dat", "/stored"),
  "download -r": (s) => connme(s, "download", "-r", "/stored/data", s.place.workspace.fetched),
  "sync --down": (s) => connme(s, "sync", "--down", "/stored/data", `${s.place.workspace.fetched}/data`),
  "rm -r": (s) => connme(s, "rm", "-r", "--yes", "/stored/data"),
};

/** What many names cost. */
export const memory: Scenario = {
  name: "memory",
  summary: "the most memory that client and server take for 100,000 files of 1 KiB",
  async run({ quick, runs, log }) {
    const count = quick ? 1000 : 100_000;
    const sizes = Array(count).fill(KIB);
    const shapes = { "in one folder": count, "a hundred in each folder": 100 };
    const peaks = new Map<string, number[]>(Object.keys(VERBS).map((verb) => [verb, []]));
    for (const [at, [shape, perFolder]] of Object.entries(shapes).entries()) {
      using workspace = new Workspace();
      const { source, stored, fetched } = workspace;
      workspace.reserve(3 * count * 8 * KIB);
      makeTree(`${source}/data`, { sizes, perFolder });
      await using server = await ftpd.start(here(workspace));
      for (let round = 1; round <= runs; round++) {
        emptyFolder(fetched);
        for (const [verb, command] of Object.entries(VERBS)) {
          if (verb === "rm -r") {
            for (const copy of [stored, fetched]) requireEqual(`${source}/data`, `${copy}/data`);
          }
          resetPeakMemory(server.pid);
          const { peak } = await runCommand(command(server), LIMIT);
          const both = peaks.get(verb)!;
          both[2 * at] = Math.max(both[2 * at] ?? 0, peak);
          both[2 * at + 1] = Math.max(both[2 * at + 1] ?? 0, peakMemory(server.pid));
          log(
            `${shape}, round ${round}: ${verb}: client ${showBytes(peak)}, server ${showBytes(peakMemory(server.pid))}`,
          );
        }
      }
    }
    const most = Math.max(...[...peaks.values()].flat());
    const head = ["", ...Object.keys(shapes).flatMap((shape) => [`client, ${shape}`, `server, ${shape}`])];
    const rows = [...peaks].map(([verb, both]) => [verb, ...both.map(showBytes)]);
    return {
      tables: [{ title: `Memory for ${showCount(count)} files`, head, rows }],
      notes: most > MOST ? [`${showBytes(most)} at most; wanted: ${showBytes(MOST)}.`] : [],
      data: Object.fromEntries(peaks),
      failed: most > MOST,
    };
  },
};
