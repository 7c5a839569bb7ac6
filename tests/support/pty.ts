/**
 * A program in a real terminal: util-linux `script` makes one.
 *
 * @module
 */

import { FTP } from "./programs.ts";
import { TempFolder } from "./temp_folder.ts";
import { Transcript } from "./transcript.ts";

/** The size of the terminal. */
export const COLUMNS = 100;
/** The size of the terminal. */
export const ROWS = 30;

/** Keys that have names. */
export const Key = {
  ENTER: "\r",
  TAB: "\t",
  UP: "\x1b[A",
  CTRL_C: "\x03",
  CTRL_D: "\x04",
  CTRL_Z: "\x1a",
} as const;

/** The prompt of `ftp`; what stands before the `>` says where it is connected. */
export const PROMPT = /ftp ([^\n>]+)> /;

/** Options of {@linkcode openTerminal}. */
export interface TerminalOptions {
  /** The folder it runs in. */
  cwd?: string;
  /** More of the environment. */
  env?: Record<string, string>;
}

/** A program that runs in a terminal. Ended at the end of its block: `await using terminal = openTerminal(...)`. */
export class TestTerminal implements AsyncDisposable {
  /** All that came, escape sequences included. */
  readonly raw: Transcript;
  /** All that came, without escape sequences. */
  readonly screen: Transcript;
  /** Resolves to the exit code of the program. */
  readonly exited: Promise<number>;
  readonly #child: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array>;
  readonly #home: TempFolder;
  readonly #errors: Promise<string>;
  #seen = 0;

  /** For {@linkcode openTerminal} only. */
  constructor(child: Deno.ChildProcess, home: TempFolder) {
    this.#child = child;
    this.#home = home;
    const [one, other] = child.stdout.tee();
    this.raw = new Transcript(one);
    this.screen = new Transcript(other, plain);
    this.#errors = new Response(child.stderr).text();
    this.#keyboard = child.stdin.getWriter();
    this.exited = child.status.then(({ code }) => code);
  }

  /**
   * Types.
   *
   * @param text what to type; Enter is not added
   */
  async type(text: string): Promise<void> {
    await this.#keyboard.write(new TextEncoder().encode(text));
  }

  /**
   * Types a line and Enter.
   *
   * @param text the line
   */
  async enter(text: string): Promise<void> {
    await this.type(text + Key.ENTER);
  }

  /**
   * Waits until something comes that was not waited for yet.
   *
   * @param pattern text, or a regular expression without `g`
   * @param timeout in milliseconds
   * @returns the match
   * @throws {Error} with what came instead
   */
  async waitFor(pattern: string | RegExp, timeout?: number): Promise<RegExpExecArray> {
    const match = await this.screen.waitFor(pattern, { from: this.#seen, timeout });
    this.#seen = match.index + match[0].length;
    return match;
  }

  /** Ends it, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    // `script` ends when the program has; were it killed itself, the program would live on for a moment.
    const { pid } = this.#child;
    try {
      const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").map(Number);
      for (const victim of children[0] > 0 ? children.filter((child) => child > 0) : [pid]) {
        Deno.kill(victim, "SIGKILL");
      }
    } catch { /* it has ended */ }
    await this.#child.status;
    await this.#keyboard.close().catch(() => {});
    await Promise.all([this.raw.ended, this.screen.ended, this.#errors]);
    this.#home[Symbol.dispose]();
  }
}

/**
 * Starts the shell of `ftp` in a terminal and waits for its prompt.
 *
 * @param args its arguments
 * @param options see {@linkcode TerminalOptions}
 */
export async function openShell(args: string[] = [], options: TerminalOptions = {}): Promise<TestTerminal> {
  const terminal = openTerminal([FTP, ...args], options);
  try {
    await terminal.waitFor(PROMPT);
    return terminal;
  } catch (error) {
    await terminal[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Starts a program in a terminal.
 *
 * @param command the program and its arguments
 * @param options see {@linkcode TerminalOptions}
 */
export function openTerminal(command: string[], options: TerminalOptions = {}): TestTerminal {
  const home = new TempFolder(); // so that no test reads or writes the history of whoever runs it
  const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qefc", `stty cols ${COLUMNS} rows ${ROWS}; exec ${words}`, "/dev/null"],
    cwd: options.cwd,
    env: { TERM: "xterm-256color", SHELL: "/bin/sh", NO_COLOR: "", XDG_STATE_HOME: home.path, ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new TestTerminal(child, home);
}

/** Without escape sequences and carriage returns. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[=>()][0-9A-Za-z]?)/g, "").replaceAll("\r", "");
}
