import { CommandError } from "../../protocol/errors.ts";
import { baseName, joinPath, resolvePath } from "../../protocol/path.ts";
import { printable } from "../format.ts";
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
  async run({ client, out, remoteFolder, signal }, { args }) {
    const from = resolvePath(remoteFolder, args[0]);
    let to = resolvePath(remoteFolder, args[1]);
    try {
      if ((await client.stat(to, { signal })).kind === "folder") to = joinPath(to, baseName(from));
    } catch (error) {
      if (!(error instanceof CommandError && error.code === "not_found")) throw error;
    }
    await client.move(from, to, { signal });
    out.done({ moved: from, to }, `Moved ${printable(from)} to ${printable(to)}`);
  },
};
