/**
 * What Tab can make of a line: commands, options, remote and local paths, as the table of commands says.
 *
 * @module
 */

import { isFolder } from "../../disk/exists.ts";
import { resolvePath } from "../../protocol/path.ts";
import { unlessAborted } from "../../protocol/unless_aborted.ts";
import type { Client } from "../client.ts";
import type { ArgumentKind, Command } from "../commands/command.ts";
import { COMMON_OPTIONS, findCommand, type Options } from "../commands/parse.ts";
import { printable } from "../format.ts";
import { quoteWord, wordAtCursor } from "./words.ts";

/** How long a server may take to answer, in milliseconds: nobody wants to wait for a Tab. */
const REMOTE_MS = 1000;
/** Most candidates that are shown. */
const MOST_SHOWN = 100;

/** What candidates are taken from. */
export interface CompletionSources {
  /** The table of commands. */
  readonly commands: readonly Command[];
  /** The connection; `undefined` while there is none. */
  readonly client: Client | undefined;
  /** The remote folder that the person is in. */
  readonly remoteFolder: string;
  /** The server that one would connect to. */
  readonly defaultAddress: string;
}

/** What the end of a line could become. */
export interface Completion {
  /** What the last word could be replaced by, as it is typed. */
  words: string[];
  /** The same as it is shown: of paths the names alone, which stand in one folder. */
  names: string[];
  /** That word, as it was typed so far. */
  raw: string;
}

/** Something that the word could become. */
interface Candidate {
  text: string;
  /** Whether typing may go on in the same word, as behind a folder's `/`. */
  open?: boolean;
}

/**
 * Completes a line.
 *
 * @param line the line up to the cursor
 * @param sources where candidates come from
 * @returns never rejects
 */
export async function complete(line: string, sources: CompletionSources): Promise<Completion> {
  const { before, text, raw, quote } = wordAtCursor(line, Deno.env.get("HOME"));
  let candidates: Candidate[];
  try {
    candidates = await candidatesFor(before, text, sources);
  } catch {
    candidates = []; // a folder that is not there, a server that does not answer: no candidates
  }
  candidates.sort((a, b) => a.text < b.text ? -1 : 1);
  const only = candidates.length === 1;
  const words = candidates.map(({ text, open = false }) => {
    const closed = only && !open;
    return quoteWord(text, quote, closed) + (closed ? " " : "");
  });
  const names = candidates.map(({ text }) => printable(text.slice(text.lastIndexOf("/", text.length - 2) + 1)));
  // More than a screen can take are only good for what they have in common.
  if (words.length > MOST_SHOWN && commonStart(words).length <= raw.length) {
    const more = `and ${words.length - MOST_SHOWN} more`;
    return { words: [...words.slice(0, MOST_SHOWN), more], names: [...names.slice(0, MOST_SHOWN), more], raw };
  }
  return { words, names, raw };
}

async function candidatesFor(before: string[], text: string, sources: CompletionSources): Promise<Candidate[]> {
  const [name, ...rest] = before;
  if (name === undefined) return commandNames(sources.commands, text);
  const command = findCommand(sources.commands, name);
  if (!command) return [];
  const ended = rest.includes("--");
  const options = { ...COMMON_OPTIONS, ...command.options };
  if (!ended && text.startsWith("-") && text !== "-") {
    return Object.keys(options).map((long) => ({ text: `--${long}` })).filter((option) => option.text.startsWith(text));
  }
  if (!ended && text === "-") return Object.keys(options).map((long) => ({ text: `--${long}` }));
  const position = countPositional(rest, options);
  const isReversed = command.reversedBy !== undefined && rest.includes(`--${command.reversedBy}`);
  const kinds = isReversed ? command.arguments.toReversed() : command.arguments;
  const kind = kinds[Math.min(position, kinds.length - 1)] ?? "none";
  if (position >= command.count[1]) return [];
  const paths = await candidatesOf(kind, text, sources);
  // A name that looks like an option is no option when a folder stands before it.
  return ended ? paths : paths.map((path) => path.text.startsWith("-") ? { ...path, text: `./${path.text}` } : path);
}

function candidatesOf(
  kind: ArgumentKind,
  text: string,
  sources: CompletionSources,
): Candidate[] | Promise<Candidate[]> {
  switch (kind) {
    case "command":
      return commandNames(sources.commands, text);
    case "host":
      return [{ text: sources.defaultAddress }].filter((host) => host.text.startsWith(text));
    case "remote":
    case "remote-folder":
      return remotePaths(text, kind === "remote-folder", sources);
    case "local":
    case "local-folder":
      return localPaths(text, kind === "local-folder");
    case "none":
      return [];
  }
}

function commandNames(commands: readonly Command[], text: string): Candidate[] {
  const lower = text.toLowerCase();
  const names = commands.map(({ name }) => name).filter((name) => name.startsWith(lower));
  if (names.length > 0) return names.map((text) => ({ text }));
  return commands.flatMap(({ aliases = [] }) => aliases).filter((name) => name.startsWith(lower)).map((text) => ({
    text,
  }));
}

async function remotePaths(
  text: string,
  onlyFolders: boolean,
  { client, remoteFolder }: CompletionSources,
): Promise<Candidate[]> {
  if (!client) return [];
  const { folder, start } = splitAtName(text);
  const path = resolvePath(remoteFolder, folder);
  const hidden = start.startsWith(".");
  const signal = AbortSignal.timeout(REMOTE_MS);
  // The answer to an earlier request may be what takes long: then the cancellation itself is not answered in time.
  const entries = await unlessAborted(client.list(path, { hidden, signal }), signal);
  return pathCandidates(
    folder,
    start,
    onlyFolders,
    entries.map(({ name, kind }) => ({ name, isFolder: kind === "folder" })),
  );
}

function localPaths(text: string, onlyFolders: boolean): Candidate[] {
  const { folder, start } = splitAtName(text);
  const entries = [];
  for (const entry of Deno.readDirSync(folder || ".")) {
    entries.push({
      name: entry.name,
      isFolder: entry.isDirectory || (entry.isSymlink && isFolder(folder + entry.name)),
    });
  }
  return pathCandidates(folder, start, onlyFolders, entries);
}

function pathCandidates(
  folder: string,
  start: string,
  onlyFolders: boolean,
  entries: { name: string; isFolder: boolean }[],
): Candidate[] {
  return entries
    .filter(({ name, isFolder }) => name.startsWith(start) && (isFolder || !onlyFolders))
    .filter(({ name }) => start.startsWith(".") || !name.startsWith("."))
    .map(({ name, isFolder }) => ({ text: folder + name + (isFolder ? "/" : ""), open: isFolder }));
}

/** A path so far: the folder as it was typed, with its `/`, and what was typed of the name. */
function splitAtName(text: string): { folder: string; start: string } {
  const slash = text.lastIndexOf("/") + 1;
  return { folder: text.slice(0, slash), start: text.slice(slash) };
}

function countPositional(words: string[], options: Options): number {
  let count = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === "--") return count + words.length - at - 1;
    if (!word.startsWith("-") || word === "-") count++;
    else if (options[word.slice(2)]?.value !== undefined) at++; // the next word is its value
  }
  return count;
}

/**
 * What all of the words begin with.
 *
 * @param words any
 * @returns empty for no words
 */
export function commonStart(words: readonly string[]): string {
  let common = words[0] ?? "";
  for (const word of words) while (!word.startsWith(common)) common = common.slice(0, -1);
  return common;
}
