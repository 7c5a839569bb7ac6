import { CommandError } from "../../protocol/errors.ts";
import type { Entry } from "../../protocol/messages.ts";
import { resolvePath } from "../../protocol/path.ts";
import type { Context } from "../context.ts";
import { advise, codeOf, UsageError } from "../errors.ts";
import { printable } from "../format.ts";
import { plural } from "../listing.ts";
import { expandNames, isThere } from "../remote_files.ts";
import type { Omitted } from "../transfer/omitted.ts";
import type { Command } from "./command.ts";
import { forEach } from "./each.ts";

const WITH_ALL = "; rm -r deletes it with everything in it";

/** `rm`: removes files, or with `-r` folders. */
export const rm: Command = {
  name: "rm",
  aliases: ["delete", "del"],
  usage: "FILE... [-r] [--yes | -f]",
  summary: "delete files",
  details:
    "Asks before each one; of several, A deletes all that follow, too, and Q ends it. Where there is nobody to ask, it\n" +
    "refuses unless --yes is given. FILE may be a pattern.",
  arguments: ["remote"],
  count: [1, Infinity],
  options: {
    recursive: { short: "r", help: "delete folders with everything in them" },
    yes: { short: "y", help: "do not ask" },
    force: { short: "f", help: "do not ask, and do not mind what is not there" },
  },
  async run(context, { args, on }) {
    const { client, out, remoteFolder, signal } = context;
    const force = on.has("force");
    let askFirst = !on.has("yes") && !force;
    if (askFirst && !context.ask) {
      throw new UsageError("rm asks before it deletes, and there is no terminal to ask on; say --yes to delete");
    }
    const recursive = on.has("recursive");
    const isMeant = (kind: Entry["kind"]) => recursive || kind !== "folder";
    /** With `-f`, what is not there was to be removed. A folder of which something went away meanwhile may be. */
    const unlessMissing = (name: string) => async (error: unknown) => {
      if (!force || codeOf(error) !== "not_found" || await isThere(context, name)) throw error;
    };
    const names: string[] = [];
    const omitted: Omitted[] = [];
    for (const typed of force ? args.map((name) => [name]) : [args]) {
      const found = await expandNames(context, typed, isMeant).catch(unlessMissing(typed[0]));
      names.push(...found?.names ?? []);
      omitted.push(...found?.omitted ?? []);
    }
    await forEach(context, names, async (name) => {
      const path = resolvePath(remoteFolder, name);
      if (path === "/") throw new CommandError("denied", "the served folder itself cannot be deleted");
      if (askFirst) {
        const { kind, link } = await client.stat(path, { signal }).catch(asLink);
        if (kind === "folder" && !recursive) throw new CommandError("is_folder", `"${path}" is a folder${WITH_ALL}`);
        const all = kind === "folder" && !link ? " with everything in it" : "";
        const answer = await confirm(context, printable(name) + all, names.length > 1);
        if (answer === "no") return out.note(`${printable(name)} was kept`);
        if (answer === "quit") throw new CommandError("canceled", "canceled");
        askFirst = answer !== "all";
      }
      const remove = () => client.remove(path, { recursive, signal }).catch(advise("is_folder", WITH_ALL));
      // Somebody else may be at work on the same folder: what matters is that it goes.
      const again = (error: unknown) => {
        if (!force || !recursive || !["not_found", "changed"].includes(codeOf(error) ?? "")) throw error;
        return remove();
      };
      const removed = await remove().catch(again).catch(again).catch(unlessMissing(name));
      if (!removed) return;
      const { files, folders } = removed;
      const what = folders > 0 || files !== 1 ? ` (${plural(files, "file")}, ${plural(folders, "folder")} in it)` : "";
      out.done({ deleted: path, files, folders }, `Deleted ${printable(name)}${what}`);
    }, omitted);
  },
};

/** A link that leads out, or nowhere, can only be removed. */
function asLink(error: unknown): Pick<Entry, "kind" | "link"> {
  if (codeOf(error) !== "outside") throw error;
  return { kind: "link", link: true };
}

const ANSWERS = ["yes", "no", "all", "quit"] as const;

async function confirm({ ask, out }: Context, what: string, several: boolean): Promise<typeof ANSWERS[number]> {
  const possible = several ? ANSWERS : ANSWERS.slice(0, 2);
  const short = possible.map((answer) => answer[0].toUpperCase()).join("/");
  for (;;) {
    const typed = (await ask!(`Are you sure you want to delete ${what}? (${short}) `)).trim().toLowerCase();
    const answer = possible.find((answer) => typed === answer || typed === answer[0]);
    if (answer) return answer;
    out.note(`Please answer ${possible.slice(0, -1).join(", ")} or ${possible.at(-1)}; the first letter will do.`);
  }
}
