import { compareCopies } from "../copies.ts";
import { makeTree } from "../harness/content.ts";
import { GIB, MIB, showCount } from "../harness/units.ts";
import type { Scenario } from "../scenario.ts";
import { Stage } from "../stage.ts";
import { CONNME, CONNME_FLUSHING, PEERS } from "../tools.ts";
import { equalFiles, totalBytes } from "../trees.ts";

/** What it costs that an acknowledged file survives a power cut. No peer promises that, so nobody is to be beaten. */
export const disk: Scenario = {
  name: "disk",
  summary: "upload of 10,000 files of 4 KiB to a disk, with and without flushing",
  async run(options) {
    const shape = equalFiles(options.quick ? 500 : 10_000);
    const files = shape.sizes.length;
    // ext4 looks past each inode that was deleted in the last minutes before it gives out a new one.
    const place = { onDisk: true, keep: true };
    await using stage = await Stage.open([CONNME, CONNME_FLUSHING, PEERS.rsyncDaemon], GIB, place);
    makeTree(`${stage.workspace.source}/data`, shape);
    const title = `Upload of ${showCount(files)} files of 4 KiB to a disk`;
    const tables = [{ job: "putTree", title, targets: [] }] as const;
    return await compareCopies(stage, { bytes: totalBytes(shape), files, memory: 150 * MIB, tables }, options);
  },
};
