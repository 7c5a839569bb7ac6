/**
 * The command line of ftp.
 *
 * @module
 */

import { DEFAULT_TIMEOUT } from "./client.ts";
import type { Command } from "./commands/command.ts";
import { commandList } from "./commands/help.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "./commands/parse.ts";
import { UsageError } from "./errors.ts";
import { DEFAULT_RETRIES } from "./transfer/retry.ts";

/** What ftp was called for. */
export interface Invocation {
  /** Options without a value: `json`, `quiet`, `verbose`, `help`, `version`. */
  on: ReadonlySet<string>;
  /** The server, as it was written. */
  address?: string;
  /** The command and its arguments; empty when there is none. */
  words: string[];
  /** A file of commands; `-` is standard input. */
  file?: string;
  /** Seconds that the server may be silent. */
  timeout?: number;
  /** How often to try again in vain when the connection was lost. */
  retries?: number;
  /** Bytes a second that may go each way. */
  limitRate?: number;
}

const USAGE = "ftp [OPTIONS] [HOST[:PORT] [COMMAND [ARG...]]]";

const OPTIONS: Options = {
  ...COMMON_OPTIONS,
  timeout: { value: "SECONDS", help: `how long the server may be silent (${DEFAULT_TIMEOUT})` },
  retries: {
    value: "COUNT",
    help: `how often to connect in vain, in a transfer (${DEFAULT_RETRIES}), or at the start of a command (1)`,
  },
  "limit-rate": { value: "RATE", help: "move at most so many bytes a second each way, such as 500K or 2M" },
  file: { short: "f", value: "FILE", help: "run the commands in FILE, one a line" },
  help: { short: "h", help: "show this" },
  version: { short: "V", help: "show the version" },
};

/** Those that no command has: behind one they would only be unknown to it. */
const OWN_OPTIONS = new Set(["--timeout", "--retries", "--limit-rate", "--file"]);

/**
 * Reads the command line. Options stand before or behind the address; those behind the command are the command's.
 *
 * @param args as the system gives them
 * @throws {UsageError} that says what is wrong and how ftp is called
 *
 * @example
 * ```ts
 * import { readInvocation } from "./invocation.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { address, words, limitRate } = readInvocation(["--limit-rate", "1.5M", "localhost", "ls", "-l"]);
 * assertEquals(address, "localhost");
 * assertEquals(words, ["ls", "-l"]);
 * assertEquals(limitRate, 1572864);
 * ```
 */
export function readInvocation(args: readonly string[]): Invocation {
  const before = parseOptions(OPTIONS, args, wrong, true);
  const behind = parseOptions(OPTIONS, before.args.slice(1), wrong, true);
  const value = (name: string) => behind.values.get(name) ?? before.values.get(name);
  const invocation = {
    on: new Set([...before.on, ...behind.on]),
    address: before.args[0],
    words: [...behind.args],
    file: value("file"),
    timeout: seconds(value("timeout")),
    retries: count(value("retries")),
    limitRate: rate(value("limit-rate")),
  };
  const end = invocation.words.indexOf("--");
  const misplaced = (end < 0 ? invocation.words : invocation.words.slice(0, end))
    .map((word) => word.split("=")[0])
    .find((word) => OWN_OPTIONS.has(word));
  if (misplaced !== undefined) throw wrong(`the option ${misplaced} stands before the command`);
  if (invocation.file !== undefined && invocation.words.length > 0) {
    throw wrong("there is a file of commands and a command");
  }
  return invocation;
}

/**
 * What `--help` shows.
 *
 * @param commands the table
 */
export function helpText(commands: readonly Command[]): string {
  const options = Object.entries(OPTIONS).map(([name, { short, value, help }]) => {
    const option = `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`;
    return `  ${option.padEnd(20)} ${help}`;
  });
  return [
    "ftp - works with the files that ftpd, the server of connme, serves",
    "",
    `Usage: ${USAGE}`,
    "",
    "Without COMMAND: the shell, or where standard input is no terminal, the commands that come from it.",
    "",
    ...options,
    "",
    "Commands (help COMMAND tells more):",
    "",
    commandList(commands),
    "",
    "Exit codes: 0 done; 1 refused, or not there; 2 wrong usage; 3 no connection, or lost; 4 verification failed;",
    "5 a local file problem; 130 interrupted; 141 nobody reads the output any more.",
  ].join("\n");
}

function wrong(what: string): UsageError {
  return new UsageError(`${what}; usage: ${USAGE}`);
}

function count(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) throw wrong("--retries takes a whole number");
  return Number(text);
}

/** How a rate is written, and what its unit stands for. */
const RATE = /^(\d+(?:\.\d+)?)(?:([KMG])(?:i?B)?)?$/i;
const UNITS: Record<string, number> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
/** At less than this, one frame would take longer than most servers wait. */
const LEAST_BYTES_PER_SECOND = 16 * 1024;

function rate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = ""] = RATE.exec(text) ?? [];
  const value = Number(number) * UNITS[unit.toUpperCase()];
  if (!(value >= LEAST_BYTES_PER_SECOND)) {
    throw wrong("--limit-rate takes bytes a second, such as 500K or 2M, and at least 16K");
  }
  return value;
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  // The greatest is what a timer can take.
  if (!(value > 0 && value <= 2_000_000)) {
    throw wrong("--timeout takes a number of seconds, more than 0 and at most 2000000");
  }
  return value;
}
