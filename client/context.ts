/**
 * What commands and transfers work with.
 *
 * @module
 */

import type { Client } from "./client.ts";
import type { Command } from "./commands/command.ts";
import type { Output } from "./output.ts";
import type { Meter } from "./shell/progress.ts";
import type { Connector } from "./transfer/retry.ts";

/** What a command works with. */
export interface Context extends Connector {
  /** Where results and notes go. */
  readonly out: Output;
  /** Whether commands come from standard input, so that none of them may read it. */
  readonly readsCommands: boolean;
  /** Every command there is. */
  readonly commands: readonly Command[];
  /** The remote folder that the person is in; always starts with `/`. */
  remoteFolder: string;
  /** Connects, leaving the server that it was connected to. Without an argument: the server given at the start. */
  connect(address?: string): Promise<void>;
  /** One more connection to the server that it is connected to; to be closed by whoever asked for it. */
  dial(): Promise<Client>;
  /** Says goodbye, and ends the shell. */
  leave(): Promise<void>;
  /** Asks the person at the terminal and returns the answer; `undefined` where there is nobody to ask. */
  ask?(question: string): Promise<string>;
  /** A progress line for one transfer; it shows itself only where that makes sense. */
  meter(name: string, total: number | undefined): Meter;
}

/** The arguments of one call, parsed. */
export interface Arguments {
  /** Positional arguments. */
  readonly args: readonly string[];
  /** Options without a value, by name. */
  readonly on: ReadonlySet<string>;
  /** Options with a value, by name; of several values, the last. */
  readonly values: ReadonlyMap<string, string>;
  /** The same, with all values. */
  readonly all: ReadonlyMap<string, readonly string[]>;
}
