/**
 * The interactive shell.
 *
 * @module
 */

import { bold, cyan, dim } from "@std/fmt/colors";
import { onHangUp } from "../../disk/signals.ts";
import { CommandError } from "../../protocol/errors.ts";
import { SOFTWARE } from "../../protocol/version.ts";
import { commandList } from "../commands/help.ts";
import { ExitCode } from "../errors.ts";
import { printable } from "../format.ts";
import { complete } from "./completion.ts";
import { History } from "./history.ts";
import type { Runner } from "./runner.ts";
import { Terminal } from "./terminal.ts";

/** How long a canceled command may take to end before another Ctrl-C closes the connection, in milliseconds. */
const CANCEL_MS = 2000;
/** How long a command may take to end once its connection was closed, in milliseconds. */
const ABANDON_MS = 1000;

/** Options of {@linkcode runShell}. */
export interface ShellOptions {
  /** What runs the commands. */
  runner: Runner;
  /** Whether to connect at the start. */
  connect: boolean;
}

/**
 * Runs the shell until the person leaves.
 *
 * @param options see {@linkcode ShellOptions}
 * @returns what to exit with
 */
export async function runShell({ runner, connect }: ShellOptions): Promise<ExitCode> {
  const shell = new Shell(runner);
  return await shell.run(connect);
}

/** What the shell is doing. */
type State = "prompt" | "running" | "asking" | "over";

class Shell {
  readonly #runner: Runner;
  readonly #history = new History();
  readonly #over = Promise.withResolvers<void>();
  #terminal!: Terminal;
  #state: State = "running";
  /** Lines typed ahead; `null` is Ctrl-D. */
  #ahead: (string | null)[] = [];
  #answer: PromiseWithResolvers<string> | undefined;
  #prompt = "";
  #exit: ExitCode = ExitCode.DONE;
  /** How far the running command has been canceled. */
  #cancellation: "none" | "asked" | "overdue" | "disconnected" = "none";
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the waiting for a command that does not end by itself. */
  #abandon = Promise.withResolvers<void>();

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  async run(connect: boolean): Promise<ExitCode> {
    const runner = this.#runner;
    runner.interactive = runner.readsCommands = true;
    runner.ask = (question) => this.#ask(question);
    this.#terminal = await Terminal.open({
      line: (line) => this.#typed(line),
      interrupt: () => this.#interrupt(),
      end: () => this.#typed(null),
      gone: () => this.#gone(),
      complete: (line) =>
        complete(line, {
          commands: runner.commands,
          client: runner.where === undefined ? undefined : runner.client,
          remoteFolder: runner.remoteFolder,
          defaultAddress: runner.defaultAddress,
        }),
    }, this.#history.read());
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      runner.report(event.reason);
    });
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      runner.report(event.error);
    });
    const end = () => {
      this.#exit = ExitCode.INTERRUPTED;
      this.#gone();
      setTimeout(() => this.#end(), CANCEL_MS);
    };
    Deno.addSignalListener("SIGTERM", end);
    onHangUp(end);
    runner.out.note(menu(runner));
    if (connect) await this.#execute("connme");
    await this.#next();
    await this.#over.promise;
    this.#terminal.close(); // or the terminal would stay as readline needs it
    return this.#exit;
  }

  /** Runs what was typed ahead, then shows the prompt. */
  async #next(): Promise<void> {
    this.#state = "running";
    while (!this.#runner.ended && this.#ahead.length > 0) {
      const line = this.#takeAhead();
      this.#terminal.print(`${this.#promptText()}${line ?? ""}\n`);
      await this.#obey(line);
    }
    if (this.#runner.ended) return this.#end();
    this.#state = "prompt";
    this.#terminal.prompt(this.#prompt = this.#promptText());
  }

  #promptText(): string {
    const { where, remoteFolder } = this.#runner;
    if (where === undefined) return `ftp ${dim("(not connected)")}> `;
    return `ftp ${cyan(where)}:${bold(printable(remoteFolder))}> `;
  }

  #takeAhead(): string | null {
    return this.#ahead.shift() ?? null;
  }

  #end(): void {
    this.#state = "over";
    this.#over.resolve();
  }

  /** Runs a line that was typed, or what Ctrl-D means. */
  async #obey(line: string | null): Promise<void> {
    if (line !== null) this.#history.add(line);
    await this.#execute(line ?? "byebye");
  }

  async #execute(line: string): Promise<void> {
    this.#state = "running";
    this.#terminal.hide();
    this.#cancellation = "none";
    this.#abandon = Promise.withResolvers();
    await Promise.race([this.#runner.run(line), this.#abandon.promise]);
    clearTimeout(this.#timer);
  }

  /** A line, or `null` for Ctrl-D. */
  #typed(line: string | null): void {
    switch (this.#state) {
      case "prompt":
        if (line === null) this.#terminal.print("\n");
        this.#obey(line).then(() => this.#next());
        return;
      case "asking":
        if (line === null) this.#terminal.print("\n");
        this.#settle(line);
        return;
      case "running":
        this.#ahead.push(line);
        return;
      case "over":
        return;
    }
  }

  #ask(question: string): Promise<string> {
    this.#answer = Promise.withResolvers();
    const { promise } = this.#answer;
    this.#state = "asking";
    // What was typed ahead answers, as on any terminal.
    if (this.#ahead.length > 0) {
      const line = this.#takeAhead();
      this.#terminal.print(`${question}${line ?? ""}\n`);
      this.#settle(line);
    } else this.#terminal.prompt(question, false);
    return promise;
  }

  #settle(line: string | null): void {
    const answer = this.#answer;
    this.#answer = undefined;
    this.#state = "running";
    this.#terminal.hide();
    if (line !== null) answer?.resolve(line);
    else answer?.reject(new CommandError("canceled", "canceled"));
  }

  /** Ctrl-C. */
  #interrupt(): void {
    switch (this.#state) {
      case "prompt":
        this.#terminal.clearLine();
        this.#terminal.prompt(this.#prompt);
        return;
      case "asking":
        this.#ahead = [];
        this.#terminal.clearLine();
        this.#settle(null);
        return;
      case "running":
        this.#ahead = [];
        this.#cancel();
        return;
      case "over":
        return;
    }
  }

  /** The first time politely; when that does not help, with force. */
  #cancel(): void {
    const { out } = this.#runner;
    switch (this.#cancellation) {
      case "none":
        this.#cancellation = "asked";
        out.note("^C"); // the answer may take a moment
        this.#runner.cancel();
        this.#timer = setTimeout(() => {
          this.#cancellation = "overdue";
          out.note("The server has not answered yet; Ctrl-C again closes the connection.");
        }, CANCEL_MS);
        return;
      case "overdue":
        this.#cancellation = "disconnected";
        this.#runner.disconnect();
        this.#timer = setTimeout(() => {
          out.note("The command does not end; going on without it.");
          this.#abandon.resolve();
        }, ABANDON_MS);
        return;
      case "asked":
      case "disconnected":
        return;
    }
  }

  /** Nobody is there any more. */
  #gone(): void {
    this.#ahead = [];
    this.#runner.cancel();
    if (this.#state === "asking") this.#settle(null);
    this.#typed(null);
  }
}

function menu(runner: Runner): string {
  return `${bold(SOFTWARE)}\n\n${commandList(runner.commands)}\n\n` +
    `Tab completes; help COMMAND tells more; connme alone connects to ${runner.defaultAddress}.\n`;
}
