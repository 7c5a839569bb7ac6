/**
 * Moving many files: many at once on one connection, small ones in packs, with one progress line and one summary.
 *
 * @module
 */

import { DiskError } from "../../disk/errors.ts";
import { CommandError, ProtocolError } from "../../protocol/errors.ts";
import { MAX_PACK_FILES, MAX_PACKED_BYTES } from "../../protocol/pack.ts";
import { folderOf } from "../../protocol/path.ts";
import type { Context } from "../commands/command.ts";
import { codeOf, PartlyFailedError, toFailure } from "../errors.ts";
import { bytes, elapsed, printable, rate } from "../format.ts";
import { plural } from "../listing.ts";
import { type Left, tellLeft } from "./left.ts";
import { pipeline } from "./pipeline.ts";

/** Bounds for what is under way at once: bytes in all; and on each connection files one by one, or packs. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_FILES = 200;
const MOST_PACKS = 8;
/** Bytes of one pack: enough to be worth a request, and little enough that the next one is not waited for long. */
const PACK_BYTES = 512 * 1024;

/** So many of the files that got another name are named. */
const MOST_NAMED = 10;

/** After so many files in a row that did not fit, the disk is taken for full. A smaller file may fit where a large one does not. */
const MOST_IN_VAIN = 16;

/** What came of a file. */
export interface Moved {
  /** The path that it got. */
  path: string;
  /** Its size in bytes. */
  size: number;
}

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
   * @returns for each, what came of it, or why it failed; `undefined` for one that must be moved by itself
   */
  many?(jobs: readonly J[], onProgress: (bytes: number) => void): Promise<(Moved | Error | undefined)[]>;
}

/** Options of {@linkcode runBatch}. */
export interface BatchOptions {
  /** What there is to move; it may grow while that is being found. */
  total: Readonly<Total>;
  /** Whether the first failure ends it. */
  stopOnError: boolean;
  /** What is not moved; it may grow in the same way. */
  left: readonly Left[];
  /** What is done to the files, such as `Fetched`. */
  verb: string;
  /** What the person can do for the rest when it is interrupted. */
  rest: string;
  /** Does what comes after the files, of which so many failed. */
  finish?: (failed: number) => Promise<Finish>;
}

/** A number of files, and their size. */
export interface Total {
  /** How many files. */
  files: number;
  /** How many bytes they have. */
  bytes: number;
  /** `false` while more is being found. */
  isComplete?: boolean;
}

/** What came of {@linkcode BatchOptions.finish}. */
export interface Finish {
  /** How many more failed. */
  failed: number;
  /** What the summary tells of it, too. */
  counts: Record<string, number>;
  /** The same in words. */
  words: string[];
}

/** {@linkcode BatchOptions.rest} where the same command again would move all files again. */
export const SYNC_REST = "sync moves what is missing, and nothing twice";

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
  const { out, signal } = context;
  const began = performance.now();
  const { total } = options;
  const isComplete = () => total.isComplete !== false;
  const meter = context.meter(plural(total.files, "file"), isComplete() ? total.bytes : undefined);
  let [moved, resumed, files, renamed, fullInVain] = [0, 0, 0, 0, 0];
  let failed = 0;
  if (options.stopOnError && options.left.some((one) => one.failed)) {
    tellLeft(out, options.left);
    throw new PartlyFailedError("stopped before the first file was moved");
  }

  /** Counts the bytes of what is under way; the result takes back what did not become part of a file. */
  const counter = (name: string) => {
    let [own, before] = [0, 0];
    return (now: number, resumedNow = before) => {
      moved += now - own;
      resumed += resumedNow - before;
      [own, before] = [now, resumedNow];
      const label = isComplete() ? `${files}/${total.files}  ${name}` : `${files}  ${name}`;
      meter.update(moved, resumed, label, isComplete() ? total.bytes : undefined);
    };
  };
  const succeeded = ({ name, wanted, result, line }: J, done: Moved) => {
    files++;
    fullInVain = 0;
    const isRenamed = done.path !== wanted;
    const text = () => line?.(done) ?? `${printable(name)}${isRenamed ? ` as ${printable(done.path)}` : ""}`;
    out.step(result(done), text, !isRenamed);
    if (isRenamed && renamed++ < MOST_NAMED && !out.json && !out.verbose) out.note(text());
  };
  const fell = (name: string, error: unknown) => {
    const failure = toFailure(error);
    if (!failure || error instanceof ProtocolError || signal.aborted) throw error;
    // What was under way beside the failure that ends it may end as it likes.
    if (failed++ > 0 && options.stopOnError || fullInVain >= MOST_IN_VAIN) return;
    out.failure({ ...failure, message: `${printable(name)}: ${failure.message}` });
    if (options.stopOnError) throw new Stop("stopped at the first failure");
    if (codeOf(error) === "no_space" && ++fullInVain >= MOST_IN_VAIN) {
      throw new Stop(`stopped, as there was no room for ${MOST_IN_VAIN} files in a row`);
    }
  };
  /** Returns how much is left out; what should have been moved counts as failed. */
  const tellWhatIsLeft = () => {
    meter.finish();
    const { skipped, failed: unmoved } = tellLeft(out, options.left);
    failed += unmoved;
    return skipped;
  };
  const sumUp = (left: number, after?: Finish) => {
    const ms = performance.now() - began;
    failed += after?.failed ?? 0;
    const summary = { files, bytes: moved, resumed, renamed, failed, left, ...after?.counts, ms: Math.round(ms) };
    const parts = [
      `${options.verb} ${plural(files, "file")}, ${bytes(moved)} in ${elapsed(ms)} (${rate(moved - resumed, ms)})`,
    ];
    if (resumed > 0) parts.push(`${bytes(resumed)} of it were there already`);
    if (renamed > 0) parts.push(`${renamed} under another name, as their own was taken`);
    if (failed > 0) parts.push(`${failed} failed`);
    if (left > 0) parts.push(`${left} left out`);
    parts.push(...after?.words ?? []);
    // A tree that is there already, most likely.
    if (renamed > MOST_NAMED && !out.json && !out.verbose) out.note(`and ${renamed - MOST_NAMED} more; ${SYNC_REST}`);
    out.done({ summary }, parts.join(", "));
  };
  const moveOne = async (mover: Mover<J>, job: J) => {
    const count = counter(job.name);
    try {
      const done = await mover.one(job, count);
      succeeded(job, done);
      count(done.size);
    } catch (error) {
      count(0, 0);
      fell(job.name, error);
    }
  };
  const moveMany = async (mover: Mover<J>, pack: readonly J[]) => {
    const count = counter(pack.at(-1)!.name);
    let done = 0;
    const came = await outcomes(mover, pack, count, signal).catch((error) => {
      count(0, 0);
      throw error;
    });
    // What was done first: the first failure may end it all.
    for (const [at, outcome] of came.entries()) {
      if (outcome === undefined || outcome instanceof Error) continue;
      done += pack[at].size;
      succeeded(pack[at], outcome);
    }
    count(done);
    for (const [at, outcome] of came.entries()) if (outcome instanceof Error) fell(pack[at].name, outcome);
    for (const [at, outcome] of came.entries()) if (outcome === undefined) await moveOne(mover, pack[at]);
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
    const alone = options.stopOnError || !movers.every(({ many }) => many);
    const packs = inPacks(jobs, alone ? 1 : MAX_PACK_FILES);
    const count = (alone ? MOST_FILES : MOST_PACKS) * movers.length;
    const sizeOf = (pack: readonly J[]) => pack.reduce((sum, { size }) => sum + size, 0);
    await pipeline(packs, { count, bytes: MOST_BYTES, sizeOf }, move);
  } catch (error) {
    const interrupted = signal.aborted || error instanceof ProtocolError;
    if (!(error instanceof Stop) && !interrupted) {
      meter.finish();
      throw error;
    }
    sumUp(tellWhatIsLeft());
    const done = `${files} of ${plural(total.files, "file")}${isComplete() ? "" : " found so far"} were done`;
    if (error instanceof Stop) throw new PartlyFailedError(`${error.message}; ${done}`);
    out.note(`${done}; ${options.rest}`);
    throw error;
  }
  const left = tellWhatIsLeft();
  sumUp(left, await options.finish?.(failed));
  if (failed > 0) throw new PartlyFailedError(`${failed} of ${plural(files + failed, "file")} failed`);
}

/** Ends a batch early. What came of it is known when what was under way has ended, too. */
class Stop extends Error {}

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
): Promise<(Moved | Error | undefined)[]> {
  try {
    return await mover.many!(pack, onProgress);
  } catch (error) {
    if (signal.aborted || !(error instanceof CommandError || error instanceof DiskError)) throw error;
    return pack.map(() => error instanceof CommandError && !FOR_THE_PACK.has(error.code) ? error : undefined);
  }
}
