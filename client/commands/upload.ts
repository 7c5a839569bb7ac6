import { DiskError, diskError } from "../../disk/errors.ts";
import { exists } from "../../disk/exists.ts";
import { CommandError } from "../../protocol/errors.ts";
import { baseName, folderOf, joinPath, resolvePath } from "../../protocol/path.ts";
import type { Collision } from "../client.ts";
import type { Arguments, Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { printable, summary } from "../format.ts";
import { isLocalFile, isLocalFolder, localName } from "../local_files.ts";
import { isRemoteFolder, remoteTarget } from "../remote_files.ts";
import { type Moved, runBatch } from "../transfer/batch.ts";
import { SYNC_REST } from "../transfer/batch_report.ts";
import { makeRemoteFolders, requireRemoteFolders } from "../transfer/folders.ts";
import { patternOf, readPattern } from "../transfer/glob.ts";
import { JOBS_OPTION, requireJobs, withLanes } from "../transfer/lanes.ts";
import { tellInterrupted } from "../transfer/omitted.ts";
import { ahead, allAhead } from "../transfer/pipeline.ts";
import { SELECTION_OPTIONS, SELECTION_USAGE } from "../transfer/selection.ts";
import { greetingOf } from "../transfer/retry.ts";
import { sendFile } from "../transfer/send_file.ts";
import { sender, type SendItem } from "../transfer/send_many.ts";
import { isFirst, localSources, sizeOfAll, type Source, sourceOptions } from "../transfer/sources.ts";
import type { Command } from "./command.ts";

const OPTIONS: Command["options"] = {
  recursive: { short: "r", help: "folders, with everything in them" },
  overwrite: { help: "replace remote files of the same name" },
  "fail-if-exists": { help: "refuse when the name is taken" },
  sha256: { help: "verify by SHA-256 as well" },
  ...SELECTION_OPTIONS,
  "stop-on-error": { help: "of many files, stop at the first that fails" },
  ...JOBS_OPTION,
};

/** `upload`: stores files, each whole or not at all. */
export const upload: Command = {
  name: "upload",
  aliases: ["put"],
  usage:
    `FILE... [REMOTE] [-r] [--overwrite | --fail-if-exists] [--sha256] ${SELECTION_USAGE} [--stop-on-error] [-j N]`,
  summary: "send files",
  details:
    "Stores the file under its name in the current remote folder, or as REMOTE. When the name is taken, both are\n" +
    "kept: the new one is called NAME_1. FILE - reads standard input, and needs REMOTE. FILE may be a pattern, as in\n" +
    "'*.log' or 'photos/**/*.jpg'; with several files, a last argument that ends with / is where they go.\n" +
    "Of names that one pattern could stand for, such as A B or sub/A sub/B, REMOTE must be no local file, nor with -r a\n" +
    "folder: it could be meant as FILE, too. ./NAME says that it is REMOTE.",
  arguments: ["local", "remote"],
  count: [1, Infinity],
  options: OPTIONS,
  async run(context, call) {
    const { args, on } = call;
    const single = args.length <= 2 && !on.has("recursive") && (readPattern(args[0]) === undefined || exists(args[0]));
    requireJobs(call);
    const last = args.at(-1)!;
    // A shell may have made them of a pattern.
    const alike = args[0] !== last && args.every((name) => patternOf(name) === patternOf(last));
    const meansRemote = args.length === 2 || last.endsWith("/");
    if (alike && meansRemote && exists(args[0]) && (isLocalFile(last) || on.has("recursive") && isLocalFolder(last))) {
      const what = isLocalFile(last) ? "file" : "folder";
      const mput = on.has("recursive") ? "mput -r" : "mput";
      throw new UsageError(
        `upload: "${last}" is a local ${what}, too. ${mput} sends them all; upload FILE "${
          last.startsWith("/") ? "/." : "./"
        }${last}" stores the first one as that`,
      );
    }
    if (single) return await sendOne(context, args[0], args[1], call);
    const into = args.length > 1 && (args.length === 2 || last.endsWith("/") || !exists(last) && !readPattern(last));
    if (into && args.length > 2 && !last.endsWith("/")) await requireFolder(context, last);
    await sendMany(context, into ? args.slice(0, -1) : args, into ? last : undefined, call);
  },
};

/** `mput`: sends many files into the current remote folder. */
export const mput: Command = {
  name: "mput",
  usage: `FILE... [-r] [--overwrite | --fail-if-exists] [--sha256] ${SELECTION_USAGE} [--stop-on-error] [-j N]`,
  summary: "send many files into the remote folder",
  arguments: ["local"],
  count: [1, Infinity],
  options: OPTIONS,
  run: (context, call) => sendMany(context, call.args, undefined, call),
};

/** Where a path really leads, if anywhere. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path; // it went away; sending it says so
  }
}

/** As {@linkcode realPath}; that of one path is asked for once. */
function realPaths(): (path: string) => string {
  const known = new Map<string, string>();
  return (path) => {
    let real = known.get(path);
    if (real === undefined) known.set(path, real = realPath(path));
    return real;
  };
}

async function sendOne(context: Context, file: string, remote: string | undefined, call: Arguments): Promise<void> {
  const { client, out, signal } = context;
  const collision = collisionOf(call);
  const sha256 = call.on.has("sha256");
  if (file === "-" && remote === undefined) {
    throw new UsageError("upload - needs a name to store it under: upload - NAME");
  }
  if (file === "-" && context.readsCommands) {
    throw new UsageError(
      "upload - reads standard input, which the commands come from; run it as ftp HOST upload - NAME",
    );
  }
  const size = file === "-" ? undefined : sizeOf(file);
  if (size !== undefined && remote?.endsWith("/")) await makeFolder(context, resolvePath(context.remoteFolder, remote));
  const path = file === "-" ? await nameFor(context, remote!) : await remoteTarget(context, remote, localName(file));
  const meter = context.meter(baseName(path), size);
  const began = performance.now();
  let stored: Moved;
  let [resumed, moved] = [0, 0];
  try {
    const onProgress = (sent: number, before = 0) => meter.update(moved = sent, resumed = before);
    stored = file === "-"
      ? await client.upload(path, standardInput, { collision, sha256, signal, onProgress })
      : await sendFile(context, {
        local: file,
        path,
        collision,
        sha256,
        onProgress,
        onResume: (note) => out.note(`${printable(file)}: ${note}`),
      });
  } catch (error) {
    tellInterrupted(out, file, error, "sent", moved, size ?? 0);
    throw error;
  } finally {
    meter.finish();
  }
  const ms = performance.now() - began;
  out.done(
    { uploaded: file, stored: stored.path, size: stored.size, resumed, ms: Math.round(ms) },
    `Stored as ${printable(stored.path)} (${summary(stored.size, resumed, ms)})`,
    stored.path === path,
  );
}

async function sendMany(
  context: Context,
  typed: readonly string[],
  remote: string | undefined,
  call: Arguments,
): Promise<void> {
  const { remoteFolder, signal } = context;
  const { on } = call;
  const collision = collisionOf(call);
  const stopOnError = on.has("stop-on-error");
  const end = new AbortController();
  const options = sourceOptions(call);
  const found = await localSources(typed, options, AbortSignal.any([signal, end.signal]));
  const { omitted } = found;
  const top = resolvePath(remoteFolder, remote ?? "");
  // As with `cp -r`: a folder goes into REMOTE when that is there, and becomes REMOTE when it is not.
  const becomes = remote !== undefined && !remote.endsWith("/") && found.top !== undefined &&
    readPattern(typed[0]) === undefined && !await isRemoteFolder(context, top);
  const first = found.top?.to.length ?? 0;
  const target = (to: string) => joinPath(top, becomes ? to.slice(first + 1) : to);
  await makeFolder(context, top, becomes ? found.top?.node.mode : undefined);
  const missing = new Map<string, CommandError>();
  const whyMissing = (path: string) =>
    missing.has(folderOf(path)) ? "its folder cannot be made there" : missing.get(path)?.message;
  const total = { files: 0, bytes: 0, isComplete: false };
  const several = typed.length > 1;
  const replaces = (collision ?? (await greetingOf(context))?.collision) === "overwrite";
  const isFirstThere = isFirst(several, replaces, omitted, realPath);
  // As early as can be: how much there is tells for how long it will take, and whether there is room for it.
  const counted = async function* (): AsyncGenerator<Source[]> {
    for await (const some of found.items) {
      const files = some.filter(({ node }) => node.kind === "file");
      total.files += files.length;
      total.bytes += sizeOfAll(files);
      yield some;
    }
    total.isComplete = true;
  };
  const omit = (item: Source, reason?: string) => {
    total.files--;
    total.bytes -= item.node.size;
    if (reason !== undefined) omitted.push({ path: item.to, reason, failed: true });
  };
  const placed = async function* (): AsyncGenerator<Source[]> {
    for await (const some of allAhead(counted())) {
      end.signal.throwIfAborted();
      const folders = some.filter(({ node }) => node.kind === "folder")
        .map(({ to, node }) => ({ path: target(to), mode: node.mode })).filter(({ path }) => path !== top);
      for (const [path, error] of await makeRemoteFolders(context, folders)) missing.set(path, error);
      const files: Source[] = [];
      for (const item of some) {
        const why = missing.size > 0 ? whyMissing(target(item.to)) : undefined;
        if (item.node.kind === "folder") {
          if (why !== undefined) omitted.push({ path: item.to, reason: why, failed: true });
        } else if (why !== undefined) omit(item, why);
        else if (isFirstThere(item)) files.push(item);
        else omit(item);
      }
      yield files;
    }
  };
  // With --stop-on-error, what cannot be moved ends it before anything is.
  const files = stopOnError ? [(await Array.fromAsync(placed())).flat()] : ahead(placed());
  // Of what is in a folder, none is a link: nobody is to put one into its place before it is read.
  const realOf = realPaths();
  const job = (source: Source): SendItem => {
    const { from, to, node } = source;
    const path = target(to);
    return {
      name: from,
      size: node.size,
      local: from,
      plain: options.links === "skip" ? source.plain(realOf) : undefined,
      seen: node,
      path,
      wanted: path,
      result: (moved) => ({ uploaded: from, stored: moved.path, size: moved.size }),
    };
  };
  const jobs = async function* () {
    for await (const some of files) yield some.values().map(job);
  };
  const free = replaces ? undefined : async () => (await context.client.room(top, { signal })).free;
  const batch = { total, free, stopOnError, omitted, verb: "Sent", rest: SYNC_REST };
  try {
    await withLanes(context, call, async (lanes) => {
      const how = { collision, sha256: on.has("sha256") };
      const movers = await Promise.all(lanes.map((lane) => sender(lane, context.out, how)));
      await runBatch(context, jobs(), movers, batch);
    });
  } finally {
    end.abort(); // what failed must not leave a search behind that goes on, and makes folders
  }
}

/** Makes a folder where none is. */
async function makeFolder(context: Context, path: string, mode?: number): Promise<void> {
  if (path !== "/") await requireRemoteFolders(context, [{ path, mode }]);
}

/** Of several names the last may be a remote folder, or a local file whose name was mistyped. */
async function requireFolder(context: Context, typed: string): Promise<void> {
  if (await isRemoteFolder(context, resolvePath(context.remoteFolder, typed))) return;
  throw new DiskError(
    "not_found",
    `there is neither a local file nor a remote folder "${typed}"; "${typed}/" makes one`,
  );
}

function collisionOf({ on }: Arguments): Collision | undefined {
  if (on.has("overwrite") && on.has("fail-if-exists")) {
    throw new UsageError("--overwrite and --fail-if-exists exclude each other");
  }
  return on.has("overwrite") ? "overwrite" : on.has("fail-if-exists") ? "fail" : undefined;
}

/** Where standard input goes, which has no name of its own. */
async function nameFor(context: Context, typed: string): Promise<string> {
  const path = resolvePath(context.remoteFolder, typed);
  if (!typed.endsWith("/") && !await isRemoteFolder(context, path)) return path;
  throw new UsageError(
    `"${typed}" is a folder; upload - needs a name in it, as in upload - "${typed.replace(/\/*$/, "/NAME")}"`,
  );
}

function sizeOf(path: string): number {
  if (isLocalFolder(path)) {
    throw new DiskError("is_folder", `${JSON.stringify(path)} is a folder; -r sends it with all in it`);
  }
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    throw diskError(error, `opening the local file ${JSON.stringify(path)}`);
  }
}

const standardInput = { read: async (into: Uint8Array) => await Deno.stdin.read(into) ?? 0 };
