import { DiskError, diskError } from "../../disk/errors.ts";
import { NEW_FOLDER_MODE } from "../../disk/mode.ts";
import { ensureFolder } from "../../disk/new_folder.ts";
import { split } from "../../disk/path.ts";
import { roomOf } from "../../disk/room.ts";
import { CommandError } from "../../protocol/errors.ts";
import { baseName, folderOf, resolvePath, withoutSlashes } from "../../protocol/path.ts";
import type { Arguments, Context } from "../context.ts";
import { advise, UsageError } from "../errors.ts";
import { exactBytes, printable, summary } from "../format.ts";
import { isLocalFolder, localTarget, readHead, targetPath } from "../local_files.ts";
import type { Output } from "../output.ts";
import { preview } from "../preview.ts";
import { isThere } from "../remote_files.ts";
import { terminalSize } from "../terminal_size.ts";
import { runBatch } from "../transfer/batch.ts";
import { SYNC_REST } from "../transfer/batch_report.ts";
import { fetchFile } from "../transfer/fetch_file.ts";
import { fetcher, type FetchItem, sweeper } from "../transfer/fetch_many.ts";
import { patternOf, readPattern } from "../transfer/glob.ts";
import { JOBS_OPTION, requireJobs, withLanes } from "../transfer/lanes.ts";
import { type Omitted, tellInterrupted } from "../transfer/omitted.ts";
import { SELECTION_OPTIONS, SELECTION_USAGE } from "../transfer/selection.ts";
import { isFirst, isTop, remoteSources, sizeOfAll, type Source, sourceOptions } from "../transfer/sources.ts";
import { sendToOutput } from "./cat.ts";
import type { Command } from "./command.ts";

/** As much of a file as can matter for a screenful, in bytes. */
const PREVIEW_BYTES = 64 * 1024;

const OPTIONS: Command["options"] = {
  recursive: { short: "r", help: "folders, with everything in them" },
  "no-show": { help: "do not show the content" },
  overwrite: { help: "replace local files of the same name" },
  sha256: { help: "verify by SHA-256 as well" },
  ...SELECTION_OPTIONS,
  "stop-on-error": { help: "of many files, stop at the first that fails" },
  ...JOBS_OPTION,
};

/** `download`: fetches files; a single one is shown when it is text. */
export const download: Command = {
  name: "download",
  aliases: ["get"],
  usage: `FILE... [LOCAL] [-r] [--no-show] [--overwrite] [--sha256] ${SELECTION_USAGE} [--stop-on-error] [-j N]`,
  summary: "fetch files; show a single one if it is text",
  details: "Saves the file under its name, or as LOCAL; a local file is never replaced unless --overwrite is given:\n" +
    "the new one is called NAME_1 then. LOCAL - writes the bytes to standard output. FILE may be a pattern, as in\n" +
    "'*.log' or 'photos/**/*.jpg'; with several files, a last argument that is a local folder is where they go.",
  arguments: ["remote", "local"],
  count: [1, Infinity],
  options: OPTIONS,
  async run(context, call) {
    const { args, on } = call;
    const single = args.length <= 2 && !on.has("recursive") &&
      (readPattern(args[0]) === undefined || await isThere(context, args[0]));
    requireJobs(call);
    if (args.length === 2) await requireLocal(context, args[0], args[1]);
    if (single) return await fetchOne(context, args[0], args[1], call);
    const last = args.at(-1)!;
    const into = args.length > 1 && (args.length === 2 || last.endsWith("/") || isLocalFolder(last));
    if (!into && args.length > 2) await requireRemote(context, last);
    await fetchMany(context, into ? args.slice(0, -1) : args, into ? last : ".", call);
  },
};

/** `mget`: fetches many files into the current local folder. */
export const mget: Command = {
  name: "mget",
  usage: `FILE... [-r] [--no-show] [--overwrite] [--sha256] ${SELECTION_USAGE} [--stop-on-error] [-j N]`,
  summary: "fetch many files into the local folder",
  arguments: ["remote"],
  count: [1, Infinity],
  options: OPTIONS,
  run: (context, call) => fetchMany(context, call.args, ".", call),
};

/** Who sits at a terminal may mean both; what runs without one means the same tomorrow, whatever the server holds then. */
async function requireLocal(context: Context, file: string, local: string): Promise<void> {
  const couldBeRemote = !local.includes("/") || patternOf(local) === patternOf(file);
  if (!context.ask || !couldBeRemote || local === "-" || local === file || isLocalFolder(local)) return;
  if (!await isThere(context, local)) return;
  const own = local.startsWith("/") ? `/.${local}` : `./${local}`;
  throw new UsageError(
    `download: "${local}" is a remote name, too. mget fetches both; download FILE "${own}" saves the first one as that`,
  );
}

/** Of several names the last may be a remote file, or a local folder whose name was mistyped. */
async function requireRemote(context: Context, typed: string): Promise<void> {
  if (readPattern(typed) !== undefined || await isThere(context, typed)) return;
  throw new CommandError(
    "not_found",
    `there is neither a remote file nor a local folder "${typed}"; "${typed}/" makes one`,
  );
}

async function fetchOne(context: Context, file: string, local: string | undefined, { on }: Arguments): Promise<void> {
  const { out, remoteFolder, signal } = context;
  const path = resolvePath(remoteFolder, file);
  if (path === "/") throw new UsageError("the served folder itself is no file; -r takes it with all in it");
  const sha256 = on.has("sha256");
  if (local === "-") return await sendToOutput(out, await context.client.download(path, { sha256, signal }));
  if (local?.endsWith("/") && !isLocalFolder(local)) {
    await context.client.stat(path, { signal }); // nothing is made for what is not there
    makeLocalFolder(withoutSlashes(local), NEW_FOLDER_MODE);
  }
  const began = performance.now();
  let meter: ReturnType<Context["meter"]> | undefined;
  let [resumed, moved, total] = [0, 0, 0];
  const target = localTarget(local, baseName(path));
  await sweeper()(target.folder);
  const { path: saved, size } = await fetchFile(context, {
    path,
    target,
    collision: on.has("overwrite") ? "overwrite" : "rename",
    sha256,
    onSize: (size) => meter ??= context.meter(baseName(path), total = size),
    onProgress: (done, before) => meter?.update(moved = done, resumed = before),
    onResume: (note) => out.note(`${printable(file)}: ${note}`),
  }).catch((error) => {
    tellInterrupted(out, file, error, "fetched", moved, total);
    return advise("is_folder", "; -r takes it with all in it")(error);
  }).finally(() => meter?.finish());
  const ms = performance.now() - began;
  out.done(
    { downloaded: path, saved, size, resumed, ms: Math.round(ms) },
    `Saved as ${printable(saved)} (${summary(size, resumed, ms)})`,
    saved === targetPath(target),
  );
  if (!on.has("no-show")) await show(out, saved, size);
}

async function fetchMany(context: Context, typed: readonly string[], local: string, call: Arguments): Promise<void> {
  const { on } = call;
  if (local === "-") throw new UsageError("download: - takes one file; cat writes several");
  const { items, omitted } = await remoteSources(context, typed, sourceOptions(call));
  const [base, top] = topFolder(typed, local, on.has("recursive"), items);
  const becomes = items.length > 0 && base(items[0].to) === "";
  makeLocalFolder(top, becomes ? items[0].node.mode : NEW_FOLDER_MODE);
  const folders = makeLocalFolders(top, items, base, typed, omitted);
  const isFirstThere = isFirst(typed.length > 1, on.has("overwrite"), omitted);
  const files = items.filter((item) => {
    if (item.node.kind !== "file") return false;
    const path = base(item.to);
    if (folders.has(folderOf(path))) return isFirstThere(item);
    omitted.push({ path, reason: NO_FOLDER, failed: true });
    return false;
  });
  const jobs = files.values().map(({ from, to, node }): FetchItem => {
    const wanted = targetPath({ folder: top, name: base(to) });
    return {
      name: from,
      size: node.size,
      path: from,
      target: split(wanted),
      wanted,
      result: ({ path, size }) => ({ downloaded: from, saved: path, size }),
    };
  });
  const collision = on.has("overwrite") ? "overwrite" : "rename";
  const batch = {
    total: { files: files.length, bytes: sizeOfAll(files) },
    free: on.has("overwrite") ? undefined : async () => (await roomOf(top)).free,
    stopOnError: on.has("stop-on-error"),
    omitted,
    verb: "Fetched",
    rest: SYNC_REST,
  };
  await withLanes(context, call, async (lanes) => {
    const options = { collision, sha256: on.has("sha256") } as const;
    const movers = await Promise.all(lanes.map((lane) => fetcher(lane, context.out, options)));
    await runBatch(context, [jobs], movers, batch);
  });
}

/**
 * As with `cp -r`: a folder goes into LOCAL when that is there, and becomes LOCAL when it is not.
 *
 * @returns how the path of a source is changed, and the folder that it goes to
 */
function topFolder(
  typed: readonly string[],
  local: string,
  recursive: boolean,
  items: Source[],
): [(to: string) => string, string] {
  const becomes = recursive && typed.length === 1 && isTop(items[0]) && !readPattern(typed[0]) &&
    !local.endsWith("/") && !isLocalFolder(local);
  const first = items[0]?.to.length ?? 0;
  return [becomes ? (to) => to.slice(first + 1) : (to) => to, withoutSlashes(local)];
}

/** Why something is left that a server has put into a folder which is not here. */
const NO_FOLDER = "its folder cannot be made here";

/**
 * Makes the folders that a server has named. Where a link stands in their place, they and all in them are left: it could lead
 * anywhere. One that the person has named may be a link.
 *
 * @param base how the path of a source is changed
 * @returns those that are there now, by their path below the top
 */
function makeLocalFolders(
  top: string,
  items: Source[],
  base: (to: string) => string,
  typed: readonly string[],
  omitted: Omitted[],
): Set<string> {
  const own = new Set(typed.map((name) => name.replace(/\/+$/, "").split("/").at(-1)!));
  const folders = new Set([""]);
  for (const { to, node } of items) {
    if (node.kind !== "folder") continue;
    const path = base(to);
    if (path === "") continue;
    const here = targetPath({ folder: top, name: path });
    const reason = folders.has(folderOf(path)) ? whyNotMade(here, node.mode, own.has(path)) : NO_FOLDER;
    if (reason) omitted.push({ path, reason, failed: true });
    else folders.add(path);
  }
  return folders;
}

/** Makes a folder where none is; returns why it cannot be, or is not to be used. */
function whyNotMade(path: string, mode: number, mayBeLink: boolean): string | undefined {
  let problem: string | undefined;
  try {
    if (makeLocalFolder(path, mode)) return undefined;
  } catch (error) {
    problem = (error as DiskError).message;
  }
  return !mayBeLink && isLink(path) ? "a symbolic link stands in its way here" : problem;
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/**
 * Makes a folder where none is; returns whether it was made.
 *
 * @throws {DiskError} when it cannot be
 */
function makeLocalFolder(path: string, mode: number): boolean {
  try {
    return ensureFolder(path, mode);
  } catch (error) {
    throw diskError(error, `the local folder ${JSON.stringify(path)}`);
  }
}

async function show(out: Output, path: string, size: number): Promise<void> {
  if (out.json || out.quiet) return;
  const { columns, rows } = terminalSize();
  const view = await preview(readHead(path, PREVIEW_BYTES), size, rows, columns);
  if (view === undefined) return out.text(`${printable(path)} is not text: ${exactBytes(size)}`);
  for (const line of view.lines) out.text(line);
  if (view.more) out.text(`... ${view.more}`);
}
