import { benchFile, DENO } from "../programs.ts";
import { spawnServer } from "./spawn.ts";
import type { Server } from "./server.ts";

/** The baseline: two plain Deno programs. It knows one file each way, `extra` is the port for uploads. */
export const bare: Server = {
  name: "bare Deno copy",
  missing: () => Promise.resolve(undefined),
  start: (place) => {
    const { source, stored } = place.workspace;
    const argv = [...DENO, benchFile("bare/server.ts"), `${source}/data`, `${stored}/data`];
    return spawnServer({ place, argv, port: /^(\d+) (\d+)/ });
  },
};
