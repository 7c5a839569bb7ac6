import { PROGRAMS } from "../programs.ts";
import { spawnServer } from "./spawn.ts";
import type { Server } from "./server.ts";

/** Our own server. Flushing is off: files are in memory, and no peer flushes. */
export const ftpd = serverOf("ftpd", "--no-fsync");

/** Our own server with a thread for each of two processors. */
export const ftpdWorkers = serverOf("ftpd with two workers", "--no-fsync", "--workers", "2");

/** Our own server as people run it: what it has acknowledged survives a power cut. */
export const ftpdFlushing = serverOf("ftpd that flushes");

function serverOf(name: string, ...options: string[]): Server {
  return {
    name,
    missing: () => Promise.resolve(undefined),
    start: (place) =>
      spawnServer({
        place,
        argv: [PROGRAMS.ftpd, place.workspace.served, "--host", place.listen, "--port", "0", ...options],
        port: /:(\d+), serving /,
      }),
  };
}
