import { resolvePath } from "../../protocol/path.ts";
import { printable } from "../format.ts";
import { destinations } from "../remote_files.ts";
import type { Command } from "./command.ts";
import { forEach } from "./each.ts";

/** `mv`: gives remote files and folders other names. */
export const mv: Command = {
  name: "mv",
  aliases: ["rename", "move"],
  usage: "FROM... TO",
  summary: "rename or move remote files and folders",
  details:
    "When TO is a folder, FROM is moved into it; several can go nowhere else. FROM may be a pattern. Nothing is ever\n" +
    "replaced.",
  arguments: ["remote"],
  count: [2, Infinity],
  async run(context, { args }) {
    const { client, out, remoteFolder, signal } = context;
    const { names, omitted, of } = await destinations(context, args, () => true);
    await forEach(context, names, async (name) => {
      const [from, to] = [resolvePath(remoteFolder, name), of(name)];
      await client.move(from, to, { signal });
      out.done({ moved: from, to }, `Moved ${printable(from)} to ${printable(to)}`);
    }, omitted);
  },
};
