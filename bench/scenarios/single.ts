import { compareCopies } from "../copies.ts";
import { makeFile } from "../harness/content.ts";
import { GIB, MIB, showBytes } from "../harness/units.ts";
import type { Scenario } from "../scenario.ts";
import { Stage } from "../stage.ts";
import { BARE, CONNME, PEERS } from "../tools.ts";

/** One large file. */
export const single: Scenario = {
  name: "single",
  summary: "one file of 1 GiB, down and up, each run a whole process",
  async run(options) {
    const bytes = options.quick ? 64 * MIB : GIB;
    const { curlVsftpd, scp, sftp, rsyncSsh, rsyncDaemon, lftp, curlPyftpdlib, cp } = PEERS;
    const tools = [CONNME, BARE, curlVsftpd, lftp, curlPyftpdlib, rsyncDaemon, rsyncSsh, scp, sftp, cp];
    await using stage = await Stage.open(tools, 3 * bytes);
    makeFile(`${stage.workspace.source}/data`, bytes);
    const targets = (curl: number) => [
      { than: BARE, atLeast: 0.8 },
      { than: curlVsftpd, atLeast: curl },
      { than: scp, atLeast: 4 },
    ];
    const tables = [
      { job: "getFile", title: `Download of ${showBytes(bytes)}`, targets: targets(1.5) },
      { job: "putFile", title: `Upload of ${showBytes(bytes)}`, targets: targets(1.1) },
    ] as const;
    return await compareCopies(stage, { bytes, files: 1, memory: 128 * MIB, tables }, options);
  },
};
