/**
 * Starts the two built programs for end-to-end tests, and stops them at the end, whatever happens.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { TempFolder } from "./temp_folder.ts";
import { Transcript } from "./transcript.ts";

/** Where the built programs are. */
const DIST = new URL("../../dist/", import.meta.url).pathname;
/** The client under test. */
export const FTP = `${DIST}ftp`;
/** The server under test. */
export const FTPD = `${DIST}ftpd`;

/** A program that has not ended by itself after so long, in milliseconds, never will. */
const HANGING_MS = 180_000;

const state = new TempFolder();
addEventListener("unload", () => state[Symbol.dispose]());
/** The environment of `ftp`, so that no test reads or writes what the client of whoever runs it has kept. */
export const STATE: Record<string, string> = { XDG_STATE_HOME: state.path };

// What is made has the same rights, whoever runs the tests.
Deno.umask(0o022);

/** Options of {@linkcode startServer}. */
export interface ServerOptions {
  /** The folder to serve; a new empty one by default, removed at the end. */
  dir?: string;
  /** The port; any free one by default. */
  port?: number;
  /** More arguments. */
  args?: string[];
  /** More of the environment. */
  env?: Record<string, string>;
  /** A command that runs it, such as one that takes rights away. */
  prefix?: readonly string[];
}

/** What a server is started by, for {@linkcode ServerOptions}, so that what it makes has no more rights than these. */
export function withUmask(umask: string): string[] {
  return ["sh", "-c", 'umask "$0" && exec "$@"', umask];
}

/** A running `ftpd`. Killed at the end of its block: `await using server = await startServer()`. */
export class TestServer implements AsyncDisposable {
  /** The port it listens on. */
  readonly port: number;
  /** The folder it serves. */
  readonly dir: string;
  /** What it printed on standard output. */
  readonly stdout: Transcript;
  /** What it printed on standard error. */
  readonly stderr: Transcript;
  readonly #child: Deno.ChildProcess;
  readonly #folder: TempFolder | undefined;

  /** For {@linkcode startServer} only. */
  constructor(
    child: Deno.ChildProcess,
    output: { stdout: Transcript; stderr: Transcript },
    port: number,
    dir: string,
    folder?: TempFolder,
  ) {
    this.#child = child;
    this.stdout = output.stdout;
    this.stderr = output.stderr;
    this.port = port;
    this.dir = dir;
    this.#folder = folder;
  }

  /** What a client is told to connect to. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when the process has ended. */
  get stopped(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /** Its log so far. */
  log(): string {
    return this.stderr.text;
  }

  /** Sends it a signal; does nothing when it has ended. */
  kill(signal: Deno.Signal = "SIGKILL"): void {
    try {
      this.#child.kill(signal);
    } catch { /* it has ended */ }
  }

  /** Kills it, waits for its end and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.stopped;
    await Promise.all([this.stdout.ended, this.stderr.ended]);
    this.#folder?.[Symbol.dispose]();
  }
}

/**
 * Starts `ftpd` and waits until it listens.
 *
 * @param options see {@linkcode ServerOptions}
 * @throws {Error} with its log when it does not come up
 */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const folder = options.dir === undefined ? new TempFolder() : undefined;
  const dir = options.dir ?? folder!.path;
  const [program, ...before] = [...options.prefix ?? [], FTPD];
  const child = new Deno.Command(program, {
    args: [...before, dir, "--port", String(options.port ?? 0), ...options.args ?? []],
    env: options.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = new Transcript(child.stdout);
  const stderr = new Transcript(child.stderr);
  try {
    const ready = await stdout.waitFor(/^ftpd: listening on \S+:(\d+), serving /m);
    return new TestServer(child, { stdout, stderr }, Number(ready[1]), dir, folder);
  } catch (error) {
    await new TestServer(child, { stdout, stderr }, 0, dir, folder)[Symbol.asyncDispose]();
    throw new Error(`ftpd did not come up: ${stderr.text}`, { cause: error });
  }
}

/** Options of {@linkcode ftp}. */
export interface FtpOptions {
  /** The folder it runs in; this test's own by default. */
  cwd?: string;
  /** Its standard input; nothing by default. */
  stdin?: string | Uint8Array<ArrayBuffer>;
  /** More of the environment. */
  env?: Record<string, string>;
  /** Kills it. */
  signal?: AbortSignal;
}

/** How a run of `ftp` ended. */
export interface FtpResult {
  /** Its exit code. */
  code: number;
  /** Its standard output as text. */
  stdout: string;
  /** Its standard error. */
  stderr: string;
  /** Its standard output as bytes. */
  bytes: Uint8Array;
}

/** It must have ended with exit code 0; what it said is shown where not. */
export function assertDone({ code, stdout, stderr }: Pick<FtpResult, "code" | "stdout" | "stderr">): void {
  assertEquals(code, 0, `${stdout}${stderr}`);
}

/** It must have failed with this exit code and a message for people. */
export function assertFails(result: FtpResult, code: number, message: RegExp): void {
  assertEquals(result.code, code, `${result.stdout}${result.stderr}`);
  assertMatch(result.stderr, message);
  assertMatch(result.stderr, /^ftp: [^\n]+\n$/);
}

/**
 * Runs `ftp HOST:PORT ...` to its end.
 *
 * @param server whom to connect to; `undefined` leaves the address out
 * @param args the command and its arguments, and {@linkcode FtpOptions} last
 */
export function ftp(
  server: TestServer | string | undefined,
  ...args: string[] | [...string[], FtpOptions]
): Promise<FtpResult> {
  const last = args.at(-1);
  const options = typeof last === "object" ? last : {};
  const words = (args as (string | FtpOptions)[]).filter((arg) => typeof arg === "string");
  const address = typeof server === "object" ? server.address : server;
  return runFtp(address === undefined ? words : [address, ...words], options);
}

/**
 * Runs `ftp` to its end.
 *
 * @param args all of its arguments
 * @param options see {@linkcode FtpOptions}
 */
export async function runFtp(args: string[], options: FtpOptions = {}): Promise<FtpResult> {
  const child = startFtp(args, options);
  const input = feed(child, options.stdin);
  const late = setTimeout(() => child.kill("SIGKILL"), HANGING_MS);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(late);
  await input;
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr), bytes: stdout };
}

/**
 * Starts `ftp` and leaves it to the test: for signals and broken pipes.
 *
 * @param args all of its arguments
 * @param options see {@linkcode FtpOptions}; `stdin` only says whether there is any
 */
export function startFtp(args: string[], options: FtpOptions = {}): Deno.ChildProcess {
  return new Deno.Command(FTP, {
    args,
    cwd: options.cwd,
    env: { ...STATE, ...options.env },
    signal: options.signal,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function feed(child: Deno.ChildProcess, stdin: FtpOptions["stdin"]): Promise<void> {
  if (stdin === undefined) return;
  const writer = child.stdin.getWriter();
  try {
    await writer.write(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin);
    await writer.close();
  } catch { /* it ended without reading all of it */ }
}
