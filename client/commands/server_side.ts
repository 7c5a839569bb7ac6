/**
 * `checksum`, `find`, `du`, `df`: what the server does or tells without moving a file.
 *
 * @module
 */

import { CommandError } from "../../protocol/errors.ts";
import type { Entry } from "../../protocol/messages.ts";
import { ancestors, baseName, joinPath, resolvePath, withoutSlashes } from "../../protocol/path.ts";
import { UsageError } from "../errors.ts";
import { bytes, exactBytes, printable } from "../format.ts";
import { printListing } from "../listing.ts";
import { expandNames, inFolder, listing, listingOrFile, requireAll } from "../remote_files.ts";
import { readPattern } from "../transfer/glob.ts";
import { pipeline } from "../transfer/pipeline.ts";
import type { Command } from "./command.ts";
import { forEach, forEachRemote } from "./each.ts";

/** `checksum`: the checksums of files, computed by the server. */
export const checksum: Command = {
  name: "checksum",
  usage: "FILE... [--crc32]",
  summary: "show the SHA-256 of remote files",
  details: "Computed on the server; the line is that of sha256sum. FILE may be a pattern.",
  arguments: ["remote"],
  count: [1, Infinity],
  options: { crc32: { help: "CRC-32 instead of SHA-256" } },
  async run(context, { args, on }) {
    const { client, out, remoteFolder, signal } = context;
    const { names, omitted } = await expandNames(context, args, (kind) => kind === "file");
    const algorithm = on.has("crc32") ? "crc32" : "sha256";
    const sums = new Map<string, Promise<{ size: number; checksum: string }>>();
    await pipeline(names, { count: 64 }, async (name) => {
      const sum = client.checksum(resolvePath(remoteFolder, name), algorithm, { signal });
      sums.set(name, sum);
      await sum.catch(() => {}); // its turn to be told comes
    });
    await forEach(context, names, async (name) => {
      const { size, checksum } = await sums.get(name)!;
      out.result(
        { path: resolvePath(remoteFolder, name), size, [algorithm]: checksum },
        checksumLine(checksum, name),
      );
    }, omitted);
  },
};

/** As sha256sum writes it: where a name has to be escaped, the line starts with a backslash. */
function checksumLine(checksum: string, name: string): string {
  const escaped = /[\\\n\r]/.test(name);
  return `${escaped ? "\\" : ""}${checksum}  ${printable(escaped ? name.replaceAll("\\", "\\\\") : name)}`;
}

/** `find`: remote files and folders whose name matches a pattern. */
export const find: Command = {
  name: "find",
  usage: "PATTERN [FOLDER]",
  summary: "find remote names that match a pattern",
  details: "PATTERN is matched against the name, or against the path below FOLDER when there is a / in it, as in\n" +
    "'*.jpg' or 'photos/**/*.jpg'. What is printed begins with FOLDER.",
  arguments: ["none", "remote-folder"],
  count: [1, 2],
  async run({ client, out, remoteFolder, signal }, { args: [typed, folder = ""] }) {
    const wild = readPattern(typed);
    if (typed.startsWith("/")) {
      throw new UsageError("find takes a pattern for names below a folder, as in find '*.jpg' FOLDER");
    }
    const whole = typed.includes("/");
    const prefix = wild?.folder ? `${wild.folder}/` : "";
    const matches = (path: string) => {
      const text = whole ? path : baseName(path);
      if (!wild) return text === typed;
      return text.startsWith(prefix) && wild.matches(text.slice(prefix.length));
    };
    const top = resolvePath(remoteFolder, folder);
    const all = await listing(client, top, { recursive: true, hidden: true, signal });
    const meant = { entries: all.entries.filter(({ name }) => matches(name)), omitted: all.omitted };
    const found = inFolder(withoutSlashes(folder), meant);
    if (found.entries.length > 0) printListing(out, found.entries);
    requireAll(out, found);
    if (found.entries.length === 0) throw new CommandError("not_found", `nothing matches "${printable(typed)}"`);
  },
};

/** `du`: how much each folder holds. */
export const du: Command = {
  name: "du",
  usage: "[PATH...]",
  summary: "show how much each remote folder holds",
  details: "PATH may be a pattern.",
  arguments: ["remote"],
  count: [0, Infinity],
  async run(context, { args }) {
    const { client, out, signal } = context;
    await forEachRemote(context, args.length > 0 ? args : [""], () => true, async (top) => {
      const all = await listingOrFile(client, top, { recursive: true, hidden: true, signal });
      for (const { path, size } of sums(all.entries)) {
        const whole = joinPath(top, path);
        out.result({ path: whole, size }, `${bytes(size).padStart(10)}  ${printable(whole)}`);
      }
      requireAll(out, all);
    });
  },
};

/** What each folder holds, sorted; the topmost, whose path is empty, at the end. */
function sums(entries: readonly Entry[]): { path: string; size: number }[] {
  const sizes = new Map<string, number>([["", 0]]);
  for (const { name, kind, link } of entries) if (kind === "folder" && !link && name !== "") sizes.set(name, 0);
  for (const { name, size } of entries) {
    sizes.set("", sizes.get("")! + size);
    for (const folder of ancestors(name)) sizes.set(folder, (sizes.get(folder) ?? 0) + size);
  }
  return [...sizes].map(([path, size]) => ({ path, size }))
    .sort(({ path: a }, { path: b }) => a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1);
}

/** `df`: how much room there is. */
export const df: Command = {
  name: "df",
  usage: "[PATH]",
  summary: "show how much room the server's disk has",
  arguments: ["remote-folder"],
  count: [0, 1],
  async run({ client, out, remoteFolder, signal }, { args: [typed = ""] }) {
    const path = resolvePath(remoteFolder, typed);
    const { size, free } = await client.room(path, { signal });
    const percent = size === 0 ? 0 : Math.round(free / size * 100);
    out.result({ path, size, free }, `Free: ${exactBytes(free)}\nOf:   ${exactBytes(size)}, ${percent}% free`);
  },
};
