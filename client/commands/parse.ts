/**
 * Words to a command and its arguments, by what the table of commands says of it.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import type { Arguments } from "../context.ts";
import { UsageError } from "../errors.ts";
import { printable } from "../format.ts";
import { nearest } from "../nearest.ts";
import type { Command } from "./command.ts";

/** The options of a command, or of the program itself. */
export type Options = NonNullable<Command["options"]>;

/** Options that every command takes. */
export const COMMON_OPTIONS: Options = {
  json: { help: "one JSON object per result" },
  quiet: { short: "q", help: "only results and errors" },
  verbose: { short: "v", help: "tell each file of a transfer, each step of a sync" },
};

/** A command to run, with what to run it on. */
export interface Call extends Arguments {
  /** The command. */
  readonly command: Command;
}

/**
 * Finds a command by its name or one of its aliases, in upper or lower case.
 *
 * @param commands the table
 * @param name as it was typed
 */
export function findCommand(commands: readonly Command[], name: string): Command | undefined {
  const lower = name.toLowerCase();
  return commands.find((command) => command.name === lower || command.aliases?.includes(lower));
}

/**
 * What to throw for a name that {@linkcode findCommand} does not know.
 *
 * @param commands the table
 * @param name as it was typed
 */
export function unknownCommand(commands: readonly Command[], name: string): UsageError {
  const meant = nearest(name, commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
  const hint = /^\d+$/.test(name)
    ? `a port goes behind the host, as in localhost:${name}`
    : meant
    ? `did you mean ${meant}?`
    : "help lists them all";
  return new UsageError(`there is no command "${printable(name)}"; ${hint}`);
}

/**
 * Reads a command line.
 *
 * @param commands the table
 * @param words the command and its arguments; at least one
 * @throws {UsageError} that says what is wrong and how the command goes
 */
export function parseCall(commands: readonly Command[], words: readonly string[]): Call {
  const [name, ...rest] = words;
  const command = findCommand(commands, name);
  if (!command) throw unknownCommand(commands, name);
  const wrong = (what: string) =>
    new UsageError(`${command.name}: ${what}; usage: ${command.name} ${command.usage}`.trimEnd());
  const end = rest.indexOf("--");
  const help = findCommand(commands, "help");
  if (help && (end < 0 ? rest : rest.slice(0, end)).includes("--help")) {
    return { command: help, args: [command.name], on: new Set(), values: new Map(), all: new Map() };
  }
  const parsed = parseOptions({ ...COMMON_OPTIONS, ...command.options }, rest, wrong);
  const [least, most] = command.count;
  if (parsed.args.length < least) {
    throw wrong(parsed.args.length === 0 ? "an argument is missing" : "too few arguments");
  }
  if (parsed.args.length > most) throw wrong(most === 0 ? "it takes no arguments" : "too many arguments");
  // Most often a variable of a script that is not set: it must not mean the current folder, to rm and sync least of all.
  if (parsed.args.includes("")) throw wrong("an argument is empty; . is the current folder");
  return { command, ...parsed };
}

/**
 * Splits words into options and positional arguments. A lone `-` is positional, and so is all that follows `--`.
 *
 * @param options the ones there are
 * @param words to be split
 * @param wrong makes the error to throw from what is wrong
 * @param stopEarly whether everything behind the first positional argument is positional, too
 * @throws what `wrong` returned, for an unknown option, a value where there is none to be, or a missing one
 */
export function parseOptions(
  options: Options,
  words: readonly string[],
  wrong: (what: string) => Error,
  stopEarly = false,
): Arguments {
  const names = Object.keys(options);
  const flags = names.filter((name) => options[name].value === undefined);
  const valued = names.filter((name) => options[name].value !== undefined);
  const end = words.indexOf("--");
  for (const word of end < 0 ? words : words.slice(0, end)) {
    const flag = flags.find((name) => word.startsWith(`--${name}=`));
    if (flag) throw wrong(`the option --${flag} takes no value`);
  }
  let unknown: string | undefined;
  const parsed: Record<string, unknown> & { _: string[]; "--"?: string[] } = parseArgs(words.map(guard), {
    boolean: flags,
    string: [...valued, "_"],
    collect: names,
    alias: Object.fromEntries(names.flatMap((name) => options[name].short ? [[name, options[name].short]] : [])),
    "--": true,
    stopEarly,
    unknown: (arg, key) => {
      if (key === undefined) return true; // positional
      unknown ??= arg.startsWith("--") ? arg.split("=")[0] : `-${key}`;
      return false;
    },
  });
  if (unknown !== undefined) {
    const meant = unknown.startsWith("--") ? nearest(unknown.slice(2), names) : undefined;
    throw wrong(`unknown option ${printable(unknown)}${meant ? `, did you mean --${meant}?` : ""}`);
  }
  const given = (name: string) => parsed[name] as unknown[];
  for (const name of flags) {
    // `-l5` and `-l=5`
    if (given(name).some((value) => value !== true)) throw wrong(`the option --${name} takes no value`);
  }
  const all = new Map<string, string[]>();
  for (const name of valued) {
    const values = given(name);
    if (values.includes("")) throw wrong(`the option --${name} needs a value: ${options[name].value}`);
    if (values.length > 0) all.set(name, values.map((value) => unguard(String(value))));
  }
  const behind = parsed["--"] ?? [];
  // parseArgs takes `--` out even where it belongs to the words that were not to be looked at.
  const marker = stopEarly && parsed._.length > 0 && words.includes("--") ? ["--"] : [];
  return {
    args: [...parsed._, ...marker, ...behind].map(unguard),
    on: new Set(flags.filter((name) => given(name).length > 0)),
    values: new Map([...all].map(([name, values]) => [name, values.at(-1)!])),
    all,
  };
}

/** In no word, as neither a program's argument nor a name can contain it. */
const GUARD = "\0";

/**
 * parseArgs takes a word `true` or `false` behind an option without a value for its value: `rm --yes true` would not
 * delete the file of that name.
 */
function guard(word: string): string {
  return word === "true" || word === "false" ? GUARD + word : word;
}

function unguard(word: string): string {
  return word.replace(GUARD, "");
}
