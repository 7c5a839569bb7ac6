import { compare } from "../comparison.ts";
import { makeTree } from "../harness/content.ts";
import { measure } from "../harness/measure.ts";
import { GIB, MIB, showCount } from "../harness/units.ts";
import type { Scenario } from "../scenario.ts";
import { Stage } from "../stage.ts";
import { CONNME, PEERS } from "../tools.ts";
import { equalFiles, totalBytes } from "../trees.ts";

/** Many small files. */
export const small: Scenario = {
  name: "small",
  summary: "10,000 files of 4 KiB in 100 folders, down and up",
  async run({ runs, quick, log }) {
    const shape = equalFiles(quick ? 500 : 10_000);
    const { rsyncDaemon, rsyncSsh, lftpParallel, scp, sftp, cp } = PEERS;
    await using stage = await Stage.open([CONNME, rsyncDaemon, rsyncSsh, lftpParallel, scp, sftp, cp], GIB);
    makeTree(`${stage.workspace.source}/data`, shape);
    const down = await measure(stage.contenders("getTree"), { runs, log });
    const up = await measure(stage.contenders("putTree"), { runs, log });
    const files = shape.sizes.length;
    const rest = {
      bytes: totalBytes(shape),
      files,
      memory: 150 * MIB,
      targets: [
        { than: rsyncDaemon, atLeast: 1 },
        { than: rsyncSsh, atLeast: 2.5 },
        { than: lftpParallel, atLeast: 8 },
      ],
    };
    const comparisons = [
      compare(down, { title: `Download of ${showCount(files)} files of 4 KiB`, ...rest }),
      compare(up, { title: `Upload of ${showCount(files)} files of 4 KiB`, ...rest }),
    ];
    const missed = comparisons.flatMap((comparison) => comparison.missed);
    return {
      tables: comparisons.map(({ table }) => table),
      notes: [...stage.notes, ...missed],
      data: { files, down, up },
      failed: missed.length > 0,
    };
  },
};
