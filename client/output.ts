/**
 * What ftp prints: results on standard output, everything else on standard error.
 *
 * @module
 */

import { diskError } from "../disk/errors.ts";
import { escapeUnprintable } from "../protocol/path.ts";
import type { Failure } from "./errors.ts";
import { printable } from "./format.ts";

/** How results are printed. */
export interface OutputOptions {
  /** One JSON object a result instead of text. */
  json: boolean;
  /** Only what was asked for and errors, and that a name was taken: no confirmations, no notes. */
  quiet: boolean;
  /** Each of many things that are done, too. */
  verbose: boolean;
}

/**
 * What the command line says of it.
 *
 * @param on the options without a value that were given
 */
export function outputOptions(on: ReadonlySet<string>): OutputOptions {
  return { json: on.has("json"), quiet: on.has("quiet"), verbose: on.has("verbose") };
}

const CLEAR_LINE = "\r\x1b[K";

const encoder = new TextEncoder();

/** Where a command puts what it has to say. */
export class Output {
  readonly #options: OutputOptions;

  /** @param options see {@linkcode OutputOptions} */
  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /** Whether results are JSON. */
  get json(): boolean {
    return this.#options.json;
  }

  /** Whether confirmations and notes are left out. */
  get quiet(): boolean {
    return this.#options.quiet;
  }

  /** Whether each of many things is told. */
  get verbose(): boolean {
    return this.#options.verbose;
  }

  /**
   * The same output with other options, for one command.
   *
   * @param options the ones to set; those that are on stay on
   */
  with({ json = false, quiet = false, verbose = false }: Partial<OutputOptions>): Output {
    return new Output({ json: this.json || json, quiet: this.quiet || quiet, verbose: this.verbose || verbose });
  }

  /**
   * Something that was asked for.
   *
   * @param value as JSON
   * @param text as text, without a newline at its end
   */
  result(value: object, text: string): void {
    this.#out(this.json ? escapeUnprintable(JSON.stringify(value)) : text);
  }

  /**
   * The confirmation that something was done. Left out with `quiet`, but where it was done otherwise than was asked for.
   *
   * @param value as JSON
   * @param text as text
   * @param asAsked whether nobody needs to know
   */
  done(value: object, text: string, asAsked = true): void {
    if (!this.quiet || !asAsked) this.result(value, text);
  }

  /**
   * One of many things that were done, which a summary follows. As text it is shown with `verbose` only; with `quiet` only where
   * it was done otherwise than was asked for.
   *
   * @param value as JSON
   * @param text makes it as text
   * @param asAsked whether nobody needs to know
   */
  step(value: object, text: () => string, asAsked = true): void {
    if (this.quiet ? asAsked : !(this.json || this.verbose)) return;
    if (!this.json && Deno.stderr.isTerminal()) writeAll(Deno.stderr, CLEAR_LINE); // there may be a progress line
    this.result(value, this.json ? "" : text());
  }

  /** Text that belongs to results shown to people. Left out with `json` and `quiet`. */
  text(text: string): void {
    if (!this.json && !this.quiet) this.#out(text);
  }

  /** A note beside the results, on standard error. Left out with `quiet`. */
  note(text: string): void {
    if (!this.quiet) this.#error(this.json ? asJson({ note: text }) : text);
  }

  /** A failure, on standard error. Its message may quote what a server sent, or be its own words. */
  failure({ code, message, path }: Failure): void {
    this.#error(this.json ? asJson({ error: { code, message, path } }) : `ftp: ${printable(message)}`);
  }

  /**
   * Raw bytes of a file.
   *
   * @returns resolves when they have been taken
   */
  async bytes(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    } catch (error) {
      throw outputError(error);
    }
  }

  #out(text: string): void {
    try {
      writeAll(Deno.stdout, `${text}\n`);
    } catch (error) {
      throw outputError(error);
    }
  }

  #error(text: string): void {
    const clear = Deno.stderr.isTerminal() ? CLEAR_LINE : ""; // there may be a progress line
    writeAll(Deno.stderr, `${clear}${text}\n`);
  }
}

/** Standard output fails as a local file does: its disk may be full. Its reader being gone is nobody's fault. */
function outputError(error: unknown): unknown {
  return error instanceof Deno.errors.BrokenPipe ? error : diskError(error, "writing to standard output");
}

function asJson(value: object): string {
  return escapeUnprintable(JSON.stringify(value));
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}
