import { CommandError } from "../../protocol/errors.ts";
import { resolvePath } from "../../protocol/path.ts";
import { printListing } from "../listing.ts";
import { matching } from "../remote_files.ts";
import type { Command } from "./command.ts";

/** `ls`: what a folder holds. */
export const ls: Command = {
  name: "ls",
  aliases: ["dir"],
  usage: "[PATH] [-l] [-a] [-R]",
  summary: "list a folder",
  details: "PATH may be a pattern, as in '*.log': then what matches is listed.",
  arguments: ["remote"],
  count: [0, 1],
  options: {
    long: { short: "l", help: "exact sizes, and what each entry is" },
    all: { short: "a", help: "names that start with a dot, too" },
    recursive: { short: "R", help: "everything below it, too" },
  },
  async run(context, { args, on }) {
    const { client, out, remoteFolder, signal } = context;
    const matches = args.length > 0 ? await matching(context, args[0]) : undefined;
    if (matches) return printListing(out, matches, { long: on.has("long") });
    const path = resolvePath(remoteFolder, args[0] ?? "");
    let entries;
    try {
      entries = await client.list(path, { recursive: on.has("recursive"), hidden: on.has("all"), signal });
    } catch (error) {
      if (!(error instanceof CommandError && error.code === "not_folder")) throw error;
      entries = [await client.stat(path, { signal })];
    }
    printListing(out, entries, { long: on.has("long") });
  },
};
