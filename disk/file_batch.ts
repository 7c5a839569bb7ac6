/**
 * Many small files at once.
 *
 * @module
 */

import { claimName, type Collision } from "./claim.ts";
import { type DiskError, diskError, errnoOf } from "./errors.ts";
import { giveWay } from "./give_way.ts";
import { fileMode } from "./mode.ts";
import { newPartialName, partialOwner } from "./names.ts";
import { StagedFolder } from "./new_folder.ts";
import { openFileIn, type OpenFolder, OpenFolders, requireInPlace } from "./open_folder.ts";
import { isSameFile } from "./same_file.ts";
import type { NewSmallFile } from "./small_file.ts";
import { syncData, SyncedFolder } from "./sync.ts";

/** So many files are flushed at once: the disk makes one flush of several. */
const FLUSHES = 32;

/** For how long it is believed that a folder is where it was, in milliseconds. */
const IN_PLACE_MS = 1;

/** What the system answers of a name under which there is nothing, and of one under which there can be nothing. */
const NOT_THERE = new Set(["ENOENT", "ENAMETOOLONG"]);

/** Options of {@linkcode FileBatch}. */
export interface BatchOptions {
  /** What to do when a name is taken. */
  collision: Collision;
  /** Whether content and names are to survive a power cut before {@linkcode FileBatch.commit} returns. */
  sync: boolean;
  /** Whether no part of the path of a folder may be a symbolic link: nobody is to be led elsewhere. */
  plain?: boolean;
  /**
   * Whether an earlier attempt may have stored the same files: one that stands there with the same content, size and time is
   * taken for ours.
   */
  again?: boolean;
  /** Told of each name that is taken; may throw, so that the file fails. */
  onTaken?: (folder: OpenFolder, name: string) => void;
}

/** One file of a {@linkcode FileBatch}. */
export interface BatchFile {
  /** An existing folder. */
  folder: string;
  /** The name in it. */
  name: string;
  /** All of its bytes. */
  content: Uint8Array<ArrayBuffer>;
  /** Time of the last change to set, in milliseconds since 1970. */
  modified: number;
  /** The rights of what it is a copy of: the lowest nine bits of its mode. */
  mode: number;
  /** What it is called in messages; asked for only when there is one. */
  shown: () => string;
}

/** What is left to do for a file whose content has been written. */
interface Written {
  file: Omit<BatchFile, "content" | "modified">;
  /** The folder that it is in until it has its name in its own; and what it is called there. */
  at: string;
  hidden: string;
  flushed: boolean;
  /** That folder, where it is to take the place of its own, and it has its name there already. */
  staged?: StagedFolder;
}

/**
 * Small files that become visible together, each whole. Where they are to survive a power cut, they are flushed together, too:
 * a disk takes about as long to flush one file as to flush many.
 */
export class FileBatch {
  readonly #options: BatchOptions;
  readonly #open: OpenFolders;
  /** Nobody goes on with a small file, so this only makes the names of this batch its own. */
  readonly #owner = partialOwner(newPartialName())!;
  #added = 0;
  #written: Written[] = [];
  /** The folders that files were added to; with what takes their place, where they are new. */
  #folders = new Map<string, StagedFolder | undefined>();
  /** Hidden folders with a broken file in them that cannot be removed: they must never be seen. */
  readonly #spoiled = new WeakSet<StagedFolder>();

  /** An empty batch. */
  constructor(options: BatchOptions) {
    this.#options = options;
    this.#open = new OpenFolders(options.plain ?? false);
  }

  /**
   * Writes a file, hidden.
   *
   * @param file its content may be used again afterwards
   * @throws {DiskError} when the disk does not take it
   */
  add(file: BatchFile): void {
    const { folder, name, content, modified, mode, shown } = file;
    const { sync, plain = false } = this.#options;
    const kept = { folder, name, mode, shown }; // the content is not
    const small: NewSmallFile = { content, modified, mode: fileMode(mode), sync };
    if (!this.#folders.has(folder)) this.#folders.set(folder, StagedFolder.beside(folder, plain));
    const staged = this.#folders.get(folder);
    try {
      if (staged) {
        const at = staged.path;
        try {
          const flushed = this.#open.get(at).writeFile(name, small);
          this.#written.push({ file: kept, at, hidden: name, flushed, staged });
          return;
        } catch (error) {
          if (errnoOf(error) !== "EEXIST") { // two of one name
            if (!this.#written.some((one) => one.at === at && one.hidden === name)) {
              this.#remove({ at, hidden: name, staged });
            }
            throw error;
          }
        }
      }
      const hidden = newPartialName(this.#owner, (this.#added++).toString(16).padStart(16, "0"));
      const flushed = this.#open.get(folder).writeFile(hidden, small);
      this.#written.push({ file: kept, at: folder, hidden, flushed });
    } catch (error) {
      throw diskError(error, `saving ${shown()}`);
    }
  }

  /**
   * Flushes what was added and gives it its names. The batch is empty then.
   *
   * @returns for each file, in the order in which they were added, the name that it got, or why it got none
   */
  async commit(): Promise<(string | DiskError)[]> {
    const written = this.#written;
    const staged = this.#staged();
    this.#written = [];
    this.#folders.clear();
    const failures = await this.#flush(written.filter(({ flushed }) => !flushed));
    for (const one of failures.keys()) this.#remove(one);
    const flusher = new FolderFlusher(this.#options.sync);
    const published = new Set<StagedFolder>();
    const filled = new Set(written.filter((one) => !failures.has(one)).map(({ staged }) => staged));
    for (const one of staged) {
      if (filled.has(one) && !this.#spoiled.has(one) && await publish(one, flusher)) published.add(one);
    }
    const results: (string | DiskError)[] = [];
    const foundInPlace = new Map<string, number>();
    for (const one of written) {
      const { folder, name, shown } = one.file;
      const failure = failures.get(one);
      if (!failure && one.staged && published.has(one.staged)) {
        results.push(name);
        continue;
      }
      try {
        if (failure) throw failure;
        await flusher.open(folder);
        const now = performance.now();
        if (now - (foundInPlace.get(folder) ?? -Infinity) > IN_PLACE_MS) {
          requireInPlace(this.#open.get(folder));
          foundInPlace.set(folder, now);
        }
        results.push(await this.#claim(one));
      } catch (error) {
        if (!failure) this.#remove(one);
        results.push(diskError(error, `saving ${shown()}`));
      }
      await giveWay();
    }
    this.#open[Symbol.dispose]();
    for (const one of staged) if (!published.has(one)) one.remove();
    const lost = await flusher.flush();
    if (lost.size === 0) return results;
    return results.map((result, at) => {
      const { file: { folder }, staged } = written[at];
      return lost.get(folder) ?? (staged && (lost.get(staged.path) ?? lost.get(staged.parent))) ?? result;
    });
  }

  /** Removes what was added since the last {@linkcode FileBatch.commit}. */
  discard(): void {
    for (const one of this.#written) this.#remove(one);
    this.#open[Symbol.dispose]();
    for (const one of this.#staged()) one.remove();
    this.#written = [];
    this.#folders.clear();
  }

  #staged(): StagedFolder[] {
    return [...this.#folders.values()].filter((one) => one !== undefined);
  }

  async #claim({ at, hidden, file: { folder, name, mode } }: Written): Promise<string> {
    const { collision, again, onTaken } = this.#options;
    const [from, to] = [this.#open.get(at), this.#open.get(folder)];
    return await claimName(from, hidden, to, name, {
      collision,
      mode,
      onTaken: (name) => {
        if (again && isSameFile(to, name, from, hidden)) return true;
        onTaken?.(to, name);
        return false;
      },
    });
  }

  /** Removes what is not whole, or not wanted. */
  #remove({ at, hidden, staged }: Pick<Written, "at" | "hidden" | "staged">): void {
    try {
      this.#open.get(at).remove(hidden, "file");
    } catch (error) {
      // It has its name, went with its folder, or was never there; or the disk fails, and nobody is to see it.
      if (staged && !NOT_THERE.has(errnoOf(error) ?? "")) this.#spoiled.add(staged);
    }
  }

  /** Flushes files; returns what failed. */
  async #flush(files: Written[]): Promise<Map<Written, unknown>> {
    const failures = new Map<Written, unknown>();
    const rest = files.values();
    const work = async () => {
      for (const file of rest) {
        try {
          using open = openFileIn(this.#open.get(file.at), file.hidden);
          await syncData(open);
        } catch (error) {
          failures.set(file, error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(FLUSHES, files.length) }, work));
    return failures;
  }
}

/** Puts a new folder into its place; whether it is there. */
async function publish(staged: StagedFolder, flusher: FolderFlusher): Promise<boolean> {
  try {
    await flusher.open(staged.path);
    await flusher.open(staged.parent); // last: it is open when it changes
    return staged.publish();
  } catch {
    return false;
  }
}

/** Flushes the names in folders, many folders at once. */
class FolderFlusher {
  readonly #sync: boolean;
  readonly #open = new Map<string, SyncedFolder>();
  readonly #lost = new Map<string, DiskError>();

  /** @param sync whether names are to survive a power cut; nothing is done where not */
  constructor(sync: boolean) {
    this.#sync = sync;
  }

  /**
   * To be called before a name in a folder is changed: what cannot be made to last is refused before anybody can see it.
   *
   * @throws what the system throws
   */
  async open(folder: string): Promise<void> {
    if (!this.#sync || this.#open.has(folder)) return;
    if (this.#open.size >= FLUSHES) await this.flush();
    this.#open.set(folder, new SyncedFolder(folder));
  }

  /** Flushes what is open, and closes it; returns what has failed so far. */
  async flush(): Promise<Map<string, DiskError>> {
    await Promise.all([...this.#open].map(async ([path, folder]) => {
      try {
        await folder.sync();
      } catch (error) {
        this.#lost.set(path, diskError(error, "flushing the folder"));
      } finally {
        folder[Symbol.dispose]();
      }
    }));
    this.#open.clear();
    return this.#lost;
  }
}
