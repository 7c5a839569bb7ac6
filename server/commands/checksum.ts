import { giveWay } from "../../disk/give_way.ts";
import { crc32, crc32Text } from "../../protocol/crc32.ts";
import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** What is hashed in one go, in bytes: well under a millisecond. Then others have their turn. */
const CHUNK_BYTES = 1024 * 1024;

/** The checksum of a file's content, computed here (PROTOCOL.md section 7.13). */
export const checksum: Handler<"checksum"> = async ({ storage, signal }, { path, algorithm }) => {
  const file = storage.open(splitPath(path));
  try {
    const buffer = new Uint8Array(Math.max(1, Math.min(CHUNK_BYTES, file.size)));
    const hash = algorithm === "sha256" ? (await import("node:crypto")).createHash("sha256") : undefined;
    let crc = 0;
    for (let size = 0; size < file.size;) {
      const count = await file.read(buffer);
      if (count === 0) break;
      const chunk = buffer.subarray(0, count);
      if (hash) hash.update(chunk);
      else crc = crc32(chunk, crc);
      size += count;
      await giveWay();
      signal.throwIfAborted();
    }
    file.requireUnchanged();
    return { reply: { size: file.size, checksum: hash?.digest("hex") ?? crc32Text(crc) } };
  } finally {
    file.close();
  }
};
