/**
 * How much of an interrupted transfer can be trusted.
 *
 * @module
 */

import { readBuffer } from "../../disk/buffer.ts";
import { BodyDigest } from "../../protocol/body_digest.ts";
import { BLOCK_BYTES, type BodyEnd } from "../../protocol/messages.ts";
import type { BlockDigests } from "../client.ts";

/** Files of this size and more, in bytes, are worth going on with. */
export const RESUME_BYTES = 8 * 1024 * 1024;

/**
 * What a person is told where there is something to go on with, and it is not given away.
 *
 * @param doing `sending` or `fetching`
 */
export function heldBy(doing: string): string {
  return `another run is ${doing} the same file, or was until a moment ago; starting from the beginning`;
}

/**
 * Compares the blocks of one end with those of the other.
 *
 * @param read fills `into` from a place in the local file; returns how many bytes there were
 * @param remote what the other end has; read up to the first block that differs
 * @returns how many bytes at the start are equal, in whole blocks but for the last one, and their check sum
 * @throws what reading either of them throws
 */
export async function equalPrefix(
  read: (at: number, into: Uint8Array<ArrayBuffer>) => Promise<number>,
  remote: BlockDigests,
): Promise<BodyEnd> {
  const { createHash } = await import("node:crypto");
  const block = readBuffer(Math.min(BLOCK_BYTES, remote.size));
  const equal = new BodyDigest();
  let isRead = false;
  try {
    for (let digest = await remote.next(); digest !== undefined; digest = await remote.next()) {
      const wanted = Math.min(BLOCK_BYTES, remote.size - equal.size);
      const count = await read(equal.size, block.subarray(0, wanted));
      const own = createHash("sha256").update(block.subarray(0, count)).digest();
      if (count !== wanted || !own.equals(digest)) return equal.end();
      equal.update(block.subarray(0, count));
    }
    isRead = true;
    return equal.end();
  } finally {
    if (!isRead) remote.cancel(); // all else on the connection would wait for us to take the rest
  }
}
