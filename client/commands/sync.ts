import { split } from "../../disk/path.ts";
import { CommandError } from "../../protocol/errors.ts";
import { joinPath, resolvePath, withoutSlashes } from "../../protocol/path.ts";
import type { Context } from "../context.ts";
import { PartlyFailedError, UsageError } from "../errors.ts";
import { bytes } from "../format.ts";
import { plural } from "../listing.ts";
import { targetPath } from "../local_files.ts";
import { applyPlan } from "../transfer/apply_plan.ts";
import { type Moved, runBatch } from "../transfer/batch.ts";
import { whyNoRoom } from "../transfer/batch_report.ts";
import { fetcher } from "../transfer/fetch_many.ts";
import { JOBS_OPTION, withLanes } from "../transfer/lanes.ts";
import { reportOmitted } from "../transfer/omitted.ts";
import { bytesToCopy, type Copy, makePlan, type Plan } from "../transfer/plan.ts";
import { sender } from "../transfer/send_many.ts";
import { readSelection, SELECTION_OPTIONS, SELECTION_USAGE } from "../transfer/selection.ts";
import { LocalSide, RemoteSide } from "../transfer/side.ts";
import { countSteps, type Step, stepLine } from "../transfer/step.ts";
import type { Command } from "./command.ts";

/** `sync`: makes one folder like another. */
export const sync: Command = {
  name: "sync",
  usage:
    `LOCAL REMOTE | --down REMOTE LOCAL [--delete [--allow-empty]] [--checksum] [--dry-run] ${SELECTION_USAGE} [--sha256] [--stop-on-error] [-j N]`,
  summary: "make a remote folder like a local one, or the other way round",
  details:
    "Copies what is missing or different in size or time. What is the same is left alone, so a second run does\n" +
    "nothing. A file that was only renamed is renamed, with --delete, when its content proves it.",
  arguments: ["local", "remote"],
  reversedBy: "down",
  count: [2, 2],
  options: {
    down: { help: "from the server: sync --down REMOTE LOCAL" },
    delete: { help: "delete what is not in the source" },
    "allow-empty": { help: "with --delete, also where the source is empty" },
    checksum: { short: "c", help: "compare by content instead of by time" },
    "dry-run": { short: "n", help: "show the plan and do nothing" },
    ...SELECTION_OPTIONS,
    sha256: { help: "verify by SHA-256 as well" },
    "stop-on-error": { help: "stop at the first file that fails" },
    ...JOBS_OPTION,
  },
  async run(context, call) {
    const { out, remoteFolder, signal } = context;
    const { args, on } = call;
    const down = on.has("down");
    const [localPath, remotePath] = down ? [args[1], args[0]] : args;
    const local = new LocalSide(withoutSlashes(localPath), signal);
    const remote = new RemoteSide(context, resolvePath(remoteFolder, remotePath));
    const [source, target] = down ? [remote, local] : [local, remote];
    if (on.has("allow-empty") && !on.has("delete")) throw new UsageError("sync: --allow-empty is about --delete");
    const { hello } = context.client;
    const wanted = { delete: on.has("delete"), checksum: on.has("checksum"), selection: readSelection(call) };
    const plan = await makePlan(source, target, wanted);
    if (wanted.delete && plan.omitted.some(({ failed }) => failed)) {
      out.note("nothing is deleted, as not all can be looked at and copied");
    }
    const emptied = plan.empties && !on.has("allow-empty")
      ? `there is no file in the source, and --delete would delete all that the target has (${
        plural(plan.deletions.length, "name")
      }); --allow-empty does so`
      : undefined;
    const refusal = !down && countSteps(plan) > 0 && (await hello).readOnly
      ? `this server serves for reading only; ${plural(countSteps(plan), "step")} cannot be taken`
      : undefined;
    if (on.has("dry-run")) showPlan(context, plan);
    if (emptied) throw new UsageError(`sync: ${emptied}`);
    if (refusal) throw new CommandError("read_only", refusal);
    if (on.has("dry-run")) {
      const why = await whyNoRoom(bytesToCopy(plan), async () => await target.free() + plan.replaced);
      if (why !== undefined) out.note(why);
      return;
    }
    const options = { collision: "overwrite", sha256: on.has("sha256") } as const;
    await applyPlan(
      context,
      plan,
      target,
      on.has("stop-on-error"),
      (copies, batch) =>
        withLanes(context, call, async (lanes) => {
          const common = ({ path, size, why }: Copy) => {
            const step = ({ size }: Moved) => ({ step: "copy", path, size, why }) as const;
            return { name: path, size, result: step, line: (moved: Moved) => stepLine(step(moved)) };
          };
          const localPath = ({ path }: Copy) => joinPath(local.top, path);
          const remotePath = ({ path }: Copy) => joinPath(remote.top, path);
          if (!down) {
            // None of it is a link: nobody is to put one into its place before it is read.
            const real = wanted.selection.links === "skip" ? await local.real() : undefined;
            const jobs = copies.values().map((copy) => ({
              ...common(copy),
              local: localPath(copy),
              plain: real === undefined ? undefined : joinPath(real, copy.path),
              path: remotePath(copy),
              wanted: remotePath(copy),
            }));
            const movers = await Promise.all(lanes.map((lane) => sender(lane, out, options)));
            return await runBatch(context, [jobs], movers, batch);
          }
          const jobs = copies.values().map((copy) => {
            const target = split(localPath(copy));
            return { ...common(copy), path: remotePath(copy), target, wanted: targetPath(target) };
          });
          const movers = await Promise.all(lanes.map((lane) => fetcher(lane, out, options)));
          await runBatch(context, [jobs], movers, batch);
        }),
    );
  },
};

function showPlan({ out }: Context, plan: Plan): void {
  const { clear, folders, renames, touches, copies, deletions, omitted, same } = plan;
  const show = (step: Step) => out.result(step, stepLine(step));
  const byPath = (a: { path: string }, b: { path: string }) => a.path < b.path ? -1 : 1;
  for (const { path, kind } of clear) show({ step: "delete", path, kind });
  for (const path of folders.map(({ path }) => path || ".").sort()) show({ step: "make-folder", path });
  for (const { from, to } of renames) show({ step: "rename", from, to });
  for (const { path, kind, why } of touches.toSorted(byPath)) show({ step: "touch", path, kind, why });
  for (const { path, size, why } of copies.toSorted(byPath)) show({ step: "copy", path, size, why });
  for (const { path, kind } of deletions) show({ step: "delete", path, kind });
  const { failed } = reportOmitted(out, omitted);
  const size = bytesToCopy(plan);
  out.done(
    { summary: { steps: countSteps(plan), bytes: size, same, failed } },
    `${plural(countSteps(plan), "step")}, ${bytes(size)} to copy, ${plural(same, "file")} the same`,
  );
  if (failed > 0) throw new PartlyFailedError(`${plural(failed, "name")} cannot be copied`);
}
