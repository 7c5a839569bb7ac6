import { compareCopies } from "../copies.ts";
import { makeTree } from "../harness/content.ts";
import { GIB, MIB, showBytes, showCount } from "../harness/units.ts";
import type { Scenario } from "../scenario.ts";
import { Stage } from "../stage.ts";
import { CONNME, CONNME_PARALLEL, PEERS } from "../tools.ts";
import { mixedFiles, totalBytes } from "../trees.ts";

/** Files of all sizes. */
export const mix: Scenario = {
  name: "mix",
  summary: "1,000 files from 1 KiB to 64 MiB, 4 GiB in all, down and up",
  async run(options) {
    const shape = options.quick ? mixedFiles(100, 8 * MIB, 64 * MIB) : mixedFiles(1000, 64 * MIB, 4 * GIB);
    const bytes = totalBytes(shape);
    const files = shape.sizes.length;
    const { rsyncDaemon, rsyncSsh, lftpParallel, scp, sftp, cp } = PEERS;
    const peers = [rsyncDaemon, rsyncSsh, lftpParallel, scp, sftp];
    await using stage = await Stage.open([CONNME, CONNME_PARALLEL, ...peers, cp], 2.1 * bytes);
    makeTree(`${stage.workspace.source}/data`, shape);
    const what = `${showCount(files)} files, ${showBytes(bytes)}`;
    const targets = peers.map((than) => ({ than, atLeast: 1 }));
    const tables = [
      { job: "getTree", title: `Download of ${what}`, targets },
      { job: "putTree", title: `Upload of ${what}`, targets },
    ] as const;
    return await compareCopies(stage, { bytes, files, memory: 150 * MIB, tables }, options);
  },
};
