/**
 * The two sides of a comparison, a local folder and a remote one, seen alike.
 *
 * @module
 */

import { diskError, errnoOf } from "../../disk/errors.ts";
import { FileSource } from "../../disk/file_source.ts";
import { folderMode, modeOf, NEW_FOLDER_MODE } from "../../disk/mode.ts";
import { movePathToFreeName } from "../../disk/move.ts";
import { ensureFolder } from "../../disk/new_folder.ts";
import { roomOf } from "../../disk/room.ts";
import { readSmallFile } from "../../disk/small_file.ts";
import { touch, type TouchOptions } from "../../disk/touch.ts";
import { CommandError } from "../../protocol/errors.ts";
import { ancestors, joinPath } from "../../protocol/path.ts";
import { codeOf } from "../errors.ts";
import { remoteTreeLike } from "./alike.ts";
import { makeRemoteFolders, type NewFolder, requireRemoteFolders } from "./folders.ts";
import { localTree } from "./local_tree.ts";
import { remoteTree } from "./remote_tree.ts";
import { type Connector, retrying } from "./retry.ts";
import type { Selection } from "./selection.ts";
import type { Tree } from "./tree.ts";

/** How to look at a folder. */
export interface TreeOptions {
  /** What of it is meant. */
  selection: Selection;
  /** Whether it must be there; it is taken for an empty one otherwise. */
  required: boolean;
  /** What the folder is to be compared with. */
  other: Promise<Tree>;
  /** Ends the looking. */
  signal: AbortSignal;
}

/** A folder with all below it. Paths are below the folder. */
export interface Side {
  /** The folder itself, as a path of its own side. */
  readonly top: string;
  /** All that is in it. */
  tree(options: TreeOptions): Promise<Tree>;
  /** The rights of the folder itself: the lowest nine bits of its mode. */
  mode(): Promise<number>;
  /** For how many bytes its disk has room. */
  free(): Promise<number>;
  /** SHA-256 of a file, in hexadecimal. */
  sha256(path: string): Promise<string>;
  /**
   * Makes folders, each after the one that it stands in, where they are not there yet; an empty path is the folder itself, with
   * those above it.
   *
   * @returns why some of them cannot be made, by their path
   * @throws what concerns all of them
   */
  makeFolders(folders: readonly NewFolder[]): Promise<Map<string, Error>>;
  /** Sets time and rights of a file, or the rights of a folder. */
  touch(path: string, options: TouchOptions): Promise<void>;
  /** Gives a file another name, which is free. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or an empty folder. Does nothing when it is gone, or something else is there. */
  remove(path: string, kind: "file" | "folder"): Promise<void>;
}

/** A folder on the server. */
export class RemoteSide implements Side {
  readonly top: string;
  readonly #connector: Connector;

  /**
   * A folder that need not be there.
   *
   * @param connector the connection
   * @param top a path of the wire
   */
  constructor(connector: Connector, top: string) {
    this.#connector = connector;
    this.top = top;
  }

  tree({ selection, required, signal, other }: TreeOptions): Promise<Tree> {
    const { links, excludes } = selection;
    const either = AbortSignal.any([this.#connector.signal, signal]);
    const looking = retrying(
      this.#connector,
      async (client) =>
        links === "skip" && (await client.hello).capabilities.includes("folder_digests")
          ? await remoteTreeLike(client, this.top, { links, excludes }, other, either)
          : await remoteTree(client, this.top, selection, either),
    );
    return required ? looking : orNone(looking);
  }

  async mode(): Promise<number> {
    const { signal } = this.#connector;
    return (await retrying(this.#connector, (client) => client.stat(this.top, { signal }))).mode;
  }

  async free(): Promise<number> {
    const { client, signal } = this.#connector;
    return (await client.room(this.top, { signal })).free;
  }

  async sha256(path: string): Promise<string> {
    const { signal } = this.#connector;
    const work = retrying(this.#connector, (client) => client.checksum(this.#full(path), "sha256", { signal }));
    return (await work).checksum;
  }

  async makeFolders(folders: readonly NewFolder[]): Promise<Map<string, Error>> {
    const [tops, below] = atTop(folders);
    for (const { mode } of tops) {
      // As on a disk of our own, the folders above the top are made, too.
      const all = [...ancestors(this.top).map((path) => ({ path })), { path: this.top, mode }];
      await requireRemoteFolders(this.#connector, all.filter(({ path }) => path !== "/"));
    }
    const full = below.map(({ path, mode }) => ({ path: this.#full(path), mode }));
    const failed = await makeRemoteFolders(this.#connector, full);
    return new Map(below.flatMap(({ path }) => {
      const error = failed.get(this.#full(path));
      return error ? [[path, error]] : [];
    }));
  }

  touch(path: string, { before, modified, mode }: TouchOptions): Promise<void> {
    const { signal } = this.#connector;
    const times = { before, modified };
    return retrying(this.#connector, (client) => client.touch(this.#full(path), times, mode, { signal }));
  }

  rename(from: string, to: string): Promise<void> {
    const { signal } = this.#connector;
    return retrying(this.#connector, (client) => client.move(this.#full(from), this.#full(to), { signal }));
  }

  remove(path: string, kind: "file" | "folder"): Promise<void> {
    const { signal } = this.#connector;
    const full = this.#full(path);
    return retrying(this.#connector, async (client) => {
      try {
        if (kind === "folder") await client.removeFolder(full, { signal });
        else await client.remove(full, { signal });
      } catch (error) {
        // Gone already: removed by an attempt whose answer was lost, or by somebody else, who may have put something else there.
        const gone = ["not_found", "not_folder", ...kind === "file" ? ["is_folder"] : []];
        if (!(error instanceof CommandError && gone.includes(error.code))) throw error;
      }
    });
  }

  #full(path: string): string {
    return joinPath(this.top, path);
  }
}

/** Files of no more bytes are read in one go. */
const SMALL_BYTES = 64 * 1024;

/** A folder of this machine. */
export class LocalSide implements Side {
  readonly top: string;
  readonly #signal: AbortSignal;
  /** Of a hundred thousand small files nobody collects the buffers in time. */
  readonly #buffer = new Uint8Array(SMALL_BYTES);

  /**
   * A folder that need not be there.
   *
   * @param top its path
   * @param signal ends what takes long
   */
  constructor(top: string, signal: AbortSignal) {
    this.top = top;
    this.#signal = signal;
  }

  /**
   * The folder itself, by a path with no symbolic link in it.
   *
   * @throws {DiskError} (rejects) when it is gone
   */
  real(): Promise<string> {
    return this.#attempt(() => Deno.realPathSync(this.top));
  }

  tree({ selection, required, signal }: TreeOptions): Promise<Tree> {
    const looking = localTree(this.top, selection, AbortSignal.any([this.#signal, signal]));
    return required ? looking : orNone(looking);
  }

  mode(): Promise<number> {
    return this.#attempt(() => modeOf(Deno.statSync(this.top)));
  }

  async free(): Promise<number> {
    return (await roomOf(this.top)).free;
  }

  async sha256(path: string): Promise<string> {
    const { createHash } = await import("node:crypto"); // first: others read into the same buffer
    const shown = `the local file ${JSON.stringify(this.#full(path))}`;
    const small = readSmallFile(this.#full(path), this.#buffer, () => shown);
    if (small !== "too large") return createHash("sha256").update(small.content).digest("hex");
    const source = new FileSource(this.#full(path), shown);
    try {
      const sum = await source.sha256(this.#signal);
      source.requireUnchanged();
      return sum;
    } finally {
      source.close();
    }
  }

  async makeFolders(folders: readonly NewFolder[]): Promise<Map<string, Error>> {
    const [tops, below] = atTop(folders);
    for (const { mode = NEW_FOLDER_MODE } of tops) {
      await this.#attempt(() => Deno.mkdirSync(this.top, { recursive: true, mode: folderMode(mode) }));
    }
    const failed = new Map<string, Error>();
    for (const { path, mode = NEW_FOLDER_MODE } of below) {
      await this.#attempt(() => ensureFolder(this.#full(path), mode)).catch((error) => failed.set(path, error));
    }
    return failed;
  }

  touch(path: string, options: TouchOptions): Promise<void> {
    return this.#attempt(() => touch(this.#full(path), JSON.stringify(this.#full(path)), options));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#attempt(() => movePathToFreeName(this.#full(from), this.#full(to)));
  }

  remove(path: string, kind: "file" | "folder"): Promise<void> {
    return this.#attempt(() => {
      try {
        // Somebody else may have removed it, and put something else there.
        if (Deno.lstatSync(this.#full(path)).isDirectory !== (kind === "folder")) return;
        Deno.removeSync(this.#full(path));
      } catch (error) {
        if (!["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) throw error;
      }
    });
  }

  #full(path: string): string {
    return joinPath(this.top, path);
  }

  // deno-lint-ignore require-await
  async #attempt<T>(work: () => T): Promise<T> {
    try {
      return work();
    } catch (error) {
      throw diskError(error, `the local folder ${JSON.stringify(this.top)}`);
    }
  }
}

/** The folder itself, where it is among those to make, and those below it. */
function atTop(folders: readonly NewFolder[]): [NewFolder[], NewFolder[]] {
  return [folders.filter(({ path }) => path === ""), folders.filter(({ path }) => path !== "")];
}

/** An empty tree where there is none. */
async function orNone(looking: Promise<Tree>): Promise<Tree> {
  try {
    return await looking;
  } catch (error) {
    if (codeOf(error) !== "not_found") throw error;
    return { nodes: [], omitted: [], missing: true };
  }
}
