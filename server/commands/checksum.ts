import type { Hash } from "node:crypto";
import { readBuffer } from "../../disk/buffer.ts";
import { giveWay } from "../../disk/give_way.ts";
import { crc32, crc32Text } from "../../protocol/crc32.ts";
import { splitPath } from "../../protocol/path.ts";
import type { OpenFile } from "../storage/storage.ts";
import type { Handler } from "./handler.ts";

/** What is hashed in one go, in bytes: well under a millisecond. Then others have their turn. */
const CHUNK_BYTES = 1024 * 1024;

/** The checksum of a file's content, computed here (PROTOCOL.md section 7.13). */
export const checksum: Handler<"checksum"> = async ({ storage, signal }, { path, algorithm }) => {
  const { createHash } = await import("node:crypto"); // first: what is opened is read at once
  const file = storage.open(splitPath(path));
  try {
    const sum = () => sumOf(file, algorithm === "sha256" ? createHash("sha256") : undefined, signal);
    const checksum = await sum();
    const changed = file.rewindIfChanged();
    if (changed && checksum !== await sum()) throw changed; // else it has only grown
    return { reply: { size: file.size, checksum } };
  } finally {
    file.close();
  }
};

/** @param hash of SHA-256; CRC-32 without */
async function sumOf(file: OpenFile, hash: Hash | undefined, signal: AbortSignal): Promise<string> {
  const buffer = readBuffer(Math.max(1, Math.min(CHUNK_BYTES, file.size)));
  let crc = 0;
  for (let count = await file.read(buffer); count > 0; count = await file.read(buffer)) {
    const chunk = buffer.subarray(0, count);
    if (hash) hash.update(chunk);
    else crc = crc32(chunk, crc);
    await giveWay();
    signal.throwIfAborted();
  }
  return hash?.digest("hex") ?? crc32Text(crc);
}
