import { fileSize, printable } from "../format.ts";
import type { Command } from "./command.ts";
import { forEachRemote } from "./each.ts";

/** `size`: the size of files, or of everything below folders. */
export const size: Command = {
  name: "size",
  usage: "FILE...",
  summary: "show the size of files or folders",
  details: "FILE may be a pattern.",
  arguments: ["remote"],
  count: [1, Infinity],
  async run(context, { args }) {
    const { client, out, signal } = context;
    await forEachRemote(context, args, () => true, async (path, name, several) => {
      const usage = await client.size(path, { signal });
      const label = several ? printable(name) : "File size";
      out.result({ path, ...usage }, `${label}: ${fileSize(usage.size)}`);
    });
  },
};
