/**
 * Moving many files: many at once on one connection, small ones in packs.
 *
 * @module
 */

import { DiskError } from "../../disk/errors.ts";
import { CommandError } from "../../protocol/errors.ts";
import { MAX_PACK_FILES, MAX_PACKED_BYTES } from "../../protocol/pack.ts";
import { folderOf } from "../../protocol/path.ts";
import type { Context } from "../context.ts";
import { PartlyFailedError } from "../errors.ts";
import { type BatchOptions, BatchReport } from "./batch_report.ts";
import { reportOmitted } from "./omitted.ts";
import { pipeline } from "./pipeline.ts";

/** Bounds for what is under way at once: bytes in all; and on each connection files one by one, or packs. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_FILES = 200;
const MOST_PACKS = 8;
/** Bytes of one pack: enough to be worth a request, and little enough that the next one is not waited for long. */
const PACK_BYTES = 512 * 1024;

/** What came of a file. */
export interface Moved {
  /** The path that it got. */
  path: string;
  /** Its size in bytes. */
  size: number;
}

/** What came of a file of a pack: why it failed; or it is to be moved by itself. */
export type PackOutcome = Moved | Error | "alone";

/** One file to move. */
export interface Job {
  /** What it is called. */
  name: string;
  /** Its size in bytes. */
  size: number;
  /** The path that it gets unless that is taken. */
  wanted: string;
  /** What `--json` prints when it was moved. */
  result(moved: Moved): object;
  /** What `--verbose` prints then; its name where this is left out. */
  line?(moved: Moved): string;
}

/** How files are moved. */
export interface Mover<J extends Job> {
  /**
   * Moves a file.
   *
   * @param onProgress told how many of its bytes are there, and how many of these an earlier attempt had moved
   */
  one(job: J, onProgress: (bytes: number, resumed: number) => void): Promise<Moved>;
  /**
   * Moves small files together; left out where that cannot be.
   *
   * @param onProgress told how many of their bytes have been moved
   * @returns for each, what came of it
   */
  many?(jobs: readonly J[], onProgress: (bytes: number) => void): Promise<PackOutcome[]>;
}

/**
 * Moves many files. A failure of one is told, and the rest goes on.
 *
 * @param context the connection, and where to tell
 * @param jobs what to move; asked for one by one, so that a hundred thousand of them need not be there at once, and some at a
 * time, so that they can be moved while others are being found
 * @param movers how: one for each connection
 * @param options see {@linkcode BatchOptions}
 * @throws {PartlyFailedError} when any failed; {@linkcode ProtocolError} when the connection is lost for good;
 * {@linkcode CommandError} `canceled`
 */
export async function runBatch<J extends Job>(
  context: Context,
  jobs: AsyncIterable<Iterable<J>> | Iterable<Iterable<J>>,
  movers: readonly Mover<J>[],
  options: BatchOptions,
): Promise<void> {
  const { signal } = context;
  const { omitted, stopOnError } = options;
  const report = new BatchReport(context, options);
  if (stopOnError && omitted.some(({ failed }) => failed)) {
    reportOmitted(context.out, omitted);
    throw new PartlyFailedError("stopped before the first file was moved");
  }
  const moveOne = async (mover: Mover<J>, job: J) => {
    const progress = report.progressOf(job.name);
    try {
      const done = await mover.one(job, progress);
      report.moved(job, done);
      progress(done.size);
    } catch (error) {
      progress(0, 0);
      report.failed(job.name, error);
    }
  };
  const moveMany = async (mover: Mover<J>, pack: readonly J[]) => {
    const progress = report.progressOf(pack.at(-1)!.name);
    let done = 0;
    const came = await outcomes(mover, pack, progress, signal).catch((error) => {
      progress(0, 0);
      throw error;
    });
    // What was done first: the first failure may end it all.
    for (const [at, outcome] of came.entries()) {
      if (outcome === "alone" || outcome instanceof Error) continue;
      done += pack[at].size;
      report.moved(pack[at], outcome);
    }
    progress(done);
    for (const [at, outcome] of came.entries()) if (outcome instanceof Error) report.failed(pack[at].name, outcome);
    for (const [at, outcome] of came.entries()) if (outcome === "alone") await moveOne(mover, pack[at]);
  };
  const busy = movers.map(() => 0);
  const move = async (pack: readonly J[]) => {
    const lane = busy.indexOf(Math.min(...busy));
    busy[lane]++;
    try {
      await (pack.length === 1 ? moveOne(movers[lane], pack[0]) : moveMany(movers[lane], pack));
    } finally {
      busy[lane]--;
    }
  };
  try {
    const alone = stopOnError || !movers.every(({ many }) => many);
    const packs = inPacks(jobs, alone ? 1 : MAX_PACK_FILES);
    const count = (alone ? MOST_FILES : MOST_PACKS) * movers.length;
    const sizeOf = (pack: readonly J[]) => pack.reduce((sum, { size }) => sum + size, 0);
    await pipeline(packs, { count, bytes: MOST_BYTES, sizeOf }, move);
  } catch (error) {
    report.interrupted(error);
    throw error;
  }
  await report.finish();
}

/**
 * Small files together, as far as a pack goes; large ones by themselves. A pack that is large enough ends with its folder: the
 * first files of a new one cost less when they come together.
 */
async function* inPacks<J extends Job>(
  jobs: AsyncIterable<Iterable<J>> | Iterable<Iterable<J>>,
  most: number,
): AsyncGenerator<readonly J[]> {
  let pack: J[] = [];
  let bytes = 0;
  let folder = "";
  for await (const some of jobs) {
    for (const job of some) {
      if (most === 1 || job.size > MAX_PACKED_BYTES) {
        yield [job];
        continue;
      }
      const before = folder;
      folder = folderOf(job.name);
      const enough = folder !== before && (pack.length >= most / 4 || bytes >= PACK_BYTES / 4);
      if (enough || pack.length >= most || bytes + job.size > PACK_BYTES) {
        yield pack;
        [pack, bytes] = [[], 0];
      }
      pack.push(job);
      bytes += job.size;
    }
  }
  if (pack.length > 0) yield pack;
}

/** Why a pack may be refused where a file of it alone would not be. */
const FOR_THE_PACK: ReadonlySet<string> = new Set(["bad_request", "mismatch", "name_too_long", "unsupported"]);

/** What became of the files of a pack. Where the pack as a whole was refused, each is tried by itself, or told the reason. */
async function outcomes<J extends Job>(
  mover: Mover<J>,
  pack: readonly J[],
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<PackOutcome[]> {
  try {
    return await mover.many!(pack, onProgress);
  } catch (error) {
    if (signal.aborted || !(error instanceof CommandError || error instanceof DiskError)) throw error;
    return pack.map(() => error instanceof CommandError && !FOR_THE_PACK.has(error.code) ? error : "alone");
  }
}
