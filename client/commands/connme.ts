import type { Command } from "./command.ts";

/** `connme`: connects to a server, or to another one. */
export const connme: Command = {
  name: "connme",
  aliases: ["connect", "open"],
  usage: "[HOST[:PORT]]",
  summary: "connect to a server",
  details: "Without HOST: the server given at the start, else localhost:8080. Leaves the server connected to before.",
  arguments: ["host"],
  count: [0, 1],
  offline: true,
  run: (context, { args }) => context.connect(args[0]),
};
