import { compareCopies } from "../copies.ts";
import { makeTree } from "../harness/content.ts";
import { GIB, MIB, showCount } from "../harness/units.ts";
import type { Scenario } from "../scenario.ts";
import { Stage } from "../stage.ts";
import { CONNME, PEERS } from "../tools.ts";
import { equalFiles, totalBytes } from "../trees.ts";

/** Many small files. */
export const small: Scenario = {
  name: "small",
  summary: "10,000 files of 4 KiB in 100 folders, down and up",
  async run(options) {
    const shape = equalFiles(options.quick ? 500 : 10_000);
    const files = shape.sizes.length;
    const { rsyncDaemon, rsyncSsh, lftpParallel, scp, sftp, cp } = PEERS;
    await using stage = await Stage.open([CONNME, rsyncDaemon, rsyncSsh, lftpParallel, scp, sftp, cp], GIB);
    makeTree(`${stage.workspace.source}/data`, shape);
    const targets = [
      { than: rsyncDaemon, atLeast: 1 },
      { than: rsyncSsh, atLeast: 2.5 },
      { than: lftpParallel, atLeast: 8 },
    ];
    const tables = [
      { job: "getTree", title: `Download of ${showCount(files)} files of 4 KiB`, targets },
      { job: "putTree", title: `Upload of ${showCount(files)} files of 4 KiB`, targets },
    ] as const;
    return await compareCopies(stage, { bytes: totalBytes(shape), files, memory: 150 * MIB, tables }, options);
  },
};
