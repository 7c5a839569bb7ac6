import { compareCopies } from "../copies.ts";
import { makeTree } from "../harness/content.ts";
import { GIB, MIB, showCount } from "../harness/units.ts";
import type { Scenario } from "../scenario.ts";
import { Stage } from "../stage.ts";
import { CONNME, PEERS } from "../tools.ts";
import { equalFiles, totalBytes } from "../trees.ts";

/** Finding out that there is nothing to do. */
export const resync: Scenario = {
  name: "resync",
  summary: "a second sync of 10,000 files of which none has changed",
  async run(options) {
    const shape = equalFiles(options.quick ? 500 : 10_000);
    const files = shape.sizes.length;
    const { rsyncDaemon, rsyncSsh, lftpParallel } = PEERS;
    await using stage = await Stage.open([CONNME, rsyncDaemon, rsyncSsh, lftpParallel], GIB);
    makeTree(`${stage.workspace.source}/data`, shape);
    const targets = [{ than: rsyncDaemon, atLeast: 1 }, { than: rsyncSsh, atLeast: 1 }];
    const tables = [
      { job: "syncDown", title: `Second sync down of ${showCount(files)} files`, targets },
      { job: "syncUp", title: `Second sync up of ${showCount(files)} files`, targets },
    ] as const;
    return await compareCopies(stage, { bytes: totalBytes(shape), files, memory: 150 * MIB, tables }, options);
  },
};
