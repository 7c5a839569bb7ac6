import { splitPath } from "../../protocol/path.ts";
import { blockDigests } from "../block_digests.ts";
import type { Handler } from "./handler.ts";

/** The digests of the first blocks of a file, for going on with a download (PROTOCOL.md section 7.12). */
export const blocks: Handler<"blocks"> = ({ storage, signal }, { path, size }) => {
  const file = storage.open(splitPath(path));
  const digests = blockDigests(Math.min(size, file.size), file.readAt, signal);
  return { reply: { entry: file.item }, body: { ...digests, close: () => file.close() } };
};
