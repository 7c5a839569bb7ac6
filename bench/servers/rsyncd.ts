import { find, missing } from "./programs.ts";
import { freePort, spawnServer } from "./spawn.ts";
import type { Server } from "./server.ts";

/** rsync's own daemon, with a module `files`. */
export const rsyncd: Server = {
  name: "rsync daemon",
  missing: () => Promise.resolve(missing("rsync")),
  start: async (place) => {
    const port = freePort();
    const config = `${place.workspace.config}/rsyncd.conf`;
    const rights = Deno.uid() === 0 ? ["uid = root", "gid = root"] : [];
    const settings = ["use chroot = no", ...rights, "[files]", `path = ${place.workspace.served}`, "read only = no"];
    Deno.writeTextFileSync(config, settings.join("\n") + "\n");
    const argv = [
      find("rsync")!,
      "--daemon",
      "--no-detach",
      "--address",
      place.listen,
      "--port",
      String(port),
      "--config",
      config,
    ];
    return await spawnServer({ place, argv, port });
  },
};
