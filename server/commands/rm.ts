import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** Removes a file, or with `recursive` a folder and all below it (PROTOCOL.md section 7.7). */
export const rm: Handler<"rm"> = async ({ storage, signal }, { path, recursive }) => ({
  reply: await storage.remove(splitPath(path), { recursive, signal }),
});
