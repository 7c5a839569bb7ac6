/**
 * What a person names, as the files and folders that are meant: names, patterns, and with `-r` folders with all in them.
 *
 * @module
 */

import { DiskError, diskError } from "../../disk/errors.ts";
import { type Stat, statOf } from "../../disk/stat.ts";
import { expectBytes } from "../../protocol/crc32.ts";
import { CommandError } from "../../protocol/errors.ts";
import { ancestors, baseName, joinPath, quote, resolvePath } from "../../protocol/path.ts";
import type { Arguments, Context } from "../context.ts";
import { localName } from "../local_files.ts";
import { isThere } from "../remote_files.ts";
import { type Pattern, readPattern } from "./glob.ts";
import { type Omitted, whyOmitted } from "./omitted.ts";
import { localNodes, localTree } from "./local_tree.ts";
import { remoteTree } from "./remote_tree.ts";
import { retrying } from "./retry.ts";
import { readSelection, type Selection } from "./selection.ts";
import type { Node, Tree } from "./tree.ts";

/** One thing to move. There may be a hundred thousand, so paths are made when they are asked for. */
export class Source {
  /** What it is. */
  readonly node: Node;
  readonly #top: string;
  readonly #base: string;

  /**
   * Something below a folder.
   *
   * @param node what it is
   * @param top the folder that its path begins in; none where its path says it all
   * @param base what stands before its path at the target
   */
  constructor(node: Node, top: string, base: string) {
    this.node = node;
    this.#top = top;
    this.#base = base;
  }

  /** Where it is: a local path, or one of the server's. */
  get from(): string {
    return joinPath(this.#top, this.node.path);
  }

  /**
   * Where it is, by a path with no symbolic link in it.
   *
   * @param realOf the real path of a local folder
   * @returns `undefined` for what the person has named itself, which may be a link
   */
  plain(realOf: (folder: string) => string): string | undefined {
    return this.node.path === "" ? undefined : joinPath(realOf(this.#top || "."), this.node.path);
  }

  /** Where it goes, below the target. */
  get to(): string {
    return joinPath(this.#base, this.node.path);
  }
}

/** All that is to be moved, a folder always before what is in it, as it is found. */
export interface FoundSources {
  /** What can be moved. */
  items: AsyncIterable<Source[]>;
  /** What is not moved, and why; complete once all items are there. */
  omitted: Omitted[];
  /** The folder that all of it is in, where the person has named one, and nothing else. */
  top?: Source;
}

/** All that is to be moved, a folder always before what is in it. */
export interface Sources {
  /** What can be moved. */
  items: Source[];
  /** What is not moved, and why. */
  omitted: Omitted[];
}

/**
 * Returns a filter that keeps the first source for each target. A source that was named twice is moved once. With `--overwrite`
 * a second source would replace what this run has just put there, so it fails.
 *
 * @param several whether there can be two that go to one place
 * @param replaces whether what is there is replaced
 * @param omitted gets the others
 * @param realOf tells of two ways to write the path of a source that they mean the same
 */
export function isFirst(
  several: boolean,
  replaces: boolean,
  omitted: Omitted[],
  realOf: (path: string) => string = (path) => path,
): (source: Source) => boolean {
  if (!several) return () => true;
  const taken = new Map<string, string>();
  return ({ from, to }) => {
    const first = taken.get(to);
    if (first === undefined) {
      taken.set(to, from);
      return true;
    }
    const isSame = first === from || realOf(first) === realOf(from);
    if (!isSame && !replaces) return true;
    if (!isSame) omitted.push({ path: from, reason: `${quote(first)} goes to the same place`, failed: true });
    else omitted.push({ path: from, reason: "it is named twice" });
    return false;
  };
}

/** The bytes of sources. */
export function sizeOfAll(sources: readonly Source[]): number {
  return sources.reduce((sum, { node }) => sum + node.size, 0);
}

/** Whether a source is a folder that the person has named, and not something in it. */
export function isTop(source: Source | undefined): boolean {
  return source?.node.kind === "folder" && source.node.path === "";
}

/**
 * Whether a name means what is in a folder, and not the folder, as with `cp -r`.
 *
 * @param typed what the person gave, such as `.` or `photos/.`
 */
export function meansContents(typed: string): boolean {
  return /(?:^|\/)\.\/*$/.test(typed);
}

/** How to look. */
export interface SourceOptions extends Selection {
  /** Whether folders are meant with all in them. */
  recursive: boolean;
}

/**
 * Reads `-r`, `--exclude` and `--links`.
 *
 * @throws {UsageError} for a value that means nothing
 */
export function sourceOptions(call: Arguments): SourceOptions {
  return { recursive: call.on.has("recursive"), ...readSelection(call) };
}

/**
 * Remote sources.
 *
 * @param context the connection and the folder
 * @param typed what the person named
 * @param options see {@linkcode SourceOptions}
 * @throws {CommandError} when there is nothing of that name, or it is a folder and `-r` was not given
 */
export async function remoteSources(
  context: Context,
  typed: readonly string[],
  options: SourceOptions,
): Promise<Sources> {
  const { remoteFolder, signal } = context;
  const sources: Sources = { items: [], omitted: [] };
  for (const name of typed) {
    const wild = readPattern(name);
    const pattern = wild && await isThere(context, name) ? undefined : wild;
    if (!pattern) {
      const path = resolvePath(remoteFolder, name);
      const { kind, size, modified, mode } = await retrying(context, (client) => client.stat(path, { signal }));
      const base = meansContents(name) ? "" : baseName(path);
      if (options.excludes(base, kind === "folder")) continue;
      if (kind === "file") {
        const node: Node = { path: "", kind, size, modified, mode };
        sources.items.push(new Source(node, path, base));
      } else if (kind !== "folder") throw new CommandError("denied", `"${name}" is neither a file nor a folder`);
      else if (!options.recursive) {
        throw new CommandError("is_folder", `"${name}" is a folder; -r takes it with all in it`);
      } else {
        const tree = await retrying(
          context,
          (client) => remoteTree(client, path, options, signal, true, (bytes) => expectBytes(2 * bytes)),
        );
        addTree(sources, tree, path, base, mode);
      }
      continue;
    }
    const folder = resolvePath(remoteFolder, pattern.folder);
    const deep = pattern.deep || options.recursive;
    const tree = await retrying(context, (client) => remoteTree(client, folder, options, signal, deep));
    addMatches(sources, tree, name, pattern, options, folder);
  }
  return sources;
}

/**
 * Local sources. What was named is there; what is in it is found while the rest is at work.
 *
 * @param typed what the person named
 * @param options see {@linkcode SourceOptions}
 * @param signal ends the search
 * @throws {DiskError} when there is nothing of that name, or it is a folder and `-r` was not given
 */
export async function localSources(
  typed: readonly string[],
  options: SourceOptions,
  signal: AbortSignal,
): Promise<FoundSources> {
  const parts: (AsyncIterable<Source[]> | Source[][])[] = [];
  const omitted: Omitted[] = [];
  let top: Source | undefined;
  for (const name of typed) {
    const found = lookAt(name);
    if ("kind" in found) {
      const { kind, size, modified, mode } = found;
      const base = meansContents(name) ? "" : localName(name);
      if (options.excludes(base, kind === "folder")) continue;
      if (kind === "folder") {
        if (!options.recursive) {
          throw new DiskError("is_folder", `${JSON.stringify(name)} is a folder; -r takes it with all in it`);
        }
        const itself = new Source({ path: "", kind: "folder", size: 0, modified: 0, mode }, name, base);
        if (base !== "" && typed.length === 1) top = itself;
        const inside = foundIn(name, base, options, signal, omitted);
        const { value: first = [] } = await inside.next(); // whether it can be read at all
        parts.push([base === "" ? first : [itself, ...first]], inside);
      } else {
        parts.push([[new Source({ path: "", kind: "file", size, modified, mode }, name, base)]]);
      }
      continue;
    }
    const folder = found.folder || ".";
    const tree = await localTree(folder, options, signal, found.deep || options.recursive);
    const sources: Sources = { items: [], omitted };
    addMatches(sources, tree, name, found, options, folder === "." ? "" : folder);
    parts.push([sources.items]);
  }
  return { items: joined(parts), omitted, top };
}

/** What is in a local folder. */
async function* foundIn(
  top: string,
  base: string,
  selection: Selection,
  signal: AbortSignal,
  omitted: Omitted[],
): AsyncGenerator<Source[]> {
  const own: Omitted[] = [];
  for await (const nodes of localNodes(top, selection, signal, own)) {
    for (const one of own.splice(0)) omitted.push({ ...one, path: joinPath(base, one.path) });
    yield nodes.map((node) => new Source(node, top, base));
  }
}

async function* joined<T>(parts: readonly (AsyncIterable<T> | Iterable<T>)[]): AsyncGenerator<T> {
  for (const part of parts) yield* part;
}

function addTree(sources: Sources, tree: Tree, top: string, base: string, mode: number): void {
  const itself: Node = { path: "", kind: "folder", size: 0, modified: 0, mode };
  if (base !== "") sources.items.push(new Source(itself, top, base));
  for (const node of tree.nodes) sources.items.push(new Source(node, top, base));
  for (const omitted of tree.omitted) {
    sources.omitted.push({ ...omitted, path: joinPath(base, omitted.path) });
  }
}

/** What a pattern means; with `-r`, a folder that it means with all in it. What of it is not moved is told. */
function addMatches(
  sources: Sources,
  { nodes, omitted }: Tree,
  typed: string,
  { matches, deep }: Pattern,
  { recursive }: SourceOptions,
  top: string,
): void {
  const whole = new Set<string>();
  if (recursive) { for (const { path, kind } of nodes) if (kind === "folder" && matches(path)) whole.add(path); }
  const isMeant = ({ path }: { path: string }) => matches(path) || ancestors(path).some((folder) => whole.has(folder));
  const listed = new Map(nodes.filter(({ kind }) => kind === "folder").map((node) => [node.path, node]));
  const folders = new Set<string>();
  const before = sources.items.length;
  for (const node of nodes) {
    if (!isMeant(node) || (node.kind === "folder" && !recursive)) continue;
    // The folders between the pattern's own and the file come along.
    for (const path of ancestors(node.path)) {
      const folder = listed.get(path);
      if (!folder || folders.has(path)) continue;
      folders.add(path);
      sources.items.push(new Source(folder, top, ""));
    }
    if (node.kind === "folder") {
      if (folders.has(node.path)) continue;
      folders.add(node.path);
    }
    sources.items.push(new Source(node, top, ""));
  }
  // What could not be looked into may hold something that is meant.
  const leftOut = omitted.filter((one) => isMeant(one) || (deep && one.failed));
  for (const { path, kind } of recursive ? [] : nodes) {
    if (kind !== "folder" || !matches(path) || folders.has(path)) continue;
    leftOut.push({ path, reason: "it is a folder", remedy: "-r takes it with all in it" });
  }
  if (sources.items.length === before) {
    if (leftOut.length === 0) throw new CommandError("not_found", `nothing matches "${typed}"`);
    const why = `${quote(leftOut[0].path)}: ${whyOmitted(leftOut[0])}`;
    throw new CommandError("not_found", `nothing that matches "${typed}" can be moved; ${why}`);
  }
  for (const one of leftOut) sources.omitted.push(one);
}

/** What stands under a path; or where there is nothing, the pattern that it may be. */
function lookAt(path: string): Stat | Pattern {
  try {
    return statOf(Deno.statSync(path));
  } catch (error) {
    const pattern = error instanceof Deno.errors.NotFound ? readPattern(path) : undefined;
    if (pattern) return pattern;
    throw diskError(error, `the local file ${JSON.stringify(path)}`);
  }
}
