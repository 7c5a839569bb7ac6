import { split } from "../../disk/path.ts";
import { CommandError, ProtocolError } from "../../protocol/errors.ts";
import { folderOf, joinPath, resolvePath, withoutSlashes } from "../../protocol/path.ts";
import { codeOf, type Failure, PartlyFailedError, toFailure, UsageError } from "../errors.ts";
import { bytes, printable } from "../format.ts";
import { plural } from "../listing.ts";
import { targetPath } from "../local_files.ts";
import { type Moved, runBatch } from "../transfer/batch.ts";
import type { BatchOptions } from "../transfer/batch_report.ts";
import { fetcher } from "../transfer/fetch_many.ts";
import { JOBS_OPTION, withLanes } from "../transfer/lanes.ts";
import { tellLeft } from "../transfer/left.ts";
import { pipeline } from "../transfer/pipeline.ts";
import { type Copy, deepestFirst, type Deletion, makePlan, type Plan, type Touch } from "../transfer/plan.ts";
import { sender } from "../transfer/send_many.ts";
import { readSelection, SELECTION_OPTIONS, SELECTION_USAGE } from "../transfer/selection.ts";
import { LocalSide, RemoteSide, type Side } from "../transfer/side.ts";
import type { Command, Context } from "./command.ts";

/** Most renames or deletions under way. */
const COUNT = 64;

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
    if (wanted.delete && plan.left.some(({ failed }) => failed)) {
      out.note("nothing is deleted, as not all can be looked at and copied");
    }
    const emptied = plan.empties && !on.has("allow-empty")
      ? `there is no file in the source, and --delete would delete all that the target has (${
        plural(plan.deletions.length, "name")
      }); --allow-empty does so`
      : undefined;
    const refusal = !down && steps(plan) > 0 && (await hello).readOnly
      ? `this server serves for reading only; ${plural(steps(plan), "step")} cannot be taken`
      : undefined;
    if (on.has("dry-run")) showPlan(context, plan);
    if (emptied) throw new UsageError(`sync: ${emptied}`);
    if (refusal) throw new CommandError("read_only", refusal);
    if (on.has("dry-run")) return;
    const options = { collision: "overwrite", sha256: on.has("sha256") } as const;
    await carryOut(
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
            const jobs = copies.values().map((copy) => ({
              ...common(copy),
              local: localPath(copy),
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

/** Carries out a plan, in its order; steps that do not depend on each other at once. */
async function carryOut(
  context: Context,
  plan: Plan,
  target: Side,
  stopOnError: boolean,
  copyAll: (copies: readonly Copy[], batch: BatchOptions) => Promise<void>,
): Promise<void> {
  const { out, signal } = context;
  const tell = (step: Step) => out.step(step, () => stepLine(step));
  if (stopOnError && plan.left.some(({ failed }) => failed)) {
    tellLeft(out, plan.left);
    throw new PartlyFailedError("stopped before anything was done");
  }
  const left = [...plan.left];
  let [deleted, renamed, touched, undeleted] = [0, 0, 0, 0];
  const remove = async (deletion: Deletion, held?: Deletion[]) => {
    const { path, kind } = deletion;
    try {
      await target.remove(path, kind);
      deleted++;
      tell({ step: "delete", path, kind });
    } catch (error) {
      // Put there meanwhile; or hidden, and somebody's interrupted transfer goes on with it.
      const isHeld = codeOf(error) === "not_empty";
      if (isHeld && held) return void held.push(deletion);
      if (isHeld) {
        const why = printable((error as Error).message);
        return out.note(`${printable(path)}/ stays: there is something in it that was not to be deleted (${why})`);
      }
      out.failure(failureOf(error, signal));
      undeleted++;
    }
  };
  // Each folder comes after all that is in it, and either side works in order; but what was under way when a connection was
  // lost is asked for again in any order.
  const removeAll = async (deletions: readonly Deletion[]) => {
    const held: Deletion[] = [];
    await pipeline(deletions, { count: COUNT }, (deletion) => remove(deletion, held));
    for (const deletion of deepestFirst(held)) await remove(deletion);
  };
  await removeAll(plan.clear);
  const unmade = await target.makeFolders(plan.folders);
  const isHomeless = ({ path }: { path: string }) => unmade.has(folderOf(path));
  for (const { path } of plan.folders) {
    const error = unmade.get(path);
    if (error) left.push({ path, reason: error.message, failed: true });
    else tell({ step: "make-folder", path: path || "." });
  }
  for (const { path } of [...plan.copies, ...plan.renames.map(({ to }) => ({ path: to }))].filter(isHomeless)) {
    left.push({ path, reason: "its folder cannot be made", failed: true });
  }
  const copies = plan.copies.filter((copy) => !isHomeless(copy));
  const deletions = [...plan.deletions];
  const renames = plan.renames.filter(({ to }) => !isHomeless({ path: to }));
  await pipeline(renames, { count: COUNT }, async ({ from, to, size }) => {
    try {
      await target.rename(from, to);
      renamed++;
      tell({ step: "rename", from, to });
    } catch (error) {
      // Somebody else was faster, and is not to be relied on.
      const code = codeOf(error);
      if (code === "denied") deletions.push({ path: from, kind: "file" }); // it lies on another disk, say
      else if (code !== "not_found" && code !== "exists") throw error;
      copies.push({ path: to, size, why: "new" });
    }
  });
  const touch = async ({ path, kind, size, before, modified, mode, why }: Touch) => {
    try {
      await target.touch(path, { before, modified, mode });
      touched++;
      tell({ step: "touch", path, kind, why });
    } catch (error) {
      // Somebody else's: it can still be replaced, perhaps.
      if (codeOf(error) === "denied" && kind === "file") copies.push({ path, size, why: "changed" });
      else left.push({ path, reason: failureOf(error, signal).message, failed: true });
    }
  };
  await pipeline(plan.touches, { count: COUNT }, touch);
  let deleting = false;
  const finish = async (failed: number) => {
    deleting = failed === 0;
    if (deleting) await removeAll(deepestFirst(deletions));
    const { same } = plan;
    const words = Object.entries({ touched, deleted, renamed, "the same": same }).filter(([, count]) => count > 0);
    return {
      failed: undeleted,
      counts: { touched, deleted, renamed, same },
      words: words.map(([word, count]) => `${count} ${word}`),
    };
  };
  try {
    await copyAll(copies, {
      total: { files: copies.length, bytes: copies.reduce((sum, { size }) => sum + size, 0) },
      stopOnError,
      left,
      verb: "Copied",
      rest: "the same command again does the rest",
      finish,
    });
  } catch (error) {
    // What is to go may be all that the target has of a file that was moved and could not be copied.
    const stay = error instanceof PartlyFailedError && !deleting && deletions.length > 0;
    if (stay) out.note("nothing more was deleted, as not all was copied");
    throw error;
  }
}

/** A failure that concerns one file; throws what concerns all of them. */
function failureOf(error: unknown, signal: AbortSignal): Failure {
  const failure = error instanceof ProtocolError || signal.aborted ? undefined : toFailure(error);
  if (!failure) throw error;
  return failure;
}

function steps({ clear, folders, renames, touches, copies, deletions }: Plan): number {
  return clear.length + folders.length + renames.length + touches.length + copies.length + deletions.length;
}

/** One thing that is to be done, or was done. */
type Step =
  | { step: "delete"; path: string; kind: "file" | "folder" }
  | { step: "make-folder"; path: string }
  | { step: "rename"; from: string; to: string }
  | { step: "touch"; path: string; kind: "file" | "folder"; why: Touch["why"] }
  | { step: "copy"; path: string; size: number; why: Copy["why"] };

/** The same in words: what a plan says, and what `--verbose` tells of a run. */
function stepLine(step: Step): string {
  const name = (path: string, kind?: string) => `${printable(path)}${kind === "folder" ? "/" : ""}`;
  switch (step.step) {
    case "delete":
      return `delete  ${name(step.path, step.kind)}`;
    case "make-folder":
      return `make    ${name(step.path, "folder")}`;
    case "rename":
      return `rename  ${name(step.from)} to ${name(step.to)}`;
    case "touch":
      return `touch   ${name(step.path, step.kind)} (${step.why})`;
    case "copy":
      return `copy    ${name(step.path)} (${step.why}, ${bytes(step.size)})`;
  }
}

function showPlan({ out }: Context, plan: Plan): void {
  const { clear, folders, renames, touches, copies, deletions, left, same } = plan;
  const show = (step: Step) => out.result(step, stepLine(step));
  const byPath = (a: { path: string }, b: { path: string }) => a.path < b.path ? -1 : 1;
  for (const { path, kind } of clear) show({ step: "delete", path, kind });
  for (const path of folders.map(({ path }) => path || ".").sort()) show({ step: "make-folder", path });
  for (const { from, to } of renames) show({ step: "rename", from, to });
  for (const { path, kind, why } of touches.toSorted(byPath)) show({ step: "touch", path, kind, why });
  for (const { path, size, why } of copies.toSorted(byPath)) show({ step: "copy", path, size, why });
  for (const { path, kind } of deletions) show({ step: "delete", path, kind });
  const { failed } = tellLeft(out, left);
  const size = copies.reduce((sum, { size }) => sum + size, 0);
  out.done(
    { summary: { steps: steps(plan), bytes: size, same, failed } },
    `${plural(steps(plan), "step")}, ${bytes(size)} to copy, ${plural(same, "file")} the same`,
  );
  if (failed > 0) throw new PartlyFailedError(`${plural(failed, "name")} cannot be copied`);
}
