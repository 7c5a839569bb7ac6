import { ask } from "../harness/command.ts";
import { find, missing } from "./programs.ts";
import { freePort, spawnServer } from "./spawn.ts";
import type { Server } from "./server.ts";

/** Where sshd, when it starts as root, wants an empty folder. */
const RUN_FOLDER = "/run/sshd";
/** Where distributions keep the SFTP server. */
const SFTP_SERVERS = ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"];

/** OpenSSH with throw-away keys; `extra` is the configuration for its clients, which call it `bench`. */
export const sshd: Server = {
  name: "sshd",
  missing: () => Promise.resolve(missing("sshd", "ssh", "ssh-keygen")),
  start: async (place) => {
    const port = freePort();
    const { config } = place.workspace;
    for (const key of ["host", "user"]) {
      const made = await ask("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${config}/${key}_key`);
      if (made === undefined) throw new Error("ssh-keygen failed");
    }
    write(`${config}/sshd_config`, {
      ListenAddress: place.listen,
      Port: port,
      HostKey: `${config}/host_key`,
      AuthorizedKeysFile: `${config}/user_key.pub`,
      StrictModes: "no",
      UsePAM: "no",
      PermitRootLogin: "prohibit-password",
      PidFile: "none",
      Subsystem: `sftp ${SFTP_SERVERS.find(exists) ?? "internal-sftp"}`,
    });
    write(`${config}/ssh_config`, {
      Host: "bench",
      HostName: place.reach,
      Port: port,
      IdentityFile: `${config}/user_key`,
      IdentitiesOnly: "yes",
      BatchMode: "yes",
      StrictHostKeyChecking: "no",
      UserKnownHostsFile: "/dev/null",
      LogLevel: "ERROR",
    });
    const made = Deno.uid() === 0 && !exists(RUN_FOLDER);
    if (made) Deno.mkdirSync(RUN_FOLDER, { mode: 0o755 });
    const cleanUp = () => made && Deno.removeSync(RUN_FOLDER);
    const argv = [find("sshd")!, "-D", "-e", "-f", `${config}/sshd_config`];
    return await spawnServer({ place, argv, port, extra: `${config}/ssh_config`, cleanUp });
  },
};

function write(path: string, settings: Record<string, string | number>): void {
  Deno.writeTextFileSync(path, Object.entries(settings).map(([key, value]) => `${key} ${value}\n`).join(""));
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
