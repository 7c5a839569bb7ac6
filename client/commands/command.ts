/**
 * What a command of ftp is: used by the shell and by one-shot runs alike.
 *
 * @module
 */

import type { Arguments, Context } from "../context.ts";

/** What a positional argument names, for completion with Tab. */
export type ArgumentKind = "remote" | "remote-folder" | "local" | "local-folder" | "command" | "host" | "none";

/** One command. Everything that help, parsing and completion need to know is data. */
export interface Command {
  /** What one types. */
  readonly name: string;
  /** Other names. */
  readonly aliases?: readonly string[];
  /** Its arguments and options as one line, such as `FILE [LOCAL] [--no-show]`. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  /** More, for `help COMMAND`. */
  readonly details?: string;
  /** What its positional arguments are; the last one counts for all that follow it. */
  readonly arguments: readonly ArgumentKind[];
  /** The option with which they come the other way round. */
  readonly reversedBy?: string;
  /** Least and greatest number of positional arguments. */
  readonly count: readonly [number, number];
  /** Its options: the name without dashes, and what `help COMMAND` says. A letter is a short option. */
  readonly options?: Readonly<
    Record<string, { readonly help: string; readonly value?: string; readonly short?: string }>
  >;
  /** Whether it works without a connection. */
  readonly offline?: boolean;
  /**
   * Does it.
   *
   * @throws {CommandError} {@linkcode DiskError} {@linkcode UsageError} {@linkcode ProtocolError}
   */
  run(context: Context, args: Arguments): void | Promise<void>;
}
