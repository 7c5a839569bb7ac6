import { find, missing } from "./programs.ts";
import { freePort, spawnServer } from "./spawn.ts";
import type { Server } from "./server.ts";

/** How many ports it may use for data connections. */
const DATA_PORTS = 64;

/** vsftpd as an anonymous user who may do everything, with the rights of whoever runs this. */
export const vsftpd: Server = {
  name: "vsftpd",
  missing: () => Promise.resolve(missing("vsftpd")),
  start: async (place) => {
    const port = freePort();
    const data = freeRange(DATA_PORTS);
    const config = `${place.workspace.config}/vsftpd.conf`;
    const settings = {
      listen: "YES",
      listen_address: place.listen,
      listen_port: port,
      background: "NO",
      run_as_launching_user: "YES",
      anonymous_enable: "YES",
      no_anon_password: "YES",
      anon_root: place.workspace.served,
      anon_upload_enable: "YES",
      anon_mkdir_write_enable: "YES",
      anon_other_write_enable: "YES",
      anon_world_readable_only: "NO",
      anon_umask: "022",
      write_enable: "YES",
      xferlog_enable: "NO",
      pasv_address: place.reach,
      pasv_min_port: data,
      pasv_max_port: data + DATA_PORTS - 1,
    };
    Deno.writeTextFileSync(config, Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join(""));
    const running = await spawnServer({ place, argv: [find("vsftpd")!, config], port });
    await place.expose(Array.from({ length: DATA_PORTS }, (_, at) => data + at));
    return running;
  },
};

/** The first of some free ports in a row, below those that the system gives out by itself. */
function freeRange(count: number): number {
  for (let first = 20_000; first < 32_000; first += count) {
    try {
      for (let port = first; port < first + count; port++) Deno.listen({ hostname: "0.0.0.0", port }).close();
      return first;
    } catch { /* one is taken */ }
  }
  throw new Error("no free ports for data connections");
}
