/**
 * What comes in the bodies of answers: lines, and the digests of blocks. Reading ends with the signal of its request.
 *
 * @module
 */

import type { InferOutput } from "valibot";
import { concat } from "../protocol/buffers.ts";
import { CommandError, ProtocolError } from "../protocol/errors.ts";
import type { IncomingBody } from "../protocol/incoming_body.ts";
import { decodeLines } from "../protocol/message_codec.ts";
import {
  BLOCK_BYTES,
  BLOCK_DIGEST_BYTES,
  type entryLine,
  type folderDigestLine,
  type PackLine,
  packLine,
} from "../protocol/messages.ts";
import type { Answer } from "./requests.ts";

/** Most entries of one listing that a client takes, so that a hostile server cannot fill its memory. */
const MAX_ENTRIES = 1_000_000;
/** Most bytes of one listing, for the same reason. */
const MAX_LISTING_BYTES = 256 * 1024 * 1024;
/** Longest line of a listing, in bytes. */
const MAX_LINE_BYTES = 64 * 1024;

/** A line of a body. */
type Line = typeof entryLine | typeof packLine | typeof folderDigestLine;

/** The SHA-256 of each block of a file, one after the other, to be read as they come. */
export interface BlockDigests {
  /** How many bytes they cover. */
  size: number;
  /** The next block's digest; `undefined` after the last. */
  next(): Promise<Uint8Array | undefined>;
  /** Asks for no more of them. */
  cancel(): void;
}

/**
 * Reads the digests of blocks.
 *
 * @param answer whose body they are
 * @param size how many bytes of the file they cover
 */
export function readDigests(answer: Answer<"resume" | "blocks">, size: number): BlockDigests {
  answer.body.expect({ size: Math.ceil(size / BLOCK_BYTES) * BLOCK_DIGEST_BYTES });
  let kept = new Uint8Array(0);
  return {
    size,
    async next() {
      while (kept.length < BLOCK_DIGEST_BYTES) {
        const chunk = await answer.body.read();
        if (chunk === null) return undefined;
        kept = concat([kept, chunk]);
      }
      const digest = kept.slice(0, BLOCK_DIGEST_BYTES);
      kept = kept.slice(BLOCK_DIGEST_BYTES);
      return digest;
    },
    cancel: () => answer.cancel(),
  };
}

/**
 * Reads a body of lines as they come, many at a time.
 *
 * @param answer whose body they are; canceled when nobody reads to its end
 * @param schema of a line
 * @throws {CommandError} `canceled`, or `bad_request` when there are more of them than anybody should take
 * @throws {ProtocolError} for what are no such lines
 */
export async function* readLines<S extends Line>(
  answer: Answer<"ls" | "upload_pack" | "cp_pack" | "folder_digests">,
  schema: S,
): AsyncGenerator<InferOutput<S>[]> {
  let isRead = false;
  try {
    yield* decoded(answer.body, schema);
    isRead = true;
  } finally {
    if (!isRead) answer.cancel();
  }
}

/**
 * What became of each file of a pack, where it is not what was asked for.
 *
 * @param answer to the pack
 * @param files how many it had
 * @returns by their number, counted from 0
 * @throws {ProtocolError} {@linkcode CommandError} `mismatch` for an answer that makes no sense
 */
export async function readPackLines(
  answer: Answer<"upload_pack" | "cp_pack">,
  files: number,
): Promise<Map<number, PackLine>> {
  const lines = (await Array.fromAsync(readLines(answer, packLine))).flat();
  for (const [number, { at, path, error }] of lines.entries()) {
    const inOrder = at < files && (number === 0 || at > lines[number - 1].at);
    if (inOrder && (path === undefined) !== (error === undefined)) continue;
    throw new ProtocolError(`the server says something of file ${at} of ${files} that makes no sense`);
  }
  const failed = lines.filter(({ error }) => error).length;
  if (answer.reply.files !== files - failed) {
    throw new CommandError("mismatch", `the server says that it stored ${answer.reply.files} of ${files} files`);
  }
  return new Map(lines.map((line) => [line.at, line]));
}

async function* decoded<S extends Line>(
  body: IncomingBody,
  schema: S,
): AsyncGenerator<InferOutput<S>[]> {
  let count = 0;
  let rest = new Uint8Array(0);
  for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
    const bytes = concat([rest, chunk]);
    let at = 0;
    // A part at a time: what a chunk of short lines is decoded to takes many times its size.
    for (;;) {
      const end = bytes.lastIndexOf(10, at + MAX_LINE_BYTES) + 1;
      if (end <= at) break;
      const lines = decodeLines(schema, bytes.subarray(at, end), "listing");
      at = end;
      count += lines.length;
      if (count > MAX_ENTRIES || body.size > MAX_LISTING_BYTES) {
        throw new CommandError("bad_request", "the listing is too long; list its folders one by one");
      }
      yield lines;
    }
    rest = bytes.slice(at);
    if (rest.length > MAX_LINE_BYTES) throw new ProtocolError(`a line of the listing is over ${MAX_LINE_BYTES} bytes`);
  }
  if (rest.length > 0) throw new ProtocolError("the listing ends in the middle of a line");
}
