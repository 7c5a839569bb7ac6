import type { Command } from "./command.ts";
import { findCommand, unknownCommand } from "./parse.ts";

/** `help`: all commands, or one. */
export const help: Command = {
  name: "help",
  aliases: ["?"],
  usage: "[COMMAND]",
  summary: "show the commands, or all about one",
  arguments: ["command"],
  count: [0, 1],
  offline: true,
  run({ out, commands }, { args: [name] }) {
    if (name === undefined) return out.result({ commands: commands.map(({ name }) => name) }, commandList(commands));
    const command = findCommand(commands, name);
    if (!command) throw unknownCommand(commands, name);
    const { usage, summary } = command;
    out.result({ command: command.name, usage, summary }, helpFor(command));
  },
};

/**
 * Every command with its summary, one a line.
 *
 * @param commands the table
 */
export function commandList(commands: readonly Command[]): string {
  return commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join("\n");
}

/** All about one command. */
function helpFor({ name, aliases = [], usage, summary, details, options = {} }: Command): string {
  const lines = [`${name} ${usage}`.trimEnd(), `  ${summary}`];
  if (details) lines.push("", ...details.split("\n").map((line) => `  ${line}`));
  const rows = Object.entries(options).map(([long, { short, value, help }]) => {
    const option = `${short ? `-${short}, ` : ""}--${long}${value ? ` ${value}` : ""}`;
    return `  ${option.padEnd(22)} ${help}`;
  });
  if (rows.length > 0) lines.push("", ...rows);
  if (aliases.length > 0) lines.push("", `  also: ${aliases.join(", ")}`);
  return lines.join("\n");
}
