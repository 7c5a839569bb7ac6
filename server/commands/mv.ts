import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** Gives a file or folder another name, which must be free (PROTOCOL.md section 7.10). */
export const mv: Handler<"mv"> = ({ storage }, { from, to }) => {
  storage.move(splitPath(from), splitPath(to));
  return { reply: { path: to } };
};
