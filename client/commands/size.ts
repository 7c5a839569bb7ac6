import { resolvePath } from "../../protocol/path.ts";
import { fileSize, printable } from "../format.ts";
import { expandNames } from "../remote_files.ts";
import type { Command } from "./command.ts";
import { forEach } from "./each.ts";

/** `size`: the size of files, or of everything below folders. */
export const size: Command = {
  name: "size",
  usage: "FILE...",
  summary: "show the size of files or folders",
  details: "FILE may be a pattern.",
  arguments: ["remote"],
  count: [1, Infinity],
  async run(context, { args }) {
    const { client, out, remoteFolder, signal } = context;
    const { names, omitted } = await expandNames(context, args, () => true);
    await forEach(context, names, async (name) => {
      const path = resolvePath(remoteFolder, name);
      const usage = await client.size(path, { signal });
      const label = names.length > 1 ? printable(name) : "File size";
      out.result({ path, ...usage }, `${label}: ${fileSize(usage.size)}`);
    }, omitted);
  },
};
