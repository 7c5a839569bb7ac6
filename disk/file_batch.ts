/**
 * Many small files at once.
 *
 * @module
 */

import { claimName, type Collision } from "./claim.ts";
import { type DiskError, diskError } from "./errors.ts";
import { giveWay } from "./give_way.ts";
import { look } from "./look.ts";
import { fileMode } from "./mode.ts";
import { newPartialName, partialOwner } from "./names.ts";
import { writeSmallFile } from "./small_file.ts";
import { syncData, SyncedFolder } from "./sync.ts";

/** So many files are flushed at once: the disk makes one flush of several. */
const FLUSHES = 32;

/** Options of {@linkcode FileBatch}. */
export interface BatchOptions {
  /** What to do when a name is taken. */
  collision: Collision;
  /** Whether content and names are to survive a power cut before {@linkcode FileBatch.commit} returns. */
  sync: boolean;
  /**
   * Whether an earlier attempt may have stored the same files: one that stands there with the same content, size and time is
   * taken for ours.
   */
  again?: boolean;
  /** Told of each path that is taken; may throw, so that the file fails. */
  onTaken?: (path: string) => void;
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
  partial: string;
  flushed: boolean;
}

/**
 * Small files that become visible together, each whole. Where they are to survive a power cut, they are flushed together, too:
 * a disk takes about as long to flush one file as to flush many.
 */
export class FileBatch {
  readonly #options: BatchOptions;
  /** Nobody goes on with a small file, so this only makes the names of this batch its own. */
  readonly #owner = partialOwner(newPartialName())!;
  #added = 0;
  #written: Written[] = [];

  /** An empty batch. */
  constructor(options: BatchOptions) {
    this.#options = options;
  }

  /**
   * Writes a file, hidden.
   *
   * @param file its content may be used again afterwards
   * @throws {DiskError} when the disk does not take it
   */
  add(file: BatchFile): void {
    const { content, modified, ...rest } = file; // the content is not kept
    const partial = `${file.folder}/${newPartialName(this.#owner, (this.#added++).toString(16).padStart(16, "0"))}`;
    try {
      const { sync } = this.#options;
      const flushed = writeSmallFile(partial, { content, modified, mode: fileMode(file.mode), sync });
      this.#written.push({ file: rest, partial, flushed });
    } catch (error) {
      throw diskError(error, `saving ${file.shown()}`);
    }
  }

  /**
   * Flushes what was added and gives it its names. The batch is empty then.
   *
   * @returns for each file, in the order in which they were added, the name that it got, or why it got none
   */
  async commit(): Promise<(string | DiskError)[]> {
    const written = this.#written;
    this.#written = [];
    const failures = await flush(written.filter(({ flushed }) => !flushed));
    const folders = new Map<string, SyncedFolder>();
    const lost = new Map<string, DiskError>();
    const results: (string | DiskError)[] = [];
    for (const one of written) {
      const { folder, shown } = one.file;
      try {
        const failure = failures.get(one);
        if (failure) throw failure;
        if (this.#options.sync && !folders.has(folder)) {
          if (folders.size >= FLUSHES) await flushFolders(folders, lost);
          // Opened first: what cannot be made to last is refused before anybody can see it.
          folders.set(folder, new SyncedFolder(folder));
        }
        results.push(await this.#claim(one));
      } catch (error) {
        remove(one.partial);
        results.push(diskError(error, `saving ${shown()}`));
      }
      await giveWay();
    }
    await flushFolders(folders, lost);
    if (lost.size === 0) return results;
    return results.map((result, at) => lost.get(written[at].file.folder) ?? result);
  }

  /** Removes what was added since the last {@linkcode FileBatch.commit}. */
  discard(): void {
    for (const { partial } of this.#written) remove(partial);
    this.#written = [];
  }

  async #claim({ partial, file: { folder, name, mode } }: Written): Promise<string> {
    const { collision, again, onTaken } = this.#options;
    return await claimName(partial, folder, name, {
      collision,
      mode,
      onTaken: (path) => {
        if (again && isSame(path, partial)) return true;
        onTaken?.(path);
        return false;
      },
    });
  }
}

/** Flushes files; returns what failed. */
async function flush(files: Written[]): Promise<Map<Written, unknown>> {
  const failures = new Map<Written, unknown>();
  const rest = files.values();
  const work = async () => {
    for (const file of rest) {
      try {
        using open = Deno.openSync(file.partial, { write: true });
        await syncData(open);
      } catch (error) {
        failures.set(file, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(FLUSHES, files.length) }, work));
  return failures;
}

/** Flushes folders, and closes them; adds what failed. */
async function flushFolders(folders: Map<string, SyncedFolder>, lost: Map<string, DiskError>): Promise<void> {
  await Promise.all([...folders].map(async ([path, folder]) => {
    try {
      await folder.sync();
    } catch (error) {
      lost.set(path, diskError(error, "flushing the folder"));
    } finally {
      folder[Symbol.dispose]();
    }
  }));
  folders.clear();
}

/** Whether a file is the same as a partial: in size, time and content. */
function isSame(path: string, partial: string): boolean {
  try {
    const [there, own] = [look(path), look(partial)];
    if (there.kind !== "file" || there.size !== own.size || there.modified !== own.modified) return false;
    const [one, other] = [Deno.readFileSync(path), Deno.readFileSync(partial)];
    let at = 0;
    while (at < one.length && one[at] === other[at]) at++;
    return at === one.length && one.length === other.length;
  } catch {
    return false;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* it has its name, or went with its folder */ }
}
