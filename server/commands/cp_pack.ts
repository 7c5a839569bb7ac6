import { readBuffer } from "../../disk/buffer.ts";
import { DiskError } from "../../disk/errors.ts";
import { giveWay } from "../../disk/give_way.ts";
import { MAX_PACKED_BYTES } from "../../protocol/pack.ts";
import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";
import { storeTogether } from "./store_together.ts";

/** Copies many small files on the server, which become visible and durable together (PROTOCOL.md section 7.20). */
export const cpPack: Handler<"cp_pack"> = async ({ storage, signal }, { files }) => {
  const buffer = readBuffer(MAX_PACKED_BYTES);
  const reader = storage.reader();
  try {
    return await storeTogether(storage.store({ collision: "fail", again: false }), "cp", async (add) => {
      for (const { from, to } of files) {
        add(to, (copies) => {
          const file = reader.read(splitPath(from), buffer);
          if (file === "too large") throw new DiskError("changed", "the file is too large for a pack");
          const { seen: { modified, mode }, content } = file;
          copies.add(splitPath(to), content, { modified, mode });
          return content.length;
        }, from);
        await giveWay();
        signal.throwIfAborted();
      }
    });
  } finally {
    reader.close();
  }
};
