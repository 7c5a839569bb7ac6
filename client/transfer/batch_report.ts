/**
 * What is told of many files that are moved: one progress line, what failed, and one summary.
 *
 * @module
 */

import { ProtocolError } from "../../protocol/errors.ts";
import type { Context } from "../context.ts";
import { codeOf, PartlyFailedError, toFailure } from "../errors.ts";
import { bytes, elapsed, printable, rate } from "../format.ts";
import { plural } from "../listing.ts";
import type { Job, Moved } from "./batch.ts";
import { type Omitted, reportOmitted } from "./omitted.ts";

/** So many of the files that got another name are named. */
const MOST_NAMED = 10;

/** After so many files in a row that did not fit, the disk is taken for full. A smaller file may fit where a large one does not. */
const MOST_IN_VAIN = 16;

/** Where there are fewer bytes to move than this, nobody asks whether there is room for them: that shows at once. */
const WORTH_ASKING_BYTES = 64 * 1024 * 1024;

/** Options of a batch. */
export interface BatchOptions {
  /** What there is to move; it may grow while that is being found. */
  total: Readonly<Total>;
  /** For how many bytes there is room where they go; left out where nobody can tell how many are needed. */
  free?: () => Promise<number>;
  /** Whether the first failure ends it. */
  stopOnError: boolean;
  /** What is not moved; it may grow in the same way. */
  omitted: readonly Omitted[];
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
 * What a person is told where there is more than fits.
 *
 * @param needed how many bytes are to come
 * @param free for how many there is room
 * @returns `undefined` where there is room, or nobody can tell
 */
export async function whyNoRoom(needed: number, free: () => Promise<number>): Promise<string | undefined> {
  try {
    const room = await free();
    if (room >= needed) return undefined;
    return `${bytes(needed)} are to come, and there is room for ${bytes(room)}: not all of it may fit`;
  } catch {
    return undefined; // whatever is wrong is wrong with the files, too
  }
}

/** Ends a batch early. What came of it is known when what was under way has ended, too. */
class Stop extends Error {}

/** Tells of one batch. */
export class BatchReport {
  readonly #context: Context;
  readonly #options: BatchOptions;
  readonly #meter: ReturnType<Context["meter"]>;
  readonly #began = performance.now();
  #files = 0;
  #failed = 0;
  #bytes = 0;
  #resumed = 0;
  #renamed = 0;
  #inVain = 0;
  #isRoomAsked = false;
  #isOver = false;

  /**
   * A batch begins.
   *
   * @param context where to tell
   * @param options see {@linkcode BatchOptions}
   */
  constructor(context: Context, options: BatchOptions) {
    this.#context = context;
    this.#options = options;
    this.#meter = context.meter(plural(options.total.files, "file"), this.#wholeBytes);
    this.#askForRoom();
  }

  /**
   * Counts the bytes of what is under way.
   *
   * @param name of it, for the progress line
   * @returns told how many bytes are there, and how many of them an earlier attempt had moved; in the end, of what became part of
   * a file
   */
  progressOf(name: string): (bytes: number, resumed?: number) => void {
    let [own, before] = [0, 0];
    return (now, resumed = before) => {
      this.#bytes += now - own;
      this.#resumed += resumed - before;
      [own, before] = [now, resumed];
      const count = this.#isComplete ? `${this.#files}/${this.#options.total.files}` : `${this.#files}`;
      this.#meter.update(this.#bytes, this.#resumed, `${count}  ${name}`, this.#wholeBytes);
      this.#askForRoom();
    };
  }

  /** A file was moved. */
  moved({ name, wanted, result, line }: Job, done: Moved): void {
    const { out } = this.#context;
    this.#files++;
    this.#inVain = 0;
    const isRenamed = done.path !== wanted;
    const text = () => line?.(done) ?? `${printable(name)}${isRenamed ? ` as ${printable(done.path)}` : ""}`;
    out.step(result(done), text, !isRenamed);
    if (isRenamed && this.#renamed++ < MOST_NAMED && !out.json && !out.verbose) out.note(text());
  }

  /**
   * A file was not moved.
   *
   * @throws what ends the batch: it concerns all of them, or nothing more is to be tried
   */
  failed(name: string, error: unknown): void {
    const { out, signal } = this.#context;
    const failure = toFailure(error);
    if (!failure || error instanceof ProtocolError || signal.aborted) throw error;
    const { stopOnError } = this.#options;
    // What was under way beside the failure that ends it may end as it likes.
    if (this.#failed++ > 0 && stopOnError || this.#inVain >= MOST_IN_VAIN) return;
    out.failure({ ...failure, path: name, message: `${printable(name)}: ${failure.message}` });
    if (stopOnError) throw new Stop("stopped at the first failure");
    if (codeOf(error) === "no_space" && ++this.#inVain >= MOST_IN_VAIN) {
      throw new Stop(`stopped, as there was no room for ${MOST_IN_VAIN} files in a row`);
    }
  }

  /**
   * The batch did not go on to its end.
   *
   * @param error why
   * @throws {PartlyFailedError} where it was to be stopped
   */
  interrupted(error: unknown): void {
    const { out, signal } = this.#context;
    this.#isOver = true;
    const isStopped = error instanceof Stop;
    if (!isStopped && !signal.aborted && !(error instanceof ProtocolError)) return this.#meter.finish();
    this.#sumUp(this.#reportOmitted());
    const found = this.#isComplete ? "" : " found so far";
    const done = `${this.#files} of ${plural(this.#options.total.files, "file")}${found} were done`;
    if (isStopped) throw new PartlyFailedError(`${error.message}; ${done}`);
    out.note(`${done}; ${this.#options.rest}`);
  }

  /**
   * All that could be moved was moved.
   *
   * @throws {PartlyFailedError} when any failed
   */
  async finish(): Promise<void> {
    const omitted = this.#reportOmitted();
    this.#sumUp(omitted, await this.#options.finish?.(this.#failed));
    const failed = this.#failed;
    if (failed > 0) throw new PartlyFailedError(`${failed} of ${plural(this.#files + failed, "file")} failed`);
  }

  get #isComplete(): boolean {
    return this.#options.total.isComplete !== false;
  }

  /** How many bytes there are in all, where that is known by now. */
  get #wholeBytes(): number | undefined {
    return this.#isComplete ? this.#options.total.bytes : undefined;
  }

  /**
   * Says as soon as it is known that there is more than fits, and goes on: what an interrupted attempt has left is there already,
   * and a folder may lie on another disk.
   */
  async #askForRoom(): Promise<void> {
    const { total, free } = this.#options;
    if (this.#isRoomAsked || !this.#isComplete || !free) return;
    this.#isRoomAsked = true;
    if (total.bytes < WORTH_ASKING_BYTES) return;
    // A server answers when it has stored what was sent before.
    const why = await whyNoRoom(total.bytes - this.#bytes, free);
    if (why !== undefined && !this.#isOver) this.#context.out.note(why);
  }

  /** Returns how much is left out; what should have been moved counts as failed. */
  #reportOmitted(): number {
    this.#isOver = true;
    this.#meter.finish();
    const { skipped, failed } = reportOmitted(this.#context.out, this.#options.omitted);
    this.#failed += failed;
    return skipped;
  }

  #sumUp(omitted: number, after?: Finish): void {
    const { out } = this.#context;
    const ms = performance.now() - this.#began;
    this.#failed += after?.failed ?? 0;
    const [files, failed, moved, resumed, renamed] = [
      this.#files,
      this.#failed,
      this.#bytes,
      this.#resumed,
      this.#renamed,
    ];
    const summary = {
      files,
      bytes: moved,
      resumed,
      renamed,
      failed,
      left: omitted,
      ...after?.counts,
      ms: Math.round(ms),
    };
    const { verb } = this.#options;
    const parts = [
      `${verb} ${plural(files, "file")}, ${bytes(moved)} in ${elapsed(ms)} (${rate(moved - resumed, ms)})`,
    ];
    if (resumed > 0) parts.push(`${bytes(resumed)} of it were there already`);
    if (renamed > 0) parts.push(`${renamed} under another name, as their own was taken`);
    if (failed > 0) parts.push(`${failed} failed`);
    if (omitted > 0) parts.push(`${omitted} left out`);
    parts.push(...after?.words ?? []);
    // A tree that is there already, most likely.
    if (renamed > MOST_NAMED && !out.json && !out.verbose) out.note(`and ${renamed - MOST_NAMED} more; ${SYNC_REST}`);
    out.done({ summary }, parts.join(", "));
  }
}
