import { resolvePath } from "../../protocol/path.ts";
import { exactBytes, printable, time } from "../format.ts";
import { octal, toJson } from "../listing.ts";
import type { Command } from "./command.ts";

/** `stat`: all that is known of a file or folder. */
export const stat: Command = {
  name: "stat",
  usage: "PATH",
  summary: "show what stands under a path",
  arguments: ["remote"],
  count: [1, 1],
  async run({ client, out, remoteFolder, signal }, { args: [name] }) {
    const path = resolvePath(remoteFolder, name);
    const entry = await client.stat(path, { signal });
    const kind = entry.kind + (entry.link ? ", through a link" : "");
    const lines = [`Path: ${printable(path)}`, `Kind: ${kind}`];
    if (entry.kind === "file") lines.push(`Size: ${exactBytes(entry.size)}`);
    lines.push(`Modified: ${time(entry.modified)}`, `Mode: ${octal(entry.mode)}`);
    out.result({ path, ...toJson(entry) }, lines.join("\n"));
  },
};
