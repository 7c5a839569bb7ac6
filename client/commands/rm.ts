import { CommandError } from "../../protocol/errors.ts";
import { resolvePath } from "../../protocol/path.ts";
import { advise, UsageError } from "../errors.ts";
import { printable } from "../format.ts";
import { plural } from "../listing.ts";
import { expandNames } from "../remote_files.ts";
import type { Command, Context } from "./command.ts";
import { forEach } from "./each.ts";

const WITH_ALL = "; rm -r deletes it with everything in it";

/** `rm`: removes files, or with `-r` folders. */
export const rm: Command = {
  name: "rm",
  aliases: ["delete"],
  usage: "FILE... [-r] [--yes]",
  summary: "delete files",
  details:
    "Asks before each one. Where there is nobody to ask, it refuses unless --yes is given. FILE may be a pattern.",
  arguments: ["remote"],
  count: [1, Infinity],
  options: {
    recursive: { short: "r", help: "delete folders with everything in them" },
    yes: { short: "y", help: "do not ask" },
  },
  async run(context, { args, on }) {
    const { client, out, remoteFolder, signal } = context;
    if (!on.has("yes") && !context.ask) {
      throw new UsageError("rm asks before it deletes, and there is no terminal to ask on; say --yes to delete");
    }
    const { names, left } = await expandNames(context, args, (kind) => on.has("recursive") || kind !== "folder");
    await forEach(context, names, async (name) => {
      const path = resolvePath(remoteFolder, name);
      if (path === "/") throw new CommandError("denied", "the served folder itself cannot be deleted");
      const recursive = on.has("recursive");
      if (!on.has("yes")) {
        const { kind, link } = await client.stat(path, { signal });
        if (kind === "folder" && !recursive) throw new CommandError("is_folder", `"${path}" is a folder${WITH_ALL}`);
        if (!await confirm(context, printable(name) + (kind === "folder" && !link ? " with everything in it" : ""))) {
          return out.note(`${printable(name)} was kept`);
        }
      }
      const { files, folders } = await client.remove(path, { recursive, signal })
        .catch(advise("is_folder", WITH_ALL));
      const what = folders > 0 || files !== 1 ? ` (${plural(files, "file")}, ${plural(folders, "folder")} in it)` : "";
      out.done({ deleted: path, files, folders }, `Deleted ${printable(name)}${what}`);
    }, left);
  },
};

async function confirm({ ask, out }: Context, what: string): Promise<boolean> {
  for (;;) {
    const answer = (await ask!(`Are you sure you want to delete ${what}? (Y/N) `)).trim().toLowerCase();
    if (answer === "y" || answer === "yes") return true;
    if (answer === "n" || answer === "no") return false;
    out.note("Please answer y, yes, n or no.");
  }
}
