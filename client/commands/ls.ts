import { CommandError } from "../../protocol/errors.ts";
import { resolvePath } from "../../protocol/path.ts";
import { printListing } from "../listing.ts";
import type { Command } from "./command.ts";

/** `ls`: what a folder holds. */
export const ls: Command = {
  name: "ls",
  aliases: ["dir"],
  usage: "[PATH] [-l] [-a] [-R]",
  summary: "list a folder",
  arguments: ["remote"],
  count: [0, 1],
  options: {
    long: { short: "l", help: "exact sizes, and what each entry is" },
    all: { short: "a", help: "names that start with a dot, too" },
    recursive: { short: "R", help: "everything below it, too" },
  },
  async run({ client, out, remoteFolder, signal }, { args, on }) {
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
