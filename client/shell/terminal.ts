/**
 * The terminal: one readline for the life of the shell.
 *
 * @module
 */

import type { Interface } from "node:readline";
import { suspend } from "../../disk/signals.ts";
import { terminalSize } from "../terminal_size.ts";
import { measureFor } from "../text_width.ts";
import { sideBySide } from "./columns.ts";
import { commonStart, type Completion } from "./completion.ts";

/** The key for completion, and what is to be heard where it cannot go on. */
const TAB = 9;
const BELL = "\x07";

/** What a person can do besides typing a line. */
export interface TerminalEvents {
  /** A line was typed. */
  line(line: string): void;
  /** Ctrl-C. */
  interrupt(): void;
  /** Ctrl-D on an empty line. */
  end(): void;
  /** The terminal is gone. */
  gone(): void;
  /** Tab. */
  complete(line: string): Promise<Completion>;
}

/** Line editing. While it is {@linkcode Terminal.hide hidden}, what is typed is kept and shown with the next prompt. */
export class Terminal {
  readonly #readline: Interface;
  readonly #screen: Screen;
  readonly #close: () => void;
  /** Set while the lines that are typed are not to be remembered. */
  #kept: string[] | undefined;
  /** The line in which Tab was last pressed. */
  #tabbedAt: string | undefined;

  private constructor(readline: Interface, screen: Screen, close: () => void) {
    this.#readline = readline;
    this.#screen = screen;
    this.#close = close;
  }

  /**
   * Takes over the terminal.
   *
   * @param events what to do with what the person does
   * @param history lines of earlier runs, the oldest first
   */
  static async open(events: TerminalEvents, history: string[]): Promise<Terminal> {
    // Loaded here because one-shot runs, which do without, shall start quickly: a bundle loads what is imported above.
    const [{ createInterface }, { default: process }, { Transform, Writable }] = await Promise.all([
      import("node:readline"),
      import("node:process"),
      import("node:stream"),
    ]);
    const screen = new Screen();
    const output = new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        screen.draw(chunk);
        done();
      },
    });
    // Of keys that arrive together, as over a slow line, readline takes a Tab for a character of a text that is pasted.
    const input = new Transform({
      transform(keys: Uint8Array, _encoding, done) {
        for (let at = 0; at < keys.length;) {
          const tab = keys.indexOf(TAB, at);
          const end = tab === at ? at + 1 : tab < 0 ? keys.length : tab;
          this.push(keys.subarray(at, end));
          at = end;
        }
        done();
      },
    });
    Object.assign(input, { setRawMode: (raw: boolean) => process.stdin.setRawMode(raw) });
    process.stdin.pipe(input);
    Object.defineProperty(output, "columns", { get: () => terminalSize().columns });
    const readline = createInterface({
      input,
      output,
      terminal: true,
      history: history.toReversed(),
      historySize: 1000,
      removeHistoryDuplicates: false,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        events.complete(line).then(({ words, names, raw }) => {
          const isAgain = terminal.#tabbedAt === line;
          terminal.#tabbedAt = line;
          if (commonStart(words).length > raw.length) return done(null, [words, raw]);
          // Where it cannot go on by itself, readline says nothing at first, and then all that there is, with its folders.
          done(null, [[], raw]);
          if (isAgain && words.length > 1) return terminal.#show(names);
          screen.print(BELL);
        });
      },
    });
    const close = readline.close.bind(readline);
    const terminal: Terminal = new Terminal(readline, screen, close);
    // readline closes itself on Ctrl-D, for good; but where a question was asked, only that has been answered.
    readline.close = () => events.end();
    readline.on("line", events.line);
    readline.on("SIGINT", events.interrupt);
    // Ctrl-Z: readline would stop the process by a call that we may not make.
    readline.on("SIGTSTP", () => {
      process.stdin.setRawMode(false);
      suspend();
      process.stdin.setRawMode(true);
      if (!screen.hidden) terminal.#redraw();
    });
    readline.on("history", (lines) => {
      if (terminal.#kept) lines.splice(0, lines.length, ...terminal.#kept);
    });
    Deno.addSignalListener("SIGWINCH", () => output.emit("resize"));
    process.stdin.on("end", events.gone);
    process.stdin.on("error", events.gone);
    return terminal;
  }

  /**
   * Shows a prompt with what was already typed behind it.
   *
   * @param text of the prompt
   * @param remember whether the line that is typed there goes into the history
   */
  prompt(text: string, remember = true): void {
    // deno-lint-ignore no-explicit-any -- the history is documented, but not declared
    this.#kept = remember ? undefined : [...(this.#readline as any).history];
    this.#screen.hidden = false;
    this.#readline.setPrompt(text);
    this.#readline.prompt(true);
  }

  /** Hides what is typed, until the next prompt. */
  hide(): void {
    this.#screen.hidden = true;
  }

  /** Throws away what was typed of a line, and leaves it on the screen as it was. */
  clearLine(): void {
    this.#readline.write(null, { ctrl: true, name: "e" });
    this.print("^C\n");
    this.hide();
    this.#readline.write(null, { ctrl: true, name: "u" });
  }

  /** Writes text that belongs to the dialog. */
  print(text: string): void {
    this.#screen.print(text);
  }

  /** Shows what the word at the end of the line could become. */
  async #show(names: string[]): Promise<void> {
    const lines = sideBySide(names, terminalSize().columns, await measureFor(names));
    if (this.#screen.hidden) return;
    this.print(`\n${lines.join("\n")}\n`);
    this.#redraw();
  }

  /** Shows the prompt and what was typed once more, on a line of its own. */
  #redraw(): void {
    // deno-lint-ignore no-explicit-any -- how far above the cursor the line began: it begins anew
    (this.#readline as any).prevRows = 0;
    this.#readline.prompt(true);
  }

  /** Gives the terminal back. */
  close(): void {
    this.#close();
  }
}

/** What is written to the terminal, readline's drawing among it. */
class Screen {
  /** Whether readline draws nothing. */
  hidden = true;
  readonly #terminal = Deno.stdout.isTerminal() ? Deno.stdout : Deno.stderr;

  print(text: string): void {
    this.#write(new TextEncoder().encode(text));
  }

  draw(bytes: Uint8Array): void {
    if (!this.hidden) this.#write(bytes);
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) at += this.#terminal.writeSync(bytes.subarray(at));
    } catch { /* the terminal is gone, and its input will say so */ }
  }
}
