import { resolvePath, withoutSlashes } from "../../protocol/path.ts";
import type { Context } from "../context.ts";
import { DifferentError, PartlyFailedError, UsageError } from "../errors.ts";
import { printable } from "../format.ts";
import { plural } from "../listing.ts";
import { isLocalFile, localName } from "../local_files.ts";
import type { Output } from "../output.ts";
import { remoteTarget } from "../remote_files.ts";
import { reportOmitted } from "../transfer/omitted.ts";
import { makePlan } from "../transfer/plan.ts";
import { readSelection, SELECTION_OPTIONS, SELECTION_USAGE } from "../transfer/selection.ts";
import { LocalSide, RemoteSide } from "../transfer/side.ts";
import type { Command } from "./command.ts";

/** `verify`: compares two folders, or two files, by content, without moving anything. */
export const verify: Command = {
  name: "verify",
  usage: `LOCAL REMOTE ${SELECTION_USAGE}`,
  summary: "compare a local folder or file with a remote one by content",
  details:
    "Both sides compute SHA-256; nothing is moved. What is missing is not on the server, what is extra only there.\n" +
    "Exits with 4 when there is any difference.",
  arguments: ["local", "remote"],
  count: [2, 2],
  options: SELECTION_OPTIONS,
  async run(context, call) {
    const { out, remoteFolder, signal } = context;
    const [localPath, remotePath] = call.args;
    if (isLocalFile(localPath)) {
      if (call.all.size > 0) throw new UsageError("verify: --exclude and --links are about folders");
      return await verifyFile(context, localPath, remotePath);
    }
    const local = new LocalSide(withoutSlashes(localPath), signal);
    const remote = new RemoteSide(context, resolvePath(remoteFolder, remotePath));
    const selection = readSelection(call);
    // What would have to be done to make them the same is what differs.
    const plan = await makePlan(local, remote, { delete: true, checksum: true, selection, compareOnly: true });
    const missing = [...plan.folders, ...plan.copies.filter(({ why }) => why === "new")].map(({ path }) => path);
    const different = plan.copies.filter(({ why }) => why === "changed").map(({ path }) => path);
    const extra = [...plan.clear, ...plan.deletions].map(({ path }) => path);
    for (const path of missing.sort()) out.result({ missing: path }, `missing    ${printable(path)}`);
    for (const { from, to } of plan.renames) {
      out.result({ renamed: to, remote: from }, `renamed    ${printable(to)} is ${printable(from)} there`);
    }
    for (const path of different.sort()) out.result({ different: path }, `different  ${printable(path)}`);
    for (const path of extra.sort()) out.result({ extra: path }, `extra      ${printable(path)}`);
    const { failed } = reportOmitted(out, plan.omitted);
    const differences = missing.length + plan.renames.length + different.length + extra.length;
    tellSum(out, plan.same, differences);
    if (differences > 0) throw new DifferentError("the folders differ");
    if (failed > 0) throw new PartlyFailedError(`${plural(failed, "name")} could not be compared`);
  },
};

async function verifyFile(context: Context, file: string, typed: string): Promise<void> {
  const { out, signal } = context;
  const path = await remoteTarget(context, typed, localName(file));
  const sides = [new LocalSide(file, signal), new RemoteSide(context, path)];
  const [here, there] = await Promise.all(sides.map((side) => side.sha256("")));
  if (here !== there) out.result({ different: file }, `different  ${printable(file)}`);
  tellSum(out, here === there ? 1 : 0, here === there ? 0 : 1);
  if (here !== there) throw new DifferentError("the files differ");
}

function tellSum(out: Output, same: number, differences: number): void {
  out.done({ same, differences }, `${plural(same, "file")} the same, ${plural(differences, "difference")}`);
}
