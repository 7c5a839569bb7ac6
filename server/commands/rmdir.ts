import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** Removes an empty folder (PROTOCOL.md section 7.9). */
export const rmdir: Handler<"rmdir"> = ({ storage }, { path }) => {
  storage.removeFolder(splitPath(path));
  return { reply: {} };
};
