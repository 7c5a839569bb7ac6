import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** Copies a file on the server, to a free name (PROTOCOL.md section 7.14). */
export const cp: Handler<"cp"> = async ({ storage, signal }, { from, to }) => {
  await storage.copy(splitPath(from), splitPath(to), signal);
  return { reply: { path: to } };
};
