import { CommandError } from "../../protocol/errors.ts";
import { ancestors, resolvePath, withoutSlashes } from "../../protocol/path.ts";
import type { ListOptions } from "../client.ts";
import type { Context } from "../context.ts";
import { LISTING_OPTIONS, listingOptions, printListing } from "../listing.ts";
import { type Found, inFolder, listing, listingOrFile, matching, requireNone } from "../remote_files.ts";
import { reportOmitted } from "../transfer/omitted.ts";
import { UNREADABLE } from "../transfer/tree.ts";
import type { Command } from "./command.ts";
import { forEach } from "./each.ts";

/** `ls`: what folders hold. */
export const ls: Command = {
  name: "ls",
  aliases: ["dir"],
  usage: "[PATH...] [-l] [-a] [-t] [-S] [-R]",
  summary: "list folders and files",
  details: "PATH may be a pattern, as in '*.log': then what matches is listed, and what is in it with -R.\n" +
    "Of several PATHs, each name begins with the one that it was found under.",
  arguments: ["remote"],
  count: [0, Infinity],
  options: {
    ...LISTING_OPTIONS,
    recursive: { short: "R", help: "everything below it, too" },
  },
  async run(context, { args, on }) {
    const { out, signal } = context;
    const options = { recursive: on.has("recursive"), hidden: on.has("all"), signal };
    const all: Found[] = [];
    let failed = 0;
    try {
      const names = args.length > 0 ? args : [""];
      await forEach(context, names, async (typed) => {
        const match = typed === "" ? undefined : await matching(context, typed);
        all.push(match ? await below(context, match, options) : await named(context, typed, names.length > 1, options));
      });
    } finally {
      if (all.length > 0) {
        printListing(out, all.flatMap(({ entries }) => entries), listingOptions(on));
        ({ failed } = reportOmitted(out, all.flatMap(({ omitted }) => omitted)));
      }
    }
    requireNone(failed);
  },
};

/** What a name that is no pattern means: what is in a folder, or a file as it was typed. */
async function named(
  { client, remoteFolder }: Context,
  typed: string,
  prefixed: boolean,
  options: ListOptions,
): Promise<Found> {
  const found = await listingOrFile(client, resolvePath(remoteFolder, typed), options);
  const isFile = found.entries[0]?.name === "";
  return prefixed || isFile ? inFolder(withoutSlashes(typed), found) : found;
}

/** What matched a pattern, and with `recursive` what is in the folders of it. */
async function below({ client, remoteFolder }: Context, match: Found, options: ListOptions): Promise<Found> {
  if (!options.recursive) return match;
  const entries = new Map(match.entries.map((entry) => [entry.name, entry]));
  const omitted = [...match.omitted];
  const folders = new Set(match.entries.filter(({ kind, link }) => kind === "folder" && !link).map(({ name }) => name));
  for (const name of folders) {
    if (ancestors(name).some((folder) => folders.has(folder))) continue; // it is listed with that one
    try {
      const found = inFolder(name, await listing(client, resolvePath(remoteFolder, name), options));
      for (const entry of found.entries) entries.set(entry.name, entry);
      omitted.push(...found.omitted);
    } catch (error) {
      if (!(error instanceof CommandError) || error.code === "canceled") throw error;
      const { reason } = error.code === "denied" ? UNREADABLE.denied : { reason: error.message };
      omitted.push({ path: name, reason, code: error.code, failed: true });
    }
  }
  return { entries: [...entries.values()], omitted };
}
