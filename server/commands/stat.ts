import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** What stands under a path (PROTOCOL.md section 7.2). */
export const stat: Handler<"stat"> = ({ storage }, { path }) => ({ reply: { entry: storage.stat(splitPath(path)) } });
