import { readBuffer } from "../../disk/buffer.ts";
import { DiskError } from "../../disk/errors.ts";
import { giveWay } from "../../disk/give_way.ts";
import { encodeMessage } from "../../protocol/message_codec.ts";
import { MAX_PACKED_BYTES, type PackedFile, packSource } from "../../protocol/pack.ts";
import { splitPath } from "../../protocol/path.ts";
import { commandErrorOf } from "../errors.ts";
import type { LogFields } from "../log.ts";
import type { SmallFileReader } from "../storage/storage.ts";
import type { Handler } from "./handler.ts";

/** Many small files, in the order in which they were asked for (PROTOCOL.md section 7.17). */
export const downloadPack: Handler<"download_pack"> = ({ storage }, { paths }) => {
  const buffer = readBuffer(MAX_PACKED_BYTES);
  const files: LogFields[] = [];
  const reader = storage.reader();
  const rest = paths.values();
  const source = packSource(() => {
    const { value: path, done } = rest.next();
    if (done) return undefined;
    try {
      const file = read(reader, path, buffer);
      files.push({ path, outcome: "ok", bytes: file.content.length });
      return file;
    } catch (error) {
      const failure = commandErrorOf(error);
      if (!failure) throw error;
      const { code, message } = failure;
      files.push({ path, outcome: code, message, bytes: 0 });
      return { path: "", content: encodeMessage({ code, message }), modified: 0, mode: 0, failed: true };
    }
  });
  let isOver = false;
  const body = {
    async read(into: Uint8Array<ArrayBuffer>) {
      await giveWay();
      return isOver ? 0 : await source.read(into); // nobody waits for it any more
    },
    close() {
      isOver = true;
      reader.close();
    },
  };
  return { reply: {}, body, parts: { event: "download", files } };
};

function read(reader: SmallFileReader, path: string, buffer: Uint8Array<ArrayBuffer>): PackedFile {
  const file = reader.read(splitPath(path), buffer);
  // Whoever wants it asks for it by itself.
  if (typeof file === "string") throw new DiskError("changed", "the file is too large for a pack");
  const { seen: { modified, mode }, content } = file;
  return { path: "", content, modified, mode, failed: false };
}
