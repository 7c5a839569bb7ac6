/**
 * Many files that one request stores.
 *
 * @module
 */

import { DiskError } from "../../disk/errors.ts";
import type { CommandError } from "../../protocol/errors.ts";
import { commandErrorOf } from "../errors.ts";
import type { LogFields } from "../log.ts";
import type { NewFiles } from "../storage/storage.ts";
import type { Outcome } from "./handler.ts";
import { linesOf } from "./lines.ts";

/** What became of a file: the path it got, or why it was not stored. */
interface Result {
  readonly asked: string;
  readonly from?: string;
  size: number;
  path?: string;
  error?: CommandError;
}

/**
 * Adds a file. What is wrong with it alone is its result.
 *
 * @param asked the path that it is to get
 * @param put puts it among the files that are stored; returns its size in bytes
 * @param from what it is a copy of, where that is on this server, too
 * @throws what concerns all of them
 */
export type AddFile = (asked: string, put: (files: NewFiles) => number, from?: string) => void;

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
  fill: (add: AddFile) => Promise<void>,
): Promise<Outcome<"upload_pack"> & Outcome<"cp_pack">> {
  const results: Result[] = [];
  try {
    await fill((asked, put, from) => {
      const result: Result = { asked, from, size: 0 };
      results.push(result);
      try {
        result.size = put(files);
      } catch (error) {
        result.error = commandErrorOf(error);
        if (!result.error) throw error;
      }
    });
    const added = results.filter(({ error }) => error === undefined);
    for (const [at, stored] of (await files.publish()).entries()) {
      if (stored instanceof DiskError) added[at].error = commandErrorOf(stored);
      else added[at].path = `/${stored.join("/")}`;
    }
  } catch (error) {
    files.discard();
    throw error;
  }
  const stored = results.filter(({ error }) => error === undefined);
  return {
    reply: { files: stored.length, size: stored.reduce((sum, { size }) => sum + size, 0) },
    body: await linesOf([[...unusual(results)]]),
    parts: { event, files: results.map(describe) },
  };
}

/** What the client does not know without being told. */
function* unusual(results: Result[]): Iterable<object> {
  for (const [at, { asked, path, error }] of results.entries()) {
    if (error) yield { at, error: { code: error.code, message: error.message } };
    else if (path !== asked) yield { at, path };
  }
}

function describe({ asked, from, size, path, error }: Result): LogFields {
  const to = path ?? asked;
  const where = from === undefined ? { path: to } : { from, to };
  return { ...where, outcome: error?.code ?? "ok", message: error?.message, bytes: error ? 0 : size };
}
