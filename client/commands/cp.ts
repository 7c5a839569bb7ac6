import { resolvePath } from "../../protocol/path.ts";
import type { Context } from "../context.ts";
import { advise, UsageError } from "../errors.ts";
import { printable } from "../format.ts";
import { destinations } from "../remote_files.ts";
import { runBatch } from "../transfer/batch.ts";
import { copier, planCopies } from "../transfer/copy.ts";
import { makeRemoteFolders } from "../transfer/folders.ts";
import type { Omitted } from "../transfer/omitted.ts";
import { readSelection, type Selection, SELECTION_OPTIONS, SELECTION_USAGE } from "../transfer/selection.ts";
import { meansContents } from "../transfer/sources.ts";
import type { Command } from "./command.ts";
import { forEach } from "./each.ts";

/** `cp`: copies files, or with `-r` folders, on the server. */
export const cp: Command = {
  name: "cp",
  aliases: ["copy"],
  usage: `FROM... TO [-r] ${SELECTION_USAGE}`,
  summary: "copy remote files on the server",
  details:
    "The bytes do not cross the network. When TO is a folder, the copy goes into it; several can go nowhere else.\n" +
    "FROM may be a pattern. Nothing is ever replaced.",
  arguments: ["remote"],
  count: [2, Infinity],
  options: { recursive: { short: "r", help: "folders, with everything in them" }, ...SELECTION_OPTIONS },
  async run(context, call) {
    const recursive = call.on.has("recursive");
    const selection = readSelection(call);
    if (!recursive && (call.all.has("exclude") || call.all.has("links"))) {
      throw new UsageError("cp: --exclude and --links are about folders, which need -r");
    }
    const contents = call.args.slice(0, -1).find(meansContents);
    if (contents !== undefined) {
      throw new UsageError(
        `cp: "${contents}" means what is in the folder; "${contents.replace(/\.\/*$/, "*")}" copies that`,
      );
    }
    const { names, omitted, of } = await destinations(context, call.args, (kind) => kind === "file" || recursive);
    if (recursive) return await copyAll(context, names, of, selection, omitted);
    const { client, out, remoteFolder, signal } = context;
    await forEach(context, names, async (name) => {
      const [from, to] = [resolvePath(remoteFolder, name), of(name)];
      await client.copy(from, to, { signal }).catch(advise("is_folder", "; cp -r copies it with everything in it"));
      out.done({ copied: from, to }, `Copied ${printable(from)} to ${printable(to)}`);
    }, omitted);
  },
};

async function copyAll(
  context: Context,
  names: readonly string[],
  of: (name: string) => string,
  selection: Selection,
  unread: readonly Omitted[],
): Promise<void> {
  const { jobs, folders, omitted } = await planCopies(context, names, of, selection);
  omitted.push(...unread);
  for (const [path, { message, code }] of await makeRemoteFolders(context, folders)) {
    omitted.push({ path, reason: message, code, failed: true });
  }
  const total = { files: jobs.length, bytes: jobs.reduce((sum, { size }) => sum + size, 0) };
  const rest = "what was copied stays, and the same command again would go into it";
  await runBatch(context, [jobs], [await copier(context)], {
    total,
    omitted,
    verb: "Copied",
    rest,
    stopOnError: false,
  });
}
