/**
 * Transfers that are cut again and again: by the death of either program, or by the loss of the connection.
 *
 * @module
 */

import { FrameKind } from "../../protocol/frame.ts";
import type { Random } from "./files.ts";
import { startFtp, startServer, type TestServer } from "./programs.ts";
import { type Meddle, Relay } from "./relay.ts";
import { TempFolder } from "./temp_folder.ts";

const decoder = new TextDecoder();

/** What is cut. */
export type Cut = "ftp" | "ftpd" | "line";

/** All of them. */
export const CUTS: readonly Cut[] = ["ftp", "ftpd", "line"];

/** Counts the bytes of bodies that pass, in both directions, and does something when so many have passed. */
export class Tap {
  /** How many have passed so far. */
  bytes = 0;
  /** How many of them the receiver of a single file had stored already at one cut, at the most: as it said itself. */
  again = 0;
  /** What the receiver has stored of the file that is about to go on. */
  #stored = 0;
  #resume: number | undefined;
  #at = Infinity;
  #act: () => void = () => {};

  /** What to do to each frame. */
  readonly meddle: Meddle = ({ kind, id, payload }) => {
    if (kind === FrameKind.REQUEST) this.#sees(id, JSON.parse(decoder.decode(payload)));
    if (kind === FrameKind.REPLY && id === this.#resume) this.#stored = JSON.parse(decoder.decode(payload)).size;
    if (kind !== FrameKind.DATA) return;
    this.bytes += payload.length;
    if (this.bytes < this.#at) return;
    this.#at = Infinity;
    this.#act();
  };

  /**
   * Does something once.
   *
   * @param bytes after how many more
   * @param act throws to cut the connection
   */
  after(bytes: number, act: () => void): void {
    this.#at = this.bytes + bytes;
    this.#act = act;
  }

  /** Does nothing any more but count. */
  disarm(): void {
    this.#at = Infinity;
  }

  /** How much there is, and from where on it is sent (PROTOCOL.md sections 7.5, 7.6, 7.11 and 7.12). */
  #sees(id: number, { command, size, offset = 0 }: { command: string; size?: number; offset?: number }): void {
    this.#resume = command === "resume" ? id : undefined;
    if (command === "blocks") this.#stored = size!;
    if (command !== "upload" && command !== "download") return;
    this.again = Math.max(this.again, this.#stored - offset);
    this.#stored = 0;
  }
}

/** A server that can be killed and comes back, and a tap on the way to it. */
export class Stage implements AsyncDisposable {
  /** What the server serves. */
  readonly remote: TempFolder = new TempFolder();
  /** Where the client runs. */
  readonly local: TempFolder = new TempFolder();
  /** Where the client keeps its secret. */
  readonly state: TempFolder = new TempFolder();
  /** Between the two. */
  readonly tap: Tap = new Tap();
  /** The server. */
  server!: TestServer;
  /** Resolves when the server is up. */
  ready: Promise<void> = Promise.resolve();
  #relay!: Relay;
  readonly #args: string[];

  private constructor(args: string[]) {
    this.#args = args;
  }

  /**
   * Starts the server.
   *
   * @param args more arguments of it
   */
  static async start(...args: string[]): Promise<Stage> {
    const stage = new Stage(args);
    stage.server = await startServer({ dir: stage.remote.path, args });
    const { meddle } = stage.tap;
    stage.#relay = new Relay(stage.server, { up: meddle, down: meddle });
    return stage;
  }

  /** What a client is told to connect to. */
  get address(): string {
    return this.#relay.address;
  }

  /** Kills the server and starts another one on the same port. */
  restart(): void {
    this.server.kill();
    this.ready = this.#comeBack();
  }

  /**
   * Starts the client.
   *
   * @param args the command and its arguments
   */
  start(args: string[]): Deno.ChildProcess {
    const { path: cwd } = this.local;
    return startFtp(["--retries", "50", this.address, ...args], { cwd, env: { XDG_STATE_HOME: this.state.path } });
  }

  /**
   * Runs the client to its end.
   *
   * @param args the command and its arguments
   */
  async run(...args: string[]): Promise<Ended> {
    return await end(this.start(args));
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.ready.catch(() => {});
    await this.#relay[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    for (const folder of [this.remote, this.local, this.state]) folder[Symbol.dispose]();
  }

  async #comeBack(): Promise<void> {
    const { port } = this.server;
    await this.server[Symbol.asyncDispose]();
    this.server = await startServer({ dir: this.remote.path, port, args: this.#args });
  }
}

/** How a client ended. */
export interface Ended {
  /** Its exit code; 137 when it was killed. */
  code: number;
  /** Its standard output. */
  stdout: string;
  /** Its standard error. */
  stderr: string;
}

/** Waits for the end of a client. */
export async function end(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What came of a transfer that was cut. */
export interface Survived {
  /** How often it was cut. */
  cuts: number;
  /** How many runs of the client it took. */
  runs: number;
  /** The bytes of bodies that passed. */
  bytes: number;
  /** See {@linkcode Tap.again}. */
  again: number;
  /** What the runs said on standard error. */
  stderr: string;
}

/** Options of {@linkcode survive}. */
export interface CutOptions {
  /** How often it is cut at the most. */
  cuts: number;
  /** A cut comes after at most so many bytes more. */
  every: number;
  /** What is cut, one of them at random; any by default. */
  kinds?: readonly Cut[];
  /** Where and what. */
  random: Random;
  /** Told of each cut. */
  onCut?: (kind: Cut) => void;
}

/**
 * Runs a command, and runs it again whenever the client was killed, until it is done. It is cut on the way.
 *
 * @param stage where
 * @param args the command
 * @param options see {@linkcode CutOptions}
 * @throws {Error} when a run fails that was not killed
 */
export async function survive(
  stage: Stage,
  args: string[],
  { cuts, every, kinds = CUTS, random, onCut }: CutOptions,
): Promise<Survived> {
  const { tap } = stage;
  const before = tap.bytes;
  let child: Deno.ChildProcess;
  let [done, runs, stderr] = [0, 0, ""];
  let wasDown = false;
  const arm = () => done < cuts && tap.after(1 + random.below(every), cut);
  const cut = () => {
    done++;
    const kind = kinds[random.below(kinds.length)];
    onCut?.(kind);
    if (kind === "ftp") return child.kill("SIGKILL");
    if (kind === "ftpd") {
      wasDown = true;
      stage.restart();
      return void stage.ready.then(arm, () => {});
    }
    arm();
    throw new Error("cut");
  };
  for (;;) {
    wasDown = false;
    child = stage.start(args);
    arm();
    const ended = await end(child);
    tap.disarm();
    await stage.ready;
    tap.disarm();
    runs++;
    stderr += ended.stderr;
    if (ended.code === 0) break;
    // What is still on its way to a client that was killed counts, too: the server may be gone when the next one comes.
    if (wasDown && /^ftp: cannot connect/.test(ended.stderr)) continue;
    if (ended.code !== 137) throw new Error(`exit ${ended.code} after ${done} cuts: ${ended.stdout}${ended.stderr}`);
  }
  return { cuts: done, runs, bytes: tap.bytes - before, again: tap.again, stderr };
}
