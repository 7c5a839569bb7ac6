import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** Sets the time of a file, and the rights of a file or folder (PROTOCOL.md section 7.19). */
export const touch: Handler<"touch"> = ({ storage }, { path, before, modified, mode }) => {
  storage.touch(splitPath(path), { before, modified, mode });
  return { reply: {} };
};
