import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** Room on the disk that holds a path (PROTOCOL.md section 7.15). */
export const df: Handler<"df"> = async ({ storage }, { path }) => ({ reply: await storage.room(splitPath(path)) });
