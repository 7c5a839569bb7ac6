import { baseName, resolvePath } from "../../protocol/path.ts";
import { printable } from "../format.ts";
import { remoteTarget } from "../remote_files.ts";
import type { Command } from "./command.ts";

/** `mv`: gives a remote file or folder another name. */
export const mv: Command = {
  name: "mv",
  aliases: ["rename"],
  usage: "FROM TO",
  summary: "rename or move a remote file or folder",
  details: "When TO is a folder, FROM is moved into it. Nothing is ever replaced.",
  arguments: ["remote", "remote"],
  count: [2, 2],
  async run(context, { args }) {
    const { client, out, remoteFolder, signal } = context;
    const from = resolvePath(remoteFolder, args[0]);
    const to = await remoteTarget(context, args[1], baseName(from));
    await client.move(from, to, { signal });
    out.done({ moved: from, to }, `Moved ${printable(from)} to ${printable(to)}`);
  },
};
