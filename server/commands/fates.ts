/**
 * What became of many files that one request was about.
 *
 * @module
 */

import { DiskError } from "../../disk/errors.ts";
import { CommandError } from "../../protocol/errors.ts";
import type { LogFields } from "../log.ts";
import type { NewFiles } from "../storage/storage.ts";
import type { Outcome } from "./handler.ts";
import { linesOf } from "./lines.ts";

/** What became of a file: the path it got, or why it was not stored. */
interface Fate {
  readonly asked: string;
  readonly from?: string;
  size: number;
  path?: string;
  error?: CommandError;
}

/**
 * Stores many files together.
 *
 * @param files where
 * @param event what the log calls it
 * @param fill adds them; none is stored when it throws
 * @returns the answer: how many were stored, and a line for each that was not, or not under the path that was asked for
 */
export async function storeTogether(
  files: NewFiles,
  event: "upload" | "cp",
  fill: (fates: Fates) => Promise<void>,
): Promise<Outcome<"upload_pack"> & Outcome<"cp_pack">> {
  const fates = new Fates(files);
  try {
    await fill(fates);
    await fates.publish();
  } catch (error) {
    files.discard();
    throw error;
  }
  return await fates.outcome(event);
}

/** Many files that are stored together, and what becomes of each. */
export class Fates {
  readonly #files: NewFiles;
  readonly #fates: Fate[] = [];

  /** @param files where they are stored */
  constructor(files: NewFiles) {
    this.#files = files;
  }

  /**
   * Adds a file. What is wrong with it alone is its fate.
   *
   * @param asked the path that it is to get
   * @param add puts it among the files that are stored; returns its size in bytes
   * @param from what it is a copy of, where that is on this server, too
   * @throws what concerns all of them
   */
  add(asked: string, add: (files: NewFiles) => number, from?: string): void {
    const fate: Fate = { asked, from, size: 0 };
    this.#fates.push(fate);
    try {
      fate.size = add(this.#files);
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof DiskError)) throw error;
      fate.error = cut(error);
    }
  }

  /** Stores what was added: it is visible and on the disk then, or it is said why not. */
  async publish(): Promise<void> {
    const added = this.#fates.filter(({ error }) => error === undefined);
    for (const [at, result] of (await this.#files.publish()).entries()) {
      if (result instanceof DiskError) added[at].error = cut(result);
      else added[at].path = `/${result.join("/")}`;
    }
  }

  /** The answer of {@linkcode storeTogether}. */
  async outcome(event: "upload" | "cp"): Promise<Outcome<"upload_pack"> & Outcome<"cp_pack">> {
    const stored = this.#fates.filter(({ error }) => error === undefined);
    const size = stored.reduce((sum, { size }) => sum + size, 0);
    return {
      reply: { files: stored.length, size },
      body: await linesOf([[...unusual(this.#fates)]]),
      parts: { event, files: this.#fates.map(describe) },
    };
  }
}

/** As it is answered: a message may quote a long path. */
function cut({ code, message }: CommandError | DiskError): CommandError {
  return new CommandError(code, message);
}

/** What the client does not know without being told. */
function* unusual(fates: Fate[]): Iterable<object> {
  for (const [at, { asked, path, error }] of fates.entries()) {
    if (error) yield { at, error: { code: error.code, message: error.message } };
    else if (path !== asked) yield { at, path };
  }
}

function describe({ asked, from, size, path, error }: Fate): LogFields {
  const to = path ?? asked;
  const where = from === undefined ? { path: to } : { from, to };
  return { ...where, outcome: error?.code ?? "ok", message: error?.message, bytes: error ? 0 : size };
}
