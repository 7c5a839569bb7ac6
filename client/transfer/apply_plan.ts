/**
 * Doing what a plan says.
 *
 * @module
 */

import { ProtocolError } from "../../protocol/errors.ts";
import { folderOf } from "../../protocol/path.ts";
import type { Context } from "../context.ts";
import { codeOf, type Failure, PartlyFailedError, toFailure } from "../errors.ts";
import { printable } from "../format.ts";
import type { BatchOptions } from "./batch_report.ts";
import { reportOmitted } from "./omitted.ts";
import { pipeline } from "./pipeline.ts";
import { type Copy, deepestFirst, type Deletion, type Plan, type Touch } from "./plan.ts";
import type { Side } from "./side.ts";
import { type Step, stepLine } from "./step.ts";

/** Most renames or deletions under way. */
const COUNT = 64;

/**
 * Carries out a plan, in its order; steps that do not depend on each other at once.
 *
 * @param context where to tell
 * @param plan what to do
 * @param target where to do it
 * @param stopOnError whether the first failure ends it
 * @param copyAll moves the files that are to be copied
 * @throws {PartlyFailedError} when any step failed; what concerns all of them
 */
export async function applyPlan(
  context: Context,
  plan: Plan,
  target: Side,
  stopOnError: boolean,
  copyAll: (copies: readonly Copy[], batch: BatchOptions) => Promise<void>,
): Promise<void> {
  const { out, signal } = context;
  const tell = (step: Step) => out.step(step, () => stepLine(step));
  if (stopOnError && plan.omitted.some(({ failed }) => failed)) {
    reportOmitted(out, plan.omitted);
    throw new PartlyFailedError("stopped before anything was done");
  }
  const omitted = [...plan.omitted];
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
      out.failure({ ...failureOf(error, signal), path });
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
    if (error) omitted.push({ path, reason: error.message, failed: true });
    else tell({ step: "make-folder", path: path || "." });
  }
  for (const { path } of [...plan.copies, ...plan.renames.map(({ to }) => ({ path: to }))].filter(isHomeless)) {
    omitted.push({ path, reason: "its folder cannot be made", failed: true });
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
      // Somebody else was faster, and is not to be relied on; or it lies on another disk, say.
      const code = codeOf(error);
      if (code === "denied" || code === "exists") deletions.push({ path: from, kind: "file" });
      else if (code !== "not_found") throw error;
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
      else omitted.push({ path, reason: failureOf(error, signal).message, failed: true });
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
      free: async () => await target.free() + plan.replaced,
      stopOnError,
      omitted,
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
