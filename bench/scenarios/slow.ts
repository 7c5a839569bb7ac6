import { median } from "../harness/stats.ts";
import { compareCopies } from "../copies.ts";
import { makeFile, makeTree } from "../harness/content.ts";
import { GIB, MIB, showBytes, showCount } from "../harness/units.ts";
import type { LinkSpeed } from "../link/link.ts";
import type { BenchOptions, Report, Scenario } from "../scenario.ts";
import { Stage } from "../stage.ts";
import { CONNME, PEERS, type Tool } from "../tools.ts";
import { equalFiles, totalBytes } from "../trees.ts";

const LINK: LinkSpeed = { delay: 50, rate: 100e6 };
/** How much of the link a large file is to use. */
const WANTED = 0.95;
const MEMORY = 150 * MIB;

/** Far away. */
export const slow: Scenario = {
  name: "slow",
  summary: "over a link of 50 ms each way and 100 Mbit/s: small files, and one large one",
  async run(options) {
    const reports = [await smallFiles(options), await largeFile(options)];
    return {
      tables: reports.flatMap(({ tables }) => tables),
      notes: [...new Set(reports.flatMap(({ notes }) => notes))],
      data: reports.map(({ data }) => data),
      failed: reports.some(({ failed }) => failed),
    };
  },
};

async function smallFiles(options: BenchOptions): Promise<Report> {
  // Not ten thousand: those without a pipeline take half a second for each.
  const shape = equalFiles(options.quick ? 20 : 40);
  const files = shape.sizes.length;
  const { lftp, lftpParallel, rsyncDaemon, rsyncSsh } = PEERS;
  await using stage = await Stage.open([CONNME, lftp, lftpParallel, rsyncDaemon, rsyncSsh], GIB, {
    slow: LINK,
  });
  makeTree(`${stage.workspace.source}/data`, shape);
  const targets = [{ than: lftp, atLeast: 20 }];
  const tables = [
    { job: "getTree", title: `Download of ${showCount(files)} files of 4 KiB over the link`, targets },
    { job: "putTree", title: `Upload of ${showCount(files)} files of 4 KiB over the link`, targets },
  ] as const;
  return await compareCopies(stage, { bytes: totalBytes(shape), files, memory: MEMORY, tables }, options);
}

async function largeFile(options: BenchOptions): Promise<Report> {
  const bytes = options.quick ? 4 * MIB : 160 * MIB;
  const { curlVsftpd, rsyncDaemon } = PEERS;
  await using stage = await Stage.open([CONNME, curlVsftpd, rsyncDaemon], GIB, { slow: LINK });
  makeFile(`${stage.workspace.source}/data`, bytes);
  const targets: { than: Tool; atLeast: number }[] = [];
  const tables = [
    { job: "getFile", title: `Download of ${showBytes(bytes)} over the link`, targets },
    { job: "putFile", title: `Upload of ${showBytes(bytes)} over the link`, targets },
  ] as const;
  const report = await compareCopies(stage, { bytes, files: 1, memory: MEMORY, tables }, options);
  const notes = [...report.notes];
  const { results } = report.data as { results: Record<string, { name: string; seconds: number[] }[]> };
  for (const { job, title } of tables) {
    const seconds = median(results[job].find(({ name }) => name === CONNME.name)?.seconds ?? []);
    const share = bytes * 8 / LINK.rate / seconds;
    notes.push(`${title}: connme used ${(100 * share).toFixed(1)} % of it; wanted: ${100 * WANTED} %.`);
    if (!(share >= WANTED)) report.failed = true;
  }
  return { ...report, notes };
}
