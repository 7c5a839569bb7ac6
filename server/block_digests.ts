/**
 * The digests of a file's blocks, as the body of an answer (PROTOCOL.md section 7.11).
 *
 * @module
 */

import { readBuffer } from "../disk/buffer.ts";
import { CommandError } from "../protocol/errors.ts";
import { BLOCK_BYTES } from "../protocol/messages.ts";
import type { ByteSource } from "../protocol/send_body.ts";

/**
 * SHA-256 of each block, one after the other; the last block may be shorter.
 *
 * @param size how many bytes to cover
 * @param read fills `into` from a place, which only ever moves on by a block; returns how many bytes there were
 * @param signal ends it
 * @returns read from it throws `changed` where there are fewer bytes than that
 */
export function blockDigests(
  size: number,
  read: (at: number, into: Uint8Array<ArrayBuffer>) => Promise<number>,
  signal: AbortSignal,
): ByteSource {
  const block = readBuffer(Math.min(size, BLOCK_BYTES));
  let at = 0;
  return {
    async read(into) {
      if (at >= size) return 0;
      signal.throwIfAborted();
      const { createHash } = await import("node:crypto"); // takes long, and most servers never need it
      const wanted = block.subarray(0, Math.min(BLOCK_BYTES, size - at));
      const count = await read(at, wanted);
      if (count < wanted.length) throw new CommandError("changed", "it became shorter while it was read; try again");
      at += count;
      const digest = createHash("sha256").update(wanted).digest();
      into.set(digest);
      return digest.length;
    },
  };
}
