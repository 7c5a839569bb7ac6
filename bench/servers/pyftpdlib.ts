import { pythonWithFtp } from "./programs.ts";
import { freePort, spawnServer } from "./spawn.ts";
import type { Server } from "./server.ts";

/** The FTP server of pyftpdlib, with write access for anonymous users. */
export const pyftpdlib: Server = {
  name: "pyftpdlib",
  missing: async () => await pythonWithFtp() === undefined ? "pyftpdlib not installed" : undefined,
  start: async (place) => {
    const port = freePort();
    const python = await pythonWithFtp();
    const where = ["-i", place.listen, "-p", String(port), "-d", place.workspace.served];
    return await spawnServer({ place, argv: [python!, "-m", "pyftpdlib", "-w", ...where], port });
  },
};
