/**
 * The settings of ftpd: a flag beats the environment, which beats the file, which beats the default.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import * as v from "valibot";

/** Bad settings: the message is for the operator, and the exit code is 2. */
export class ConfigError extends Error {
  /** The name of the class, for logs. */
  override name = "ConfigError";
}

const number = v.number("must be a number");
const yesOrNo = v.boolean("must be true or false");
const oneOf = <const T extends readonly string[]>(words: T) =>
  v.picklist(words, `must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
const PORT_RANGE = "must be a whole number from 0 to 65535";
const port = v.pipe(
  v.number(PORT_RANGE),
  v.integer(PORT_RANGE),
  v.minValue(0, PORT_RANGE),
  v.maxValue(65535, PORT_RANGE),
);
/** At most what a timer takes: 2^31 milliseconds are a little more. */
const seconds = v.pipe(
  number,
  v.minValue(0.1, "must be at least 0.1"),
  v.maxValue(2_000_000, "must be at most 2000000"),
);

interface Setting {
  readonly schema: v.GenericSchema;
  readonly fallback: string | number | boolean;
  /** What the value is called in the help; none for a switch. */
  readonly value?: string;
  readonly help: string;
}

/** Every setting, with the name that it has as a flag (`--NAME`), in the environment (`FTPD_NAME`) and in the file. */
const SETTINGS = {
  host: { schema: v.string("must be text"), fallback: "127.0.0.1", value: "ADDRESS", help: "address to listen on" },
  port: { schema: port, fallback: 8080, value: "PORT", help: "port to listen on; 0 picks a free one" },
  "on-collision": {
    schema: oneOf(["rename", "overwrite", "fail"]),
    fallback: "rename",
    value: "WHAT",
    help: "an upload whose name is taken: rename, overwrite or fail",
  },
  "read-only": { schema: yesOrNo, fallback: false, help: "refuse everything that changes a file" },
  "idle-timeout": { schema: seconds, fallback: 900, value: "SECONDS", help: "close a client silent for so long" },
  "max-connections": {
    schema: v.pipe(number, v.integer("must be a whole number"), v.minValue(1, "must be at least 1")),
    fallback: 1000,
    value: "COUNT",
    help: "refuse clients beyond so many",
  },
  workers: {
    schema: v.pipe(
      number,
      v.integer("must be a whole number"),
      v.minValue(1, "must be at least 1"),
      v.maxValue(256, "must be at most 256"),
    ),
    fallback: 1,
    value: "COUNT",
    help: "threads that serve, for many clients on many cores",
  },
  "partial-ttl": {
    schema: v.pipe(number, v.minValue(0.01, "must be at least 0.01"), v.maxValue(1_000_000, "must be at most 1000000")),
    fallback: 168,
    value: "HOURS",
    help: "remove what an interrupted upload left after so long",
  },
  grace: { schema: seconds, fallback: 30, value: "SECONDS", help: "when stopping, let transfers run for so long" },
  fsync: { schema: yesOrNo, fallback: true, help: "flush an upload to disk before it is acknowledged" },
  "log-format": { schema: oneOf(["text", "json"]), fallback: "text", value: "FORMAT", help: "text or json" },
} as const satisfies Record<string, Setting>;

type SettingName = keyof typeof SETTINGS;
const NAMES = Object.keys(SETTINGS) as SettingName[];

/** The settings in force. */
export type Settings = { [N in SettingName]: v.InferOutput<typeof SETTINGS[N]["schema"]> };

/** What the command line asks for. */
export type Invocation = { run: "help" | "version" } | { run: "serve"; dir: string; settings: Settings };

/** How the outside is reached; a test gives its own. */
export interface Sources {
  /** A variable of the environment. */
  env(name: string): string | undefined;
  /** The text of a file. */
  readFile(path: string): string;
}

/**
 * Works out what to do from the command line, the environment and the file that `--config` names.
 *
 * @param args the command line
 * @param sources the environment and the files
 * @returns what to do
 * @throws {ConfigError} for an option, key or value that is wrong
 *
 * @example
 * ```ts
 * import { readConfig } from "./config.ts";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const sources = { env: (name: string) => name === "FTPD_PORT" ? "2121" : undefined, readFile: () => "" };
 * const invocation = await readConfig(["/srv", "--host", "::1"], sources);
 * assert(invocation.run === "serve");
 * assertEquals([invocation.dir, invocation.settings.host, invocation.settings.port], ["/srv", "::1", 2121]);
 * ```
 */
export async function readConfig(args: string[], sources: Sources): Promise<Invocation> {
  const switches = NAMES.filter((name) => !("value" in SETTINGS[name]));
  const valued = NAMES.filter((name) => "value" in SETTINGS[name]);
  const problems: string[] = [];
  const flags = parseArgs(args, {
    boolean: ["help", "version", ...switches],
    string: ["_", "config", ...valued],
    negatable: switches,
    default: Object.fromEntries(switches.map((name) => [name, undefined])),
    alias: { help: "h", version: "V" },
    unknown: (argument, key) => {
      if (key !== undefined) problems.push(`unknown option ${argument}; --help shows them all`);
      return key === undefined;
    },
  });
  // parseArgs takes whatever a switch is given for yes, but "false".
  for (const arg of args) {
    const [, no, name, given] = /^--(no-)?([^=]+)=(.*)$/.exec(arg) ?? [];
    if (!switches.includes(name as SettingName) || !no && (given === "true" || given === "false")) continue;
    problems.push(`${arg} will not do: it is --${name} or --no-${name}`);
  }
  if (problems.length > 0) throw new ConfigError(problems[0]);
  if (flags.help) return { run: "help" };
  if (flags.version) return { run: "version" };
  if (flags._.length > 1) throw new ConfigError(`one folder can be served, not ${flags._.length}`);

  const configPath = flags.config ?? sources.env("FTPD_CONFIG");
  const file = configPath === undefined ? {} : await readToml(configPath, sources);
  const settings: Record<string, unknown> = {};
  for (const name of NAMES) {
    const variable = `FTPD_${name.toUpperCase().replaceAll("-", "_")}`;
    // No program may list its variables here, but a server that was to be read-only must not be open for want of a stroke.
    const unlike = `FTPD_${name.toUpperCase().replaceAll("-", "")}`;
    if (unlike !== variable && sources.env(unlike) !== undefined) {
      throw new ConfigError(`there is no setting ${unlike}; did you mean ${variable}?`);
    }
    settings[name] = check(name, `--${name}`, flags[name]) ?? check(name, variable, sources.env(variable)) ??
      check(name, `${name} in ${configPath}`, file[name]) ?? SETTINGS[name].fallback;
  }
  const dir = flags._[0] ?? sources.env("FTPD_DIR") ?? file.dir ?? ".";
  if (typeof dir !== "string" || dir === "") throw new ConfigError(`dir must be the path of a folder`);
  return { run: "serve", dir, settings: settings as Settings };
}

/** The help text. */
export function helpText(): string {
  const rows = NAMES.map((name): [string, string] => {
    const setting: Setting = SETTINGS[name];
    const flag = setting.fallback === true ? `--no-${name}` : `--${name}`;
    const help = setting.fallback === true ? `do not ${setting.help}` : setting.help;
    const fallback = setting.value ? ` (${setting.fallback})` : "";
    return [setting.value ? `${flag} ${setting.value}` : flag, help + fallback];
  });
  rows.push(["--config FILE", "read settings from a TOML file; its keys are the names above, and dir"]);
  rows.push(["-h, --help", "show this help"], ["-V, --version", "show the version"]);
  return [
    "ftpd - serves a folder to ftp, the client of connme",
    "",
    "Usage: ftpd [DIR] [OPTION...]",
    "",
    "DIR is the folder to serve; without it, the current one.",
    "",
    ...rows.map(([left, right]) => `  ${left.padEnd(26)} ${right}`),
    "",
    "Every setting can also be given as FTPD_NAME in the environment, such as FTPD_READ_ONLY=true.",
    "A flag beats the environment, which beats the file.",
    "",
    "Exit codes: 0 stopped as asked; 1 failed while serving; 2 cannot start with these settings.",
  ].join("\n");
}

async function readToml(path: string, sources: Sources): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = sources.readFile(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new ConfigError(`config file ${path}: ${reason}`);
  }
  const { parse, TomlError } = await import("smol-toml"); // most runs read no file, so most runs need not load it
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = error.message.split("\n")[0].replace("Invalid TOML document: ", "");
    throw new ConfigError(
      `config file ${path} is not valid TOML: ${what} (line ${error.line}, column ${error.column})`,
    );
  }
  for (const key of Object.keys(table)) {
    if (key !== "dir" && !Object.hasOwn(SETTINGS, key)) {
      throw new ConfigError(`unknown key "${key}" in config file ${path}; known are dir, ${NAMES.join(", ")}`);
    }
  }
  return table;
}

/** A value from outside as the setting wants it; a flag and a variable are text. */
function check(name: SettingName, where: string, value: unknown): unknown {
  if (value === undefined) return undefined;
  const { schema, fallback } = SETTINGS[name];
  const typed = typeof value === "string" ? fromText(value, typeof fallback) : value;
  const result = v.safeParse(schema as v.GenericSchema, typed);
  if (!result.success) {
    throw new ConfigError(`${where}: ${JSON.stringify(value)} will not do: ${result.issues[0].message}`);
  }
  return result.output;
}

function fromText(text: string, type: string): unknown {
  if (type === "number") return text.trim() === "" ? text : Number(text);
  if (type === "boolean") {
    return ({ true: true, "1": true, false: false, "0": false } as Record<string, unknown>)[text] ?? text;
  }
  return text;
}
