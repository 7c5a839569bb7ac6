/**
 * Builds `dist/ftpd` and `dist/ftp`.
 *
 * ```sh
 * deno task compile [--if-stale] [--denort | --embed]
 * ```
 *
 * Each is made by `deno compile` where that can be had, and is self-extracting where not. `--denort` and `--embed`
 * force one way; `--if-stale` does nothing when no source has changed since the last build.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import config from "../deno.json" with { type: "json" };
import { bundle } from "./bundle.ts";
import { denort } from "./denort.ts";
import { embed } from "./embed.ts";
import { type Program, PROGRAMS } from "./permissions.ts";
import { run } from "./run.ts";
import { fingerprint, type Kind, outputs, readStamp, writeStamp } from "./stale.ts";

/** For how long a failed download is not repeated, in milliseconds. */
const RETRY_AFTER = 24 * 3600 * 1000;

/**
 * Builds both executables, the way that `forced` says or the best that can be had. With `ifStale`, keeps those of the
 * last build if they would come out the same.
 *
 * @throws {Error} if a program cannot be bundled, made or run
 */
export async function compile(forced?: Kind, ifStale = false): Promise<void> {
  Deno.chdir(new URL("..", import.meta.url));
  const names = PROGRAMS.map((program) => program.name);
  const last = await readStamp();
  const inputs = await fingerprint();
  const same = last !== undefined && last.inputs === inputs && last.outputs === outputs(names);
  if (ifStale && same && (forced ?? last.kind) === last.kind) return;

  await Deno.mkdir("dist", { recursive: true });
  // Beside the results, so that these can be renamed into place; and of our own, so that two builds do not mix.
  const work = await Deno.makeTempDir({ dir: "dist", prefix: ".build-" });
  try {
    await bundle(PROGRAMS.map((program) => program.entry), work);
    let noDenort = last?.noDenort ?? 0;
    const make = async (kind: Kind) => {
      for (const program of PROGRAMS) {
        const code = `${work}/${program.entry.replace(/ts$/, "js")}`;
        const output = `${work}/${program.name}`;
        await (kind === "denort" ? denort(program, code, output) : embed(program, config.version, code, output));
        await smoke(program, output);
      }
      for (const name of names) await Deno.rename(`${work}/${name}`, `dist/${name}`);
      await writeStamp({ inputs, kind, outputs: outputs(names), noDenort }, work);
      console.error(`dist/${names.join(", dist/")}: ${kind === "denort" ? "compiled" : "self-extracting"}`);
    };

    if (forced) return await make(forced);
    const given = Deno.env.has("DENORT_BIN");
    let reason = "its base binary could not be downloaded today; --denort tries again";
    if (given || Date.now() - noDenort > RETRY_AFTER) {
      try {
        return await make("denort");
      } catch (error) {
        reason = (error as Error).message;
        if (!given) noDenort = Date.now();
      }
    }
    console.error(`No deno compile (${reason}), so self-extracting executables instead`);
    await make("embed");
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Runs what was built before calling it built. */
async function smoke({ name }: Program, file: string): Promise<void> {
  const said = await run(file, ["--version"]);
  const wanted = `${name} ${config.version}\n`;
  if (said !== wanted) {
    throw new Error(
      `built ${name}, but its --version says ${JSON.stringify(said)} instead of ${JSON.stringify(wanted)}`,
    );
  }
}

if (import.meta.main) {
  const usage = "Usage: deno task compile [--if-stale] [--denort | --embed]";
  const args = parseArgs(Deno.args, {
    boolean: ["if-stale", "denort", "embed"],
    unknown: (arg) => {
      console.error(`Unknown argument ${arg}\n${usage}`);
      Deno.exit(2);
    },
  });
  if (args.denort && args.embed) {
    console.error(`Only one of --denort and --embed\n${usage}`);
    Deno.exit(2);
  }
  try {
    await compile(args.denort ? "denort" : args.embed ? "embed" : undefined, args["if-stale"]);
  } catch (error) {
    console.error(`Cannot build: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
