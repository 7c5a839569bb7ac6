import { PROGRAMS } from "../programs.ts";
import { spawnServer } from "./spawn.ts";
import type { Server } from "./server.ts";

/** Our own server. Flushing is off: files are in memory, and no peer flushes. */
export const ftpd: Server = {
  name: "ftpd",
  missing: () => Promise.resolve(undefined),
  start: (place) =>
    spawnServer({
      place,
      argv: [PROGRAMS.ftpd, place.workspace.served, "--host", place.listen, "--port", "0", "--no-fsync"],
      port: /:(\d+), serving /,
    }),
};
