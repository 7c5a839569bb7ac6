/**
 * A file that nobody sees before it is complete.
 *
 * @module
 */

import { claimName, type Collision } from "./claim.ts";
import { DiskError, diskError, type DiskErrorCode, errnoOf } from "./errors.ts";
import { type FoundPartial, isAbandoned, lockInTime, partialsOf, tryLock } from "./find_partials.ts";
import { fileMode, NEW_FILE_MODE } from "./mode.ts";
import { moveToFreeName } from "./move.ts";
import { newPartialName, type PartialOwner } from "./names.ts";
import { openFileIn, type OpenFolder, openFolder, requireInPlace } from "./open_folder.ts";
import { isSameFile } from "./same_file.ts";
import { Pace } from "./pace.ts";
import { syncData, SyncedFolder } from "./sync.ts";

/** Why the name of a file cannot be given to it that will not be otherwise soon; and a full disk needs the room. */
const IN_VAIN: ReadonlySet<DiskErrorCode> = new Set(["exists", "is_folder", "no_space", "bad_path", "name_too_long"]);

/** How often whoever writes one looks whether it has been taken over, even where there is nothing to write, in milliseconds. */
const WATCH_MS = 200;
/** For so long who takes it over waits for the former one to see that, in milliseconds: it may be in the middle of a write. */
const LEAVE_MS = 1000;

/** What the system, or we, say of a partial that has another name by now, or none. */
const GONE = new Set(["ENOENT", "ENOTDIR", "ESTALE", "changed"]);

/** Options of {@linkcode PartialFile.create}. */
export interface PartialOptions {
  /** The rights of what the file is a copy of: the lowest nine bits of its mode. Those of a new file by default. */
  mode?: number;
  /** What it is called in messages. */
  shown?: string;
  /** Who may go on with it after an interruption. */
  owner?: PartialOwner;
  /** Whether no part of the path of its folder may be a symbolic link. */
  plain?: boolean;
}

/** Options of {@linkcode PartialFile.publish}. */
export interface PublishOptions {
  /** What to do when the name is taken. */
  collision: Collision;
  /** Modification time to set, in milliseconds since 1970. */
  modified?: number;
  /** Whether content and name are to survive a power cut before this returns. */
  sync: boolean;
  /** Whether an earlier attempt may have stored it: a file that is the same stands for it then. */
  again?: boolean;
  /** Looked at for the last time right before it gets its name; {@linkcode PartialFile.publish} then throws the reason. */
  signal?: AbortSignal;
}

/**
 * A partial: a hidden file beside its target. {@linkcode PartialFile.publish} gives it its name in one step;
 * {@linkcode PartialFile.discard} leaves no trace; {@linkcode PartialFile.keep} leaves it for its owner to go on with.
 *
 * One with an owner is locked by whoever has it open, and who takes it over waits until the former one has closed it. Without
 * locks, as on some network file systems, there is an instant in which two may write.
 *
 * Writes are synchronous, which is several times faster for small files and faster for large ones; one that stalls is
 * followed by asynchronous ones for a while, so that a slow disk does not hold up everybody else for long.
 */
export class PartialFile {
  /** Held, so that it stays the same folder until the end. */
  readonly #folder: OpenFolder;
  readonly #name: string;
  #mode: number;
  readonly #file: Deno.FsFile;
  readonly #shown: string;
  readonly #owner: PartialOwner | undefined;
  readonly #pace = new Pace();
  #open = true;
  #locked: boolean;
  #publishing = false;
  readonly #watch: ReturnType<typeof setInterval> | undefined;
  /** Why it is not ours any more. */
  #lost: DiskError | undefined;
  /** Whether it is no longer ours to remove. */
  #settled = false;

  private constructor(
    folder: OpenFolder,
    name: string,
    file: Deno.FsFile,
    { mode = NEW_FILE_MODE, shown = "the file", owner }: PartialOptions,
    locked: boolean,
  ) {
    this.#folder = folder;
    this.#mode = mode;
    this.#name = name;
    this.#file = file;
    this.#shown = shown;
    this.#owner = owner;
    this.#locked = locked;
    if (!owner) return;
    this.#watch = setInterval(() => {
      if (!this.#publishing && !this.#isThere()) this.#leave();
    }, WATCH_MS);
    Deno.unrefTimer(this.#watch);
  }

  /**
   * Creates one, empty and hidden.
   *
   * @param path of an existing folder
   * @param options see {@linkcode PartialOptions}
   * @throws {DiskError} when it cannot be created
   */
  static create(path: string, options: PartialOptions = {}): PartialFile {
    const name = newPartialName(options.owner);
    let folder: OpenFolder | undefined;
    try {
      folder = openFolder(path, options.plain);
      const mode = fileMode(options.mode ?? NEW_FILE_MODE);
      folder.writeFile(name, { content: new Uint8Array(0), mode, sync: false });
      const file = openFileIn(folder, name);
      return new PartialFile(folder, name, file, options, options.owner !== undefined && tryLock(file));
    } catch (error) {
      if (folder) tryToRemoveIn(folder, name);
      folder?.[Symbol.dispose]();
      throw diskError(error, `creating ${options.shown ?? "the file"}`);
    }
  }

  /**
   * Takes over what an interrupted attempt of the same owner left. Whoever wrote it until now notices, and stops: the file
   * gets a new name, and a partial is never written to under an old one.
   *
   * @param path of an existing folder
   * @param options with the owner; what another run is writing is left alone, unless it has been silent for half a minute
   * @param now in milliseconds since 1970
   * @returns `held` when there is only what another run is writing, or what somebody does not let go of; `undefined` when there is
   * nothing
   */
  static async resume(
    path: string,
    options: PartialOptions & { owner: PartialOwner },
    now: number = Date.now(),
  ): Promise<PartialFile | "held" | undefined> {
    const { owner: { token, run }, plain } = options;
    let best: FoundPartial | undefined;
    let held = false;
    let folder: OpenFolder | undefined;
    let file: Deno.FsFile | undefined;
    let partial: PartialFile | undefined;
    try {
      for await (const found of partialsOf(path, token, plain)) {
        if (found.size === 0) continue;
        if (found.run !== run && !isAbandoned(found.path, now)) held = true;
        else if (found.size > (best?.size ?? 0)) best = found;
      }
      if (!best) return held ? "held" : undefined;
      folder = openFolder(path, plain);
      const name = newPartialName(options.owner);
      folder.move(best.name, folder, name);
      file = openFileIn(folder, name);
      if (!await lockInTime(file, LEAVE_MS)) { // it is about to get its name, or its program has been stopped
        giveBack(folder, name, best.name);
        return "held";
      }
      folder.stat(name); // throws where another attempt has taken over meanwhile
      if ((file.statSync().nlink ?? 1) > 1) { // it had just got its name: it is nobody's to go on with any more
        folder.remove(name, "file");
        return undefined;
      }
      partial = new PartialFile(folder, name, file, options, true);
      if (options.mode !== undefined) partial.copyRights(options.mode);
      return partial;
    } catch (error) {
      partial?.keep();
      if (errnoOf(error) === "ENOENT") return best && "held"; // somebody else was faster
      throw diskError(error, `going on with ${options.shown ?? "the file"}`);
    } finally {
      if (!partial) {
        file?.close();
        folder?.[Symbol.dispose]();
      }
    }
  }

  /**
   * Gives it the rights that are wanted now, as far as those that it was made with allow; it may be executed by who reads it.
   *
   * @param mode the rights of what it is a copy of: the lowest nine bits of its mode
   * @throws {DiskError} `changed` when another attempt has taken over
   */
  copyRights(mode: number): void {
    try {
      const made = this.#folder.stat(this.#name).mode;
      const wanted = fileMode(mode) & (made | (made & 0o444) >> 2);
      if (wanted !== made) this.#folder.setMode(this.#name, wanted);
    } catch (error) {
      this.#requireOwn();
      throw diskError(error, `saving ${this.#shown}`);
    }
    this.#mode = mode;
  }

  /**
   * How many bytes it holds.
   *
   * @throws {DiskError} `changed` when another attempt has taken over
   */
  get size(): number {
    if (this.#lost) throw this.#lost;
    return this.#file.statSync().size;
  }

  /**
   * Reads from a place in it.
   *
   * @param at where, in bytes
   * @param into receives them
   * @returns how many bytes
   */
  async readAt(at: number, into: Uint8Array): Promise<number> {
    try {
      await this.#file.seek(at, Deno.SeekMode.Start);
      let used = 0;
      while (used < into.length) {
        const count = await this.#file.read(into.subarray(used));
        if (count === null) break;
        used += count;
      }
      return used;
    } catch (error) {
      throw this.#lost ?? diskError(error, `reading ${this.#shown}`);
    }
  }

  /**
   * Keeps its first bytes only; what is written next comes behind them.
   *
   * @param size how many bytes to keep, at most as many as there are
   * @throws {DiskError} `changed` when another attempt has taken over
   */
  cut(size: number): void {
    if (this.#owner) this.#requireOwn();
    try {
      if (this.size > size) this.#file.truncateSync(size);
      this.#file.seekSync(size, Deno.SeekMode.Start);
    } catch (error) {
      throw diskError(error, `writing ${this.#shown}`);
    }
  }

  /**
   * Appends bytes.
   *
   * @param chunk not to be touched until the promise, if there is one, resolves
   * @throws {DiskError} (or rejects) when the disk does not take them; `changed` when another attempt has taken over
   */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#owner) {
      this.#requireOwn();
      this.#locked ||= tryLock(this.#file); // whoever had it before may have held it still when it was taken over
    }
    if (!this.#pace.next()) return this.#writeLater(chunk);
    const began = performance.now();
    try {
      for (let at = 0; at < chunk.length;) at += this.#file.writeSync(at === 0 ? chunk : chunk.subarray(at));
    } catch (error) {
      throw diskError(error, `writing ${this.#shown}`);
    }
    this.#pace.took(performance.now() - began);
  }

  /**
   * Gives the file its name: complete, at once, and without replacing another one unless that was asked for.
   *
   * @param name the name in the folder
   * @param options see {@linkcode PublishOptions}
   * @returns the name it got: with `rename`, a numbered one when the name was taken
   * @throws {DiskError} `exists` when the name is taken and `collision` is `fail`; the partial is gone then, as it is where
   * there is no room, a folder of that name, or no such name. After any other error it is left for its owner
   */
  async publish(name: string, options: PublishOptions): Promise<string> {
    const { again, signal } = options;
    this.#publishing = true;
    try {
      if (this.#owner) this.#requireOwn();
      if (options.modified !== undefined) {
        const modified = new Date(options.modified);
        this.#file.utimeSync(modified, modified);
      }
      // Opened first: what cannot be made to last is refused before anybody can see it.
      using synced = options.sync ? new SyncedFolder(this.#folder.path) : undefined;
      if (options.sync) await syncData(this.#file);
      requireInPlace(this.#folder);
      const got = await claimName(this.#folder, this.#name, this.#folder, name, {
        collision: options.collision,
        signal,
        mode: this.#mode,
        onTaken: (taken) => again === true && isSameFile(this.#folder, taken, this.#folder, this.#name),
      });
      this.#settled = true;
      this.#close(); // not before: it is locked for as long as it is open
      if (this.#owner) await removeLeft(this.#folder.path, this.#owner);
      await synced?.sync();
      return got;
    } catch (error) {
      if (signal?.aborted && error === signal.reason) {
        this.keep();
        throw error;
      }
      const isTaken = this.#owner && !this.#settled && !this.#isThere();
      const failure = isTaken ? this.#takenOver() : diskError(error, `saving ${this.#shown}`);
      if (IN_VAIN.has(failure.code)) this.discard();
      else this.keep();
      throw failure;
    }
  }

  /** Removes what was written. Does nothing once it was published. */
  discard(): void {
    if (!this.#settled) tryToRemoveIn(this.#folder, this.#name);
    this.#settled = true;
    this.#close();
  }

  /** Leaves what was written for its owner to go on with; removes it when it has none, or nothing was written. */
  keep(): void {
    if (this.#settled || !this.#open || !this.#owner || this.size === 0) return this.discard();
    this.#settled = true;
    this.#close();
  }

  #requireOwn(): void {
    if (!this.#isThere()) throw this.#takenOver();
  }

  #isThere(): boolean {
    if (this.#lost) return false;
    try {
      this.#folder.stat(this.#name);
      return true;
    } catch (error) {
      return !GONE.has(errnoOf(error) ?? ""); // else whatever is done with it says what is wrong
    }
  }

  /** Lets go of what is not ours any more, so that whoever has it now may write. */
  #leave(): void {
    this.#lost = this.#takenOver();
    this.#settled = true;
    this.#close();
  }

  #takenOver(): DiskError {
    if (this.#lost) return this.#lost;
    // Who takes it over gives it another name; of what was removed there is none.
    if (this.#isRemoved()) {
      return new DiskError(
        "changed",
        `${this.#shown}: what had arrived of it was removed meanwhile, perhaps with its folder`,
      );
    }
    return new DiskError("changed", `${this.#shown}: another attempt has taken over; wait for that one, or try again`);
  }

  #isRemoved(): boolean {
    try {
      return this.#file.statSync().nlink === 0;
    } catch {
      return false;
    }
  }

  async #writeLater(chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < chunk.length;) at += await this.#file.write(chunk.subarray(at));
    } catch (error) {
      throw this.#lost ?? diskError(error, `writing ${this.#shown}`);
    }
  }

  #close(): void {
    clearInterval(this.#watch);
    if (this.#open) this.#file.close();
    this.#open = false;
    this.#folder[Symbol.dispose]();
  }
}

/** Removes what earlier attempts at the same transfer left: nobody will go on with it. */
async function removeLeft(folder: string, { token }: PartialOwner): Promise<void> {
  try {
    for await (const { path } of partialsOf(folder, token)) if (isAbandoned(path, Date.now())) Deno.removeSync(path);
  } catch { /* it expires */ }
}

/** Whoever has it goes on under its old name: unless that has been seen meanwhile, nothing has happened. */
function giveBack(folder: OpenFolder, name: string, before: string): void {
  try {
    moveToFreeName(folder, name, folder, before);
  } catch { /* it has gone */ }
}

function tryToRemoveIn(folder: OpenFolder, name: string): void {
  try {
    folder.remove(name, "file");
  } catch { /* it is not there: taken over, or removed with its folder */ }
}
