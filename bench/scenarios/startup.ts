import { runCommand } from "../harness/command.ts";
import { type Contender, measure } from "../harness/measure.ts";
import { median, speedup } from "../harness/stats.ts";
import { showRatio, showSeconds } from "../harness/units.ts";
import { Workspace } from "../harness/workspace.ts";
import { benchFile, DENO, PROGRAMS } from "../programs.ts";
import type { Scenario } from "../scenario.ts";
import { ftpd } from "../servers/ftpd.ts";
import { here } from "../servers/server.ts";

/** How many times as long as an empty program a whole `ftp HOST size FILE` may take. */
const WANTED = 3;
/** Runs of some milliseconds are cheap, and vary more than long ones. */
const MORE_RUNS = 6;
/** Seconds. */
const LIMIT = 20;

/** The time that a script pays for every command. */
export const startup: Scenario = {
  name: "startup",
  summary: "one small command as a whole process, against an empty Deno program",
  async run({ runs, quick, log }) {
    using workspace = new Workspace();
    Deno.writeTextFileSync(`${workspace.source}/data`, "hello\n");
    await using server = await ftpd.start(here(workspace));
    const program = (name: string, ...argv: string[]): Contender => ({
      name,
      prepare: () => {},
      run: () => runCommand({ argv }, LIMIT),
      check: () => {}, // a failed command has an exit code
    });
    const address = `127.0.0.1:${server.port}`;
    const results = await measure([
      program("empty Deno program", ...DENO, benchFile("startup/empty.ts")),
      program("ftp HOST size FILE", PROGRAMS.ftp, address, "size", "/source/data"),
      program("ftp HOST ls", PROGRAMS.ftp, address, "ls"),
      program("ftp --version", PROGRAMS.ftp, "--version"),
      program("ftpd --version", PROGRAMS.ftpd, "--version"),
    ], { runs: runs * MORE_RUNS, quick, log });
    const [empty, size] = results;
    const times = (seconds: readonly number[]) => 1 / speedup(seconds, empty.seconds);
    const rows = results.map(({ name, seconds, failure }) => [
      name,
      failure === undefined ? showSeconds(median(seconds)) : "failed",
      failure === undefined ? `${showSeconds(Math.min(...seconds))} - ${showSeconds(Math.max(...seconds))}` : "",
      showRatio(times(seconds)),
      name === size.name ? `${WANTED}x at most` : "",
    ]);
    const notes: string[] = results.flatMap(({ name, failure }) =>
      failure === undefined ? [] : [`${name}: ${failure}`]
    );
    if (times(size.seconds) > WANTED) {
      notes.push(`${size.name} took ${showRatio(times(size.seconds))} an empty program; wanted: ${WANTED}x at most.`);
    }
    const head = ["", "median", "range", "of empty", "wanted"];
    return {
      tables: [{ title: `Whole processes, ${runs * MORE_RUNS} runs`, head, rows }],
      notes,
      data: results,
      failed: notes.length > 0,
    };
  },
};
