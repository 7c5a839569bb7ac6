import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** Removes a file, or with `recursive` a folder and all below it (PROTOCOL.md section 7.7). */
export const rm: Handler<"rm"> = async ({ storage, signal }, { path, recursive }) => {
  const names = splitPath(path);
  const { files, folders } = recursive ? await storage.usage(names, signal) : { files: 1, folders: 0 };
  await storage.remove(names, { recursive });
  return { reply: { files, folders } };
};
