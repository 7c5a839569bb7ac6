import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** Makes a folder in an existing one (PROTOCOL.md section 7.8). */
export const mkdir: Handler<"mkdir"> = ({ storage }, { path, mode }) => {
  storage.makeFolder(splitPath(path), mode);
  return { reply: {} };
};
