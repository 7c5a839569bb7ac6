import { resolvePath, withoutSlashes } from "../../protocol/path.ts";
import type { ListOptions } from "../client.ts";
import type { Context } from "../context.ts";
import { LISTING_OPTIONS, listingOptions, printListing } from "../listing.ts";
import { type Found, inFolder, listing, listingOrFile, matching, requireAll } from "../remote_files.ts";
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
    try {
      const names = args.length > 0 ? args : [""];
      await forEach(context, names, async (typed) => {
        const match = typed === "" ? undefined : await matching(context, typed);
        all.push(match ? await below(context, match, options) : await named(context, typed, names.length > 1, options));
      });
    } finally {
      if (all.length > 0) printListing(out, all.flatMap(({ entries }) => entries), listingOptions(on));
    }
    requireAll(out, { entries: [], omitted: all.flatMap(({ omitted }) => omitted) });
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
  const all = [match];
  for (const { name, kind, link } of match.entries) {
    if (kind !== "folder" || link) continue;
    all.push(inFolder(name, await listing(client, resolvePath(remoteFolder, name), options)));
  }
  return { entries: all.flatMap(({ entries }) => entries), omitted: all.flatMap(({ omitted }) => omitted) };
}
