import { resolvePath } from "../../protocol/path.ts";
import { LISTING_OPTIONS, listingOptions, printListing } from "../listing.ts";
import { listingOrFile, matching, requireAll } from "../remote_files.ts";
import type { Command } from "./command.ts";

/** `ls`: what a folder holds. */
export const ls: Command = {
  name: "ls",
  aliases: ["dir"],
  usage: "[PATH] [-l] [-a] [-t] [-S] [-R]",
  summary: "list a folder",
  details: "PATH may be a pattern, as in '*.log': then what matches is listed.",
  arguments: ["remote"],
  count: [0, 1],
  options: {
    ...LISTING_OPTIONS,
    recursive: { short: "R", help: "everything below it, too" },
  },
  async run(context, { args, on }) {
    const { client, out, remoteFolder, signal } = context;
    const path = resolvePath(remoteFolder, args[0] ?? "");
    const found = (args.length > 0 ? await matching(context, args[0]) : undefined) ??
      await listingOrFile(client, path, { recursive: on.has("recursive"), hidden: on.has("all"), signal });
    printListing(out, found.entries, listingOptions(on));
    requireAll(out, found);
  },
};
