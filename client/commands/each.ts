import { ProtocolError } from "../../protocol/errors.ts";
import type { Entry } from "../../protocol/messages.ts";
import { resolvePath } from "../../protocol/path.ts";
import type { Context } from "../context.ts";
import { PartlyFailedError, toFailure } from "../errors.ts";
import { plural } from "../listing.ts";
import { expandNames } from "../remote_files.ts";
import { type Omitted, reportOmitted } from "../transfer/omitted.ts";

/**
 * Does the same for each of several remote names. One that fails is told, and the rest goes on.
 *
 * @param context where to tell
 * @param names what the person named
 * @param work what is done for each; the next one waits for it
 * @param omitted what could not be looked into for more names: told first
 * @throws {PartlyFailedError} in the end, when any of several failed; of a single one, what `work` throws. What concerns all of
 * them ends it at once: the connection is lost, or the person cancels
 */
export async function forEach(
  { out, signal, remoteFolder }: Context,
  names: readonly string[],
  work: (name: string) => void | Promise<void>,
  omitted: readonly Omitted[] = [],
): Promise<void> {
  let { failed } = reportOmitted(out, omitted);
  const count = names.length + omitted.length;
  for (const name of names) {
    try {
      await work(name);
    } catch (error) {
      const failure = toFailure(error);
      const isCanceled = signal.aborted || failure?.code === "canceled";
      if (count === 1 || !failure || error instanceof ProtocolError || isCanceled) throw error;
      out.failure({ ...failure, path: resolvePath(remoteFolder, name) });
      failed++;
    }
  }
  if (failed > 0) throw new PartlyFailedError(`${failed} of ${plural(count, "name")} failed`);
}

/**
 * As {@linkcode forEach}, for each of what remote names and patterns mean.
 *
 * @param context the connection and the folder, and where to tell
 * @param typed what the person named
 * @param isMeant whether a pattern means things of a kind
 * @param work what is done for each; told its path, its name as it could have been typed, and whether there are several
 */
export async function forEachRemote(
  context: Context,
  typed: readonly string[],
  isMeant: (kind: Entry["kind"]) => boolean,
  work: (path: string, name: string, several: boolean) => Promise<void>,
): Promise<void> {
  const { names, omitted } = await expandNames(context, typed, isMeant);
  const several = names.length > 1;
  await forEach(context, names, (name) => work(resolvePath(context.remoteFolder, name), name, several), omitted);
}
