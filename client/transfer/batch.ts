/**
 * Moving many files: many at once on one connection, each by itself, with one progress line and one summary.
 *
 * @module
 */

import { ProtocolError } from "../../protocol/errors.ts";
import type { Context } from "../commands/command.ts";
import { ExitCode, PartlyFailedError, toFailure } from "../errors.ts";
import { bytes, elapsed, printable, rate } from "../format.ts";
import { plural } from "../listing.ts";
import { pipeline } from "./pipeline.ts";
import type { Left } from "./tree.ts";

/** Bounds for what is under way at once. */
const LIMITS = { count: 200, bytes: 64 * 1024 * 1024 };

/** One file to move. */
export interface Job {
  /** What it is called. */
  name: string;
  /** Its size in bytes. */
  size: number;
  /** Moves it, and tells how far it is; returns what `--json` prints. */
  run(onProgress: (bytes: number) => void): Promise<object>;
}

/** Options of {@linkcode runBatch}. */
export interface BatchOptions {
  /** Whether the first failure ends it. */
  stopOnError: boolean;
  /** What is not moved. */
  left: readonly Left[];
  /** What is done to the files, such as `Fetched`. */
  verb: string;
}

/**
 * Moves many files. A failure of one is told, and the rest goes on.
 *
 * @param context the connection, and where to tell
 * @param jobs what to do
 * @param options see {@linkcode BatchOptions}
 * @throws {PartlyFailedError} when any failed; {@linkcode ProtocolError} when the connection is lost for good;
 * {@linkcode CommandError} `canceled`
 */
export async function runBatch(context: Context, jobs: readonly Job[], options: BatchOptions): Promise<void> {
  const { out, signal } = context;
  const began = performance.now();
  const total = jobs.reduce((sum, { size }) => sum + size, 0);
  const meter = context.meter(plural(jobs.length, "file"), total);
  let [moved, files, failed, left] = [0, 0, 0, 0];
  for (const { path, reason, failed: unreadable } of options.left) {
    if (unreadable) {
      failed++;
      out.failure({ code: "local", message: `${printable(path)}: ${reason}`, exit: ExitCode.REFUSED });
    } else {
      left++;
      out.note(`${printable(path)} is left out: ${reason}`);
    }
  }
  if (failed > 0 && options.stopOnError) throw new PartlyFailedError("stopped before the first file was moved");
  try {
    await pipeline(jobs, ({ size }) => size, LIMITS, async ({ name, size, run }) => {
      let own = 0;
      try {
        const result = await run((now) => {
          moved += now - own;
          own = now;
          meter.update(moved, name);
        });
        moved += size - own;
        files++;
        if (out.json && !out.quiet) out.result(result, "");
      } catch (error) {
        const failure = toFailure(error);
        if (!failure || error instanceof ProtocolError || signal.aborted) throw error;
        moved -= own;
        // What was under way beside the first failure may end as it likes.
        if (failed++ > 0 && options.stopOnError) return;
        out.failure({ ...failure, message: `${printable(name)}: ${failure.message}` });
        if (options.stopOnError) throw new PartlyFailedError(`stopped at the first failure; ${files} files were done`);
      }
      meter.update(moved, name);
    });
  } finally {
    meter.finish();
  }
  const ms = performance.now() - began;
  const summary = { files, bytes: moved, failed, left, ms: Math.round(ms) };
  const parts = [`${options.verb} ${plural(files, "file")}, ${bytes(moved)} in ${elapsed(ms)} (${rate(moved, ms)})`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (left > 0) parts.push(`${left} left out`);
  out.done({ summary }, parts.join(", "));
  if (failed > 0) throw new PartlyFailedError(`${failed} of ${plural(files + failed, "file")} failed`);
}
