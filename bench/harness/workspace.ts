/**
 * A folder in memory for one scenario.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { onInterrupt } from "./clean_up.ts";
import { GIB, showBytes } from "./units.ts";

/** Left to the programs that are measured, in bytes. */
const RESERVE = 3 * GIB;
const PIECE = new Uint8Array(2 ** 20).fill(1);

/**
 * A folder on tmpfs, removed at its end:
 *
 * - `served/` is what servers serve; `served/source/` what is copied, down from a server or up to it
 * - `fetched/` is where downloads go, `served/stored/` where uploads go
 * - `config/` is for configuration and keys of servers
 */
export class Workspace implements Disposable {
  /** Its path. */
  readonly path: string;
  /** Why it is not in memory; `undefined` when it is. */
  readonly note: string | undefined;
  readonly #mounted: boolean;
  readonly #forget: () => void;

  /** @param onDisk whether it is to be on a disk instead */
  constructor(onDisk = false) {
    const tmpfs = onDisk || Deno.uid() === 0 ? undefined : folderInMemory();
    // Where temporary files are in memory, these are not.
    const disk = onDisk ? "/var/tmp" : undefined;
    this.path = Deno.makeTempDirSync({ dir: tmpfs ?? disk, prefix: "connme-bench-" });
    this.#mounted = !onDisk && Deno.uid() === 0 &&
      run("mount", "-t", "tmpfs", "-o", "size=90%,mode=700", "connme-bench", this.path);
    if (onDisk) this.note = "The files were on a disk, not in memory.";
    else if (!this.#mounted && !tmpfs) this.note = "The files were on a disk: no folder in memory could be had.";
    this.#forget = onInterrupt(() => this[Symbol.dispose]());
    for (const folder of ["served/source", "served/stored", "fetched", "config"]) {
      Deno.mkdirSync(`${this.path}/${folder}`, { recursive: true });
    }
  }

  /**
   * Makes a folder of it empty.
   *
   * @param path the folder
   * @param keep whether what was in it goes aside instead: some file systems make a long way round what was deleted a moment ago
   */
  clear(path: string, keep: boolean): void {
    if (!keep) return emptyFolder(path);
    Deno.renameSync(path, `${this.path}/aside-${crypto.randomUUID()}`);
    Deno.mkdirSync(path);
  }

  /** What servers serve. */
  get served(): string {
    return `${this.path}/served`;
  }

  /** What is copied. */
  get source(): string {
    return `${this.path}/served/source`;
  }

  /** Where uploads go. */
  get stored(): string {
    return `${this.path}/served/stored`;
  }

  /** Where downloads go. */
  get fetched(): string {
    return `${this.path}/fetched`;
  }

  /** For configuration and keys. */
  get config(): string {
    return `${this.path}/config`;
  }

  /**
   * Makes room, and touches the memory once: on a virtual machine the first write to a page is several times slower than
   * all later ones, because the host has to find one for it.
   *
   * @param bytes that a scenario will have in files at most
   * @throws {Error} when there is not enough memory
   */
  reserve(bytes: number): void {
    const { room } = this;
    if (bytes > room) throw new Error(`needs ${showBytes(bytes)} in memory, ${showBytes(room)} are there`);
    const path = `${this.path}/touch`;
    {
      using file = Deno.openSync(path, { write: true, create: true });
      for (let written = 0; written < bytes; written += PIECE.length) file.writeSync(PIECE);
    }
    Deno.removeSync(path);
  }

  /** How many bytes of files fit into memory. */
  get room(): number {
    return roomIn(this.path);
  }

  [Symbol.dispose](): void {
    this.#forget();
    // Lazily: a program that was killed may still be about to let go of its files.
    if (this.#mounted) run("umount", "--lazy", this.path);
    Deno.removeSync(this.path, { recursive: true });
  }
}

/**
 * A folder on tmpfs that anybody may use. Not /dev/shm: Deno lets only programs with all rights touch what is below /dev.
 */
function folderInMemory(): string | undefined {
  const TMPFS_MAGIC = 0x01021994;
  return [Deno.env.get("XDG_RUNTIME_DIR"), "/tmp", "/run/shm"].find((folder) => {
    try {
      return folder !== undefined && statfsSync(folder).type === TMPFS_MAGIC;
    } catch {
      return false;
    }
  });
}

function run(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

function roomIn(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return Math.max(0, Math.min(bavail * bsize, Deno.systemMemoryInfo().available) - RESERVE);
}

/** Empties a folder, and leaves it. */
export function emptyFolder(path: string): void {
  for (const { name } of Deno.readDirSync(path)) Deno.removeSync(`${path}/${name}`, { recursive: true });
}
