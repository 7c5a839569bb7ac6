/**
 * Many small files at once.
 *
 * @module
 */

import { claimName, type Collision } from "./claim.ts";
import { type DiskError, diskError } from "./errors.ts";
import { newPartialName, partialOwner } from "./names.ts";
import { syncData, SyncedFolder, trySyncData } from "./sync.ts";

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
  content: Uint8Array;
  /** Time of the last change to set, in milliseconds since 1970. */
  modified: number;
  /** Whether it is to be executable. */
  executable: boolean;
  /** What it is called in messages; asked for only when there is one. */
  shown: () => string;
}

/** What is left to do for a file whose content has been written. */
interface Written {
  file: Omit<BatchFile, "content">;
  partial: string;
  size: number;
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
    const { content } = file;
    const partial = `${file.folder}/${newPartialName(this.#owner)}`;
    const modified = new Date(file.modified);
    let open: Deno.FsFile | undefined;
    try {
      open = Deno.openSync(partial, { write: true, createNew: true, mode: file.executable ? 0o777 : 0o666 });
      for (let at = 0; at < content.length;) at += open.writeSync(at === 0 ? content : content.subarray(at));
      open.utimeSync(modified, modified);
      const flushed = !this.#options.sync || trySyncData(open);
      const { folder, name, executable, shown } = file; // the content is not kept
      const rest = { folder, name, modified: file.modified, executable, shown };
      this.#written.push({ file: rest, partial, size: content.length, flushed });
    } catch (error) {
      if (open) remove(partial);
      throw diskError(error, `saving ${file.shown()}`);
    } finally {
      open?.close();
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
    const results: (string | DiskError)[] = [];
    try {
      for (const one of written) {
        const { folder, shown } = one.file;
        try {
          const failure = failures.get(one);
          if (failure) throw failure;
          // Opened first: what cannot be made to last is refused before anybody can see it.
          if (this.#options.sync && !folders.has(folder)) folders.set(folder, new SyncedFolder(folder));
          results.push(await this.#claim(one));
        } catch (error) {
          remove(one.partial);
          results.push(diskError(error, `saving ${shown()}`));
        }
      }
      const lost = new Map<string, DiskError>();
      await Promise.all([...folders].map(async ([path, folder]) => {
        await folder.sync().catch((error) => lost.set(path, diskError(error, "flushing the folder")));
      }));
      if (lost.size > 0) {
        for (const [at, { file }] of written.entries()) results[at] = lost.get(file.folder) ?? results[at];
      }
    } finally {
      for (const folder of folders.values()) folder[Symbol.dispose]();
    }
    return results;
  }

  /** Removes what was added since the last {@linkcode FileBatch.commit}. */
  discard(): void {
    for (const { partial } of this.#written) remove(partial);
    this.#written = [];
  }

  async #claim({ partial, size, file: { folder, name, executable, modified } }: Written): Promise<string> {
    const { collision, again, onTaken } = this.#options;
    return await claimName(partial, folder, name, {
      collision,
      executable,
      onTaken: (path) => {
        if (again && isSame(path, partial, size, modified)) return true;
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

/** Whether a file is the same as a partial. */
function isSame(path: string, partial: string, size: number, modified: number): boolean {
  try {
    const info = Deno.lstatSync(path);
    if (!info.isFile || info.size !== size || info.mtime?.getTime() !== modified) return false;
    const [one, other] = [Deno.readFileSync(path), Deno.readFileSync(partial)];
    return one.length === other.length && one.every((byte, at) => byte === other[at]);
  } catch {
    return false;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* it has its name, or went with its folder */ }
}
