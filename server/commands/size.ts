import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** The size of a file, or of everything below a folder (PROTOCOL.md section 7.4). */
export const size: Handler<"size"> = async ({ storage, signal }, { path }) => ({
  reply: await storage.usage(splitPath(path), signal),
});
