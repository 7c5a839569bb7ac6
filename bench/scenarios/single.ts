import { compare } from "../comparison.ts";
import { makeFile } from "../harness/content.ts";
import { measure } from "../harness/measure.ts";
import { GIB, MIB, showBytes } from "../harness/units.ts";
import type { Scenario } from "../scenario.ts";
import { Stage } from "../stage.ts";
import { BARE, CONNME, PEERS } from "../tools.ts";

/** One large file. */
export const single: Scenario = {
  name: "single",
  summary: "one file of 1 GiB, down and up, each run a whole process",
  async run({ runs, quick, log }) {
    const bytes = quick ? 64 * MIB : GIB;
    const { curlVsftpd, scp, sftp, rsyncSsh, rsyncDaemon, lftp, curlPyftpdlib, cp } = PEERS;
    const tools = [CONNME, BARE, curlVsftpd, lftp, curlPyftpdlib, rsyncDaemon, rsyncSsh, scp, sftp, cp];
    await using stage = await Stage.open(tools, 3 * bytes);
    makeFile(`${stage.workspace.source}/data`, bytes);
    const down = await measure(stage.contenders("getFile"), { runs, log });
    const up = await measure(stage.contenders("putFile"), { runs, log });
    const memory = 128 * MIB;
    const size = showBytes(bytes);
    const comparisons = [
      compare(down, {
        title: `Download of ${size}`,
        bytes,
        files: 1,
        memory,
        targets: [{ than: BARE, atLeast: 0.8 }, { than: curlVsftpd, atLeast: 1.5 }, { than: scp, atLeast: 4 }],
      }),
      compare(up, {
        title: `Upload of ${size}`,
        bytes,
        files: 1,
        memory,
        targets: [{ than: BARE, atLeast: 0.8 }, { than: curlVsftpd, atLeast: 1.1 }, { than: scp, atLeast: 4 }],
      }),
    ];
    const missed = comparisons.flatMap((comparison) => comparison.missed);
    return {
      tables: comparisons.map(({ table }) => table),
      notes: [...stage.notes, ...missed],
      data: { bytes, down, up },
      failed: missed.length > 0,
    };
  },
};
