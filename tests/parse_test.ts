import { assertEquals, assertThrows } from "@std/assert";
import type { Command } from "../client/commands/command.ts";
import { parseCall } from "../client/commands/parse.ts";
import { UsageError } from "../client/errors.ts";
import { readInvocation } from "../client/invocation.ts";

const base = { summary: "", arguments: ["none"], run() {} } as const;
const COMMANDS: readonly Command[] = [
  {
    ...base,
    name: "list",
    aliases: ["dir"],
    usage: "[PATH] [-l] [-a]",
    count: [0, 1],
    options: { long: { short: "l", help: "" }, all: { short: "a", help: "" }, "no-show": { help: "" } },
  },
  {
    ...base,
    name: "fetch",
    usage: "FILE... [--limit N]",
    count: [1, Infinity],
    options: { limit: { short: "n", value: "N", help: "" }, yes: { short: "y", help: "" } },
  },
];

function parsed(line: string) {
  const { command, args, on, values } = parseCall(COMMANDS, line.split(" "));
  return { name: command.name, args, on: [...on].sort(), values: Object.fromEntries(values) };
}

function wrong(line: string, message: string): void {
  assertThrows(() => parsed(line), UsageError, message);
}

Deno.test("commands are found in any case and by their aliases", () => {
  assertEquals(parsed("LIST").name, "list");
  assertEquals(parsed("Dir").name, "list");
  wrong("lsit", "did you mean list?");
  wrong("frobnicate", "help lists them all");
});

Deno.test("options, long and short, together and anywhere", () => {
  assertEquals(parsed("list -la x"), { name: "list", args: ["x"], on: ["all", "long"], values: {} });
  assertEquals(parsed("list x --all --no-show --json"), {
    name: "list",
    args: ["x"],
    on: ["all", "json", "no-show"],
    values: {},
  });
  assertEquals(parsed("fetch --limit 5 a -n7 --quiet").values, { limit: "7" });
  assertEquals(parsed("fetch --limit=5 a").values, { limit: "5" });
  const { all } = parseCall(COMMANDS, ["fetch", "--limit", "5", "a", "-n7"]);
  assertEquals([...all], [["limit", ["5", "7"]]]);
});

Deno.test("an empty argument is none, and does not mean the current folder", () => {
  for (const words of [["fetch", ""], ["fetch", "a", ""], ["fetch", "--", ""], ["list", ""]]) {
    assertThrows(() => parseCall(COMMANDS, words), UsageError, "an argument is empty");
  }
});

Deno.test("names are names, whatever they look like", () => {
  assertEquals(parsed("fetch -").args, ["-"]);
  assertEquals(parsed("fetch -- -y --json --").args, ["-y", "--json", "--"]);
  assertEquals(parsed("fetch --yes true false 007 1e3 a=b").args, ["true", "false", "007", "1e3", "a=b"]);
  assertEquals(parsed("fetch -y false").args, ["false"]);
});

Deno.test("wrong usage says what is wrong and how the command goes", () => {
  wrong("list --lnog", "list: unknown option --lnog, did you mean --long?; usage: list [PATH] [-l] [-a]");
  wrong("list -x", "list: unknown option -x; usage: ");
  wrong("list -lx", "unknown option -x");
  wrong("list --constructor", "unknown option --constructor");
  wrong("list --long=yes", "the option --long takes no value");
  wrong("list --no-show=true", "the option --no-show takes no value");
  wrong("list -l5", "the option --long takes no value");
  wrong("list a b", "list: too many arguments");
  wrong("fetch", "fetch: an argument is missing; usage: fetch FILE... [--limit N]");
  wrong("fetch a --limit", "the option --limit needs a value: N");
  wrong("fetch a --limit --yes", "the option --limit needs a value: N");
});

Deno.test("options of the program stand before or behind the address, those behind the command are the command's", () => {
  const read = (line: string) => readInvocation(line === "" ? [] : line.split(" "));
  assertEquals(read("").address, undefined);
  assertEquals(read("--timeout 5 host").timeout, 5);
  assertEquals(read("host -f file").file, "file");
  assertEquals(read("host -f -").file, "-");
  assertEquals(read("host --json rm -- -x --json").words, ["rm", "--", "-x", "--json"]);
  assertEquals([...read("host --json rm x --quiet").on], ["json"]);
  assertThrows(() => read("--tmieout 5 host"), UsageError, "did you mean --timeout?");
  assertThrows(() => read("--timeout 0 host"), UsageError, "--timeout takes a number of seconds");
  assertThrows(() => read("--timeout soon host"), UsageError, "--timeout takes a number of seconds");
  assertThrows(() => read("host -f file ls"), UsageError, "a file of commands and a command");
});
