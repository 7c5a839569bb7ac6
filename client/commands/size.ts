import { resolvePath } from "../../protocol/path.ts";
import { fileSize } from "../format.ts";
import type { Command } from "./command.ts";

/** `size`: the size of a file or of everything below a folder. */
export const size: Command = {
  name: "size",
  usage: "FILE",
  summary: "show the size of a file or folder",
  arguments: ["remote"],
  count: [1, 1],
  async run({ client, out, remoteFolder, signal }, { args: [file] }) {
    const path = resolvePath(remoteFolder, file);
    const usage = await client.size(path, { signal });
    out.result({ path, ...usage }, `File size: ${fileSize(usage.size)}`);
  },
};
