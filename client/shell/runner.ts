/**
 * Runs commands: keeps what lasts from one to the next, and turns what they throw into messages and exit codes.
 *
 * @module
 */

import { ConnectionLostError, type ProtocolError, UnreachableError } from "../../protocol/errors.ts";
import { unlessAborted } from "../../protocol/unless_aborted.ts";
import { type Address, parseAddress, showAddress } from "../address.ts";
import { type Client, CommandError, connect, type ConnectOptions, DEFAULT_PORT } from "../client.ts";
import type { Command } from "../commands/command.ts";
import { type Call, findCommand, parseCall } from "../commands/parse.ts";
import type { Context } from "../context.ts";
import { ExitCode, type Failure, toFailure, UsageError } from "../errors.ts";
import { printable } from "../format.ts";
import { type Output, outputOptions } from "../output.ts";
import { RateLimit } from "../rate_limit.ts";
import { after } from "../timer.ts";
import { connectPatiently, DEFAULT_RETRIES } from "../transfer/retry.ts";
import { createMeter, type Meter } from "./progress.ts";
import { splitWords } from "./words.ts";

/** How long it may take to leave a server that still owes answers, or takes no bytes, in milliseconds. */
const LEAVE_MS = 2000;
/** After so many attempts in vain to connect again, a person is told that they go on. */
const VAIN_TOLD = 4;

/** Options of {@linkcode Runner}. */
export interface RunnerOptions {
  /** The table of commands. */
  commands: readonly Command[];
  /** Where results and messages go. */
  out: Output;
  /** The server given at the start. */
  address?: string;
  /** Seconds of silence after which a server counts as lost. */
  timeout?: number;
  /** How often to try again in vain when the connection was lost. */
  retries?: number;
  /** Bytes a second that may go each way, over all connections. */
  limitRate?: number;
}

/** What commands work with, from the first to the last. One command runs at a time. */
export class Runner implements Context {
  readonly commands: readonly Command[];
  remoteFolder = "/";
  ask?: (question: string) => Promise<string>;
  readsCommands = false;
  /** Whether somebody types the commands, and can be told what to type next. */
  interactive = false;
  /** Whether the person wants to end: after `byebye`. */
  ended = false;
  readonly #base: Output;
  readonly #start: Address;
  readonly #how: Pick<ConnectOptions, "timeout" | "limit">;
  readonly retries: number;
  #reconnecting: Promise<void> | undefined;
  /** The loss that the person has been told of. */
  #told: ProtocolError | undefined;
  /** How often in a row the server was not there since. */
  #vain = 0;
  #out: Output;
  #running: AbortController | undefined;
  #client: Client | undefined;
  #address: Address | undefined;

  /**
   * @param options see {@linkcode RunnerOptions}
   * @throws {UsageError} when the address is none
   */
  constructor({ commands, out, address, timeout, retries = DEFAULT_RETRIES, limitRate }: RunnerOptions) {
    this.retries = retries;
    this.commands = commands;
    this.#base = this.#out = out;
    this.#start = address === undefined ? { hostname: "localhost", port: DEFAULT_PORT } : parseAddress(address);
    this.#how = { timeout, limit: limitRate === undefined ? undefined : new RateLimit(limitRate) };
  }

  /** Where the running command puts what it has to say. */
  get out(): Output {
    return this.#out;
  }

  /** Fires when the running command is canceled. */
  get signal(): AbortSignal {
    return (this.#running ??= new AbortController()).signal;
  }

  /**
   * The connection.
   *
   * @throws {ConnectionLostError} when there is none
   */
  get client(): Client {
    if (!this.#client) throw new ConnectionLostError("not connected; type connme to connect");
    if (this.#client.lost) throw this.#explain(this.#client.lost);
    return this.#client;
  }

  /** The server that it is connected to, as people write it; `undefined` when there is none. */
  get where(): string | undefined {
    return this.#client && !this.#client.lost ? showAddress(this.#address!) : undefined;
  }

  /** The server that `connme` without an argument connects to, as people write it. */
  get defaultAddress(): string {
    return showAddress(this.#start);
  }

  /**
   * Connects, and leaves the server it was connected to once the new connection stands.
   *
   * @param address by default the one given at the start
   * @throws {UsageError} {@linkcode ConnectionLostError} {@linkcode CommandError} `canceled`
   */
  async connect(address?: string): Promise<void> {
    await this.open({ address });
    const { software } = await this.client.hello;
    this.out.note(`Connected to ${this.where} (${printable(software)})`);
  }

  /** As {@linkcode Runner.connect}, but silently; and `eager` as in {@linkcode connect}. */
  async open({ address, eager }: { address?: string; eager?: boolean } = {}): Promise<void> {
    const target = address === undefined ? this.#start : parseAddress(address);
    const client = await unlessCanceled(connect({ ...target, ...this.#how, eager }), this.signal);
    const former = this.#client;
    // Where the connection was lost, the next command means the folder that the prompt has shown.
    const isBack = former?.lost !== undefined && showAddress(target) === showAddress(this.#address!);
    this.#client = client;
    this.#address = target;
    if (!isBack) this.remoteFolder = "/";
    await sayGoodbye(former);
  }

  /**
   * Connects where the connection was lost, and stays in the folder, or where there was none yet. Many may ask for it at once.
   *
   * @throws {ConnectionLostError} {@linkcode CommandError} `canceled`
   */
  reconnect(): Promise<void> {
    if (this.#client && !this.#client.lost) return Promise.resolve();
    return this.#reconnecting ??= this.#redial().finally(() => this.#reconnecting = undefined);
  }

  /**
   * Connects again where the connection was lost since the last command: nothing of this one has been sent yet.
   *
   * @throws {ConnectionLostError} when there is none, and none can be had
   */
  async #restore(): Promise<void> {
    const lost = this.#client?.lost;
    // Who sits there need not wait for a server that is away.
    if (lost && !(lost instanceof UnreachableError)) {
      await (this.interactive ? this.reconnect() : connectPatiently(this));
    }
    void this.client; // says at once that there is none
  }

  async #redial(): Promise<void> {
    const lost = this.#client?.lost;
    if (lost && lost !== this.#told) this.out.note(`The connection was lost (${lost.message}); connecting again`);
    this.#told = lost;
    this.#address ??= this.#start;
    try {
      this.#client = await this.dial();
      this.#vain = 0;
    } catch (error) {
      if (lost && error instanceof UnreachableError && ++this.#vain === VAIN_TOLD) {
        this.out.note(`${error.message}; still trying`);
      }
      throw error;
    }
    if (lost) this.out.note("Connected again");
  }

  /**
   * One more connection to the same server.
   *
   * @throws {ConnectionLostError} {@linkcode CommandError} `canceled`
   */
  dial(): Promise<Client> {
    const connecting = connect({ ...this.#address ?? this.#start, ...this.#how });
    return unlessCanceled(connecting, this.signal);
  }

  /** Says goodbye; whoever runs the commands ends. Never throws. */
  async leave(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.ended = true;
    await sayGoodbye(client);
  }

  /**
   * A progress line for one transfer.
   *
   * @param name what is transferred
   * @param total in bytes, where it is known
   */
  meter(name: string, total: number | undefined): Meter {
    return createMeter(name, total, this.out);
  }

  /**
   * Cancels the running command; the connection is kept.
   *
   * @returns whether there is one
   */
  cancel(): boolean {
    this.#running?.abort(new CommandError("canceled", "canceled"));
    if (this.#client?.greeted === false) this.#client.abort(); // nobody may be there who could be told
    return this.#running !== undefined;
  }

  /** Closes the connection at once, so that whatever waits for the server fails. */
  disconnect(): void {
    this.#client?.abort();
  }

  /**
   * Runs a command. Shows what it fails with. Never throws.
   *
   * @param what a line as it was typed, or a command that was read from arguments
   * @param place where the line stands in a script, to be told with a failure
   * @returns what a program that runs just this exits with
   */
  async run(what: string | Call, place?: string): Promise<ExitCode> {
    const own = this.#running = new AbortController();
    this.#out = this.#base;
    try {
      const call = typeof what === "string" ? this.#parse(what) : what;
      if (call) {
        this.#out = this.#base.with(outputOptions(call.on));
        if (!call.command.offline) await this.#restore();
        await call.command.run(this, call);
      }
      return ExitCode.DONE;
    } catch (error) {
      const { aborted, reason } = own.signal;
      return this.report(aborted && this.#client?.greeted === false ? reason : error, place);
    } finally {
      if (this.#running === own) { // a command that was abandoned may end during a later one
        this.#running = undefined;
        this.#out = this.#base;
      }
    }
  }

  /**
   * Shows what went wrong.
   *
   * @param error whatever was thrown
   * @param place where in a script
   * @returns what to exit with
   */
  report(error: unknown, place?: string): ExitCode {
    if (error !== undefined && error === this.#client?.lost) error = this.#explain(this.#client.lost);
    const failure = toFailure(error) ?? unforeseen(error);
    // Whoever was to read the output is gone, as in `ftp HOST ls | head`: nobody needs to be told.
    if (error instanceof Deno.errors.BrokenPipe) {
      this.ended = true;
      return ExitCode.UNREAD;
    }
    try {
      this.#out.failure(place ? { ...failure, message: `${place}: ${failure.message}` } : failure);
    } catch { /* standard error is closed as well */ }
    return failure.exit;
  }

  /** What became of the connection, and in a shell how to get another one. */
  #explain(lost: ProtocolError): ProtocolError {
    if (lost instanceof UnreachableError) return lost; // which says it all
    const where = showAddress(this.#address!);
    const again = where === this.defaultAddress ? "connme" : `connme ${where}`;
    const next = this.interactive ? `; type ${again} to connect again` : "";
    return new ConnectionLostError(`the connection to ${where} was lost: ${lost.message}${next}`, { cause: lost });
  }

  #parse(line: string): Call | undefined {
    let words = splitWords(line);
    if (words.length === 0) return undefined;
    const kinds = findCommand(this.commands, words[0])?.arguments ?? [];
    if (kinds.some((kind) => kind.startsWith("local"))) words = splitWords(line, Deno.env.get("HOME"));
    try {
      return parseCall(this.commands, words);
    } catch (error) {
      // What was wrong is said in the way that was asked for.
      if (error instanceof UsageError) this.#out = this.#base.with({ json: words.includes("--json") });
      throw error;
    }
  }
}

function unforeseen(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return { code: "internal", message: `internal error: ${printable(message)}`, exit: ExitCode.REFUSED };
}

/** A connection that stands too late to be wanted is closed. */
async function unlessCanceled(connecting: Promise<Client>, signal: AbortSignal): Promise<Client> {
  try {
    return await unlessAborted(connecting, signal);
  } catch (error) {
    connecting.then((late) => late.abort(), () => {});
    throw error;
  }
}

async function sayGoodbye(client: Client | undefined): Promise<void> {
  if (!client) return;
  const inTime = after(LEAVE_MS, () => client.abort());
  await client.close();
  inTime();
}
