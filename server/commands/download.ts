import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** A file's content (PROTOCOL.md section 7.6). */
export const download: Handler<"download"> = ({ storage }, { path, sha256 }) => {
  const file = storage.open(splitPath(path));
  return { reply: { entry: file.item }, body: file, sha256 };
};
