/**
 * Questions about remote files that several commands ask.
 *
 * @module
 */

import { CommandError } from "../protocol/errors.ts";
import type { Entry } from "../protocol/messages.ts";
import { ancestors, baseName, joinPath, quote, resolvePath } from "../protocol/path.ts";
import type { Client, ListOptions } from "./client.ts";
import type { Context } from "./context.ts";
import { codeOf, PartlyFailedError } from "./errors.ts";
import { printable } from "./format.ts";
import { plural } from "./listing.ts";
import type { Output } from "./output.ts";
import { readPattern } from "./transfer/glob.ts";
import { type Omitted, reportOmitted } from "./transfer/omitted.ts";
import { type Connector, retrying } from "./transfer/retry.ts";
import { UNREADABLE } from "./transfer/tree.ts";

/**
 * Whether a folder stands under a remote path.
 *
 * @param connector the connection
 * @param path of the wire
 * @throws {CommandError} when that cannot be told
 */
export async function isRemoteFolder(connector: Connector, path: string): Promise<boolean> {
  const { signal } = connector;
  try {
    return (await retrying(connector, (client) => client.stat(path, { signal }))).kind === "folder";
  } catch (error) {
    if (error instanceof CommandError && error.code === "not_found") return false;
    throw error;
  }
}

/**
 * Where something remote is to go: a folder means into it.
 *
 * @param context the connection and the folder
 * @param typed what the person gave; nothing means the folder that we are in
 * @param name the name that it gets in a folder
 * @throws {CommandError} when a folder is meant, and there is none
 */
export async function remoteTarget(context: Context, typed: string | undefined, name: string): Promise<string> {
  const folder = context.remoteFolder;
  if (typed === undefined) return joinPath(folder, name);
  const path = resolvePath(folder, typed);
  if (await isRemoteFolder(context, path)) return joinPath(path, name);
  if (typed.endsWith("/")) throw new CommandError("not_found", `there is no remote folder "${typed}"`);
  return path;
}

/**
 * Whether there is something remote of exactly this name. It may contain what looks like a wildcard: what is there is meant
 * as it is.
 *
 * @param context the connection and the folder
 * @param name as it was typed
 */
export async function isThere(context: Context, name: string): Promise<boolean> {
  const { remoteFolder, signal } = context;
  try {
    await retrying(context, (client) => client.stat(resolvePath(remoteFolder, name), { signal }));
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.code !== "canceled") return false;
    throw error;
  }
}

/** What was found, and what could not be looked into. */
export interface Found {
  entries: Entry[];
  /** Folders, each under the name that it has in `entries`. */
  omitted: Omitted[];
}

/**
 * What is in a folder, and below it, as far as that can be read.
 *
 * @param client the connection
 * @param path of the wire
 * @param options see {@linkcode ListOptions}
 * @throws {CommandError} when the folder itself cannot be listed
 */
export async function listing(client: Client, path: string, options: ListOptions): Promise<Found> {
  const found: Found = { entries: [], omitted: [] };
  for await (const batch of client.entries(path, options)) {
    for (const entry of batch) {
      if (entry.unreadable) found.omitted.push({ path: entry.name, ...UNREADABLE[entry.unreadable] });
      else found.entries.push(entry);
    }
  }
  return found;
}

/**
 * As {@linkcode listing}; of what is no folder, it alone, under an empty name.
 *
 * @throws {CommandError} when there is nothing, or the folder itself cannot be listed
 */
export async function listingOrFile(client: Client, path: string, options: ListOptions): Promise<Found> {
  try {
    return await listing(client, path, options);
  } catch (error) {
    if (!(error instanceof CommandError && error.code === "not_folder")) throw error;
    return { entries: [{ ...await client.stat(path, { signal: options.signal }), name: "" }], omitted: [] };
  }
}

/**
 * Ends a command when what it found has been shown.
 *
 * @throws {PartlyFailedError} when something could not be looked into, once it is told what
 */
export function requireAll(out: Output, { omitted }: Found): void {
  requireNone(reportOmitted(out, omitted).failed);
}

/** As {@linkcode requireAll}, where it is told already how many could not be looked into. */
export function requireNone(failed: number): void {
  if (failed > 0) throw new PartlyFailedError(`${plural(failed, "name")} could not be read`);
}

/**
 * What a pattern means.
 *
 * @param context the connection and the folder
 * @param typed what the person gave
 * @returns what matches, in no particular order, each under a name that could have been typed in its place; `undefined` when
 * it is no pattern, or something is called so
 * @throws {CommandError} `not_found` when nothing matches, `denied` when that cannot be told
 */
export async function matching(context: Context, typed: string): Promise<Found | undefined> {
  const pattern = readPattern(typed);
  if (!pattern || await isThere(context, typed)) return undefined;
  const { remoteFolder, signal } = context;
  const { folder, deep, matches } = pattern;
  const top = resolvePath(remoteFolder, folder);
  const { entries, omitted } = await retrying(
    context,
    (client) => listing(client, top, { recursive: deep, hidden: true, signal }),
  );
  const found = entries.filter(({ name }) => matches(name));
  if (found.length === 0) {
    if (omitted.length === 0) throw new CommandError("not_found", `nothing matches "${typed}"`);
    const { path, reason } = omitted[0];
    throw new CommandError("denied", `nothing matches "${typed}"; ${quote(joinPath(folder, path))}: ${reason}`);
  }
  return inFolder(folder, { entries: found, omitted });
}

/**
 * What was found in a folder, each under the path that begins with it.
 *
 * @param folder as it was typed, without a slash at its end
 * @param found each under its path below that
 */
export function inFolder(folder: string, { entries, omitted }: Found): Found {
  return {
    entries: entries.map((entry) => ({ ...entry, name: joinPath(folder, entry.name) })),
    omitted: omitted.map((one) => ({ ...one, path: joinPath(folder, one.path) })),
  };
}

/**
 * Names, with those that match, sorted, in the place of each pattern. What matches and is not meant is told.
 *
 * @param context the connection and the folder
 * @param typed what the person gave
 * @param isMeant whether a pattern means things of a kind; nothing is named beside a folder that it is in
 * @returns the names, and the folders that could not be looked into for more of them
 * @throws {CommandError} `not_found` when nothing matches a pattern, `is_folder` or `denied` when nothing that does is meant,
 * `bad_path` when it means what nobody can name
 */
export async function expandNames(
  context: Context,
  typed: readonly string[],
  isMeant: (kind: Entry["kind"]) => boolean,
): Promise<{ names: string[]; omitted: Omitted[] }> {
  const names: string[] = [];
  const omitted: Omitted[] = [];
  for (const name of typed) {
    const match = await matching(context, name);
    if (!match) {
      names.push(name);
      continue;
    }
    const found = match.entries;
    omitted.push(...match.omitted);
    const unnamed = found.find(({ lossy }) => lossy);
    if (unnamed) {
      throw new CommandError(
        "bad_path",
        `${quote(unnamed.name)} matches, and cannot be named: it is not valid Unicode`,
      );
    }
    found.sort((a, b) => a.name < b.name ? -1 : 1);
    const meant = found.filter(({ kind }) => isMeant(kind)).map(({ name }) => name);
    const others = found.filter(({ kind }) => !isMeant(kind));
    if (meant.length === 0) {
      const { kind } = others[0];
      throw new CommandError(kind === "folder" ? "is_folder" : "denied", `what matches "${name}" is ${KINDS[kind]}`);
    }
    for (const { name, kind } of others) context.out.note(`${printable(name)} is left out: it is ${KINDS[kind]}`);
    const tops = new Set(meant);
    names.push(...meant.filter((name) => !ancestors(name).some((folder) => tops.has(folder))));
  }
  return { names, omitted };
}

/**
 * What is named, and where it is to go: the last name says so. Several go into it as a folder.
 *
 * @param context the connection and the folder
 * @param typed what the person gave
 * @param isMeant whether a pattern means things of a kind
 * @returns the names, where each is to go, and the folders that could not be looked into for more of them
 * @throws {CommandError} as {@linkcode expandNames} and {@linkcode remoteTarget} do; `not_folder` where several go to no folder
 */
export async function destinations(
  context: Context,
  typed: readonly string[],
  isMeant: (kind: Entry["kind"]) => boolean,
): Promise<{ names: string[]; omitted: Omitted[]; of: (name: string) => string }> {
  const last = typed.at(-1)!;
  const { names, omitted } = await expandNames(context, typed.slice(0, -1), isMeant);
  const nameOf = (name: string) => baseName(resolvePath(context.remoteFolder, name));
  if (names.length === 1) {
    const [name] = names;
    const target = await remoteTarget(context, last, nameOf(name)).catch(async (error) => {
      // The slash says that it is a folder: so is the copy of one. A link that leads out is none.
      if (codeOf(error) !== "not_found" || !last.endsWith("/")) throw error;
      const from = resolvePath(context.remoteFolder, name);
      const isFolder = await isRemoteFolder(context, from).catch((problem) => {
        if (codeOf(problem) !== "outside") throw problem;
        return false;
      });
      if (!isFolder) throw error;
      return resolvePath(context.remoteFolder, last);
    });
    return { names, omitted, of: () => target };
  }
  const folder = resolvePath(context.remoteFolder, last);
  if (!await isRemoteFolder(context, folder)) {
    throw new CommandError(
      "not_folder",
      `"${last}" is no remote folder, and ${names.length} names can go nowhere else`,
    );
  }
  return { names, omitted, of: (name) => joinPath(folder, nameOf(name)) };
}

const KINDS: Record<Entry["kind"], string> = {
  file: "a file",
  folder: "a folder",
  link: "a symbolic link that leads out of the served folder, or nowhere",
  other: "neither a file nor a folder",
};
