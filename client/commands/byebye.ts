import type { Command } from "./command.ts";

/** `byebye`: tells the server, closes, ends the shell. */
export const byebye: Command = {
  name: "byebye",
  aliases: ["bye", "quit", "exit"],
  usage: "",
  summary: "leave the server and end",
  arguments: [],
  count: [0, 0],
  offline: true,
  async run(context) {
    await context.leave();
    context.out.note("Server connection ended");
  },
};
