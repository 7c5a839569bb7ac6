import { exactBytes, printable, time } from "../format.ts";
import { octal, toJson } from "../listing.ts";
import type { Command } from "./command.ts";
import { forEachRemote } from "./each.ts";

/** `stat`: all that is known of files or folders. */
export const stat: Command = {
  name: "stat",
  usage: "PATH...",
  summary: "show what stands under a path",
  details: "PATH may be a pattern.",
  arguments: ["remote"],
  count: [1, Infinity],
  async run(context, { args }) {
    const { client, out, signal } = context;
    await forEachRemote(context, args, () => true, async (path) => {
      const entry = await client.stat(path, { signal });
      const kind = entry.kind + (entry.link ? ", through a link" : "");
      const lines = [`Path: ${printable(path)}`, `Kind: ${kind}`];
      if (entry.kind === "file") lines.push(`Size: ${exactBytes(entry.size)}`);
      lines.push(`Modified: ${time(entry.modified)}`, `Mode: ${octal(entry.mode)}`);
      out.result({ path, ...toJson(entry) }, lines.join("\n"));
    });
  },
};
