import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";
import { linesOf } from "./lines.ts";

/** The entries of a folder, one JSON object a line (PROTOCOL.md section 7.3). */
export const ls: Handler<"ls"> = async ({ storage }, { path, recursive, hidden }) => ({
  reply: {},
  body: await linesOf(storage.list(splitPath(path), { recursive, hidden })),
});
