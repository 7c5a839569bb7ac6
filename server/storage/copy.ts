/**
 * Copying what is in a file.
 *
 * @module
 */

import { readBuffer } from "../../disk/buffer.ts";
import { giveWay } from "../../disk/give_way.ts";
import type { PartialFile } from "../../disk/partial_file.ts";
import type { OpenFile } from "./storage.ts";

/** What is copied in one go, in bytes. */
const COPY_BYTES = 256 * 1024;

/**
 * Copies a file. One that is written to meanwhile, and only grows, is copied as it was when it was opened.
 *
 * @param source from its start
 * @param copy empty
 * @param signal ends it
 * @throws {DiskError} `changed` when the source was changed meanwhile, and others; what the signal says
 */
export async function copyContent(source: OpenFile, copy: PartialFile, signal: AbortSignal): Promise<void> {
  const buffer = readBuffer(COPY_BYTES);
  for (let done = 0; done < source.size;) {
    signal.throwIfAborted();
    const count = await source.read(buffer);
    await copy.write(buffer.subarray(0, count));
    done += count;
    await giveWay();
  }
  const changed = source.rewindIfChanged();
  if (changed && !await holdsSame(source, copy, signal)) throw changed;
}

/** Whether a copy is what its source still begins with: a log has only grown. */
async function holdsSame(source: OpenFile, copy: PartialFile, signal: AbortSignal): Promise<boolean> {
  const [one, other] = [readBuffer(COPY_BYTES), readBuffer(COPY_BYTES)];
  for (let at = 0; at < source.size;) {
    signal.throwIfAborted();
    const count = await source.read(one);
    if (count === 0 || await copy.readAt(at, other.subarray(0, count)) !== count) return false;
    for (let byte = 0; byte < count; byte++) if (one[byte] !== other[byte]) return false;
    at += count;
    await giveWay();
  }
  return true;
}
