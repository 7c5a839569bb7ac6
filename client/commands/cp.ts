import { CommandError } from "../../protocol/errors.ts";
import { ancestors, joinPath, resolvePath } from "../../protocol/path.ts";
import { advise } from "../errors.ts";
import { printable } from "../format.ts";
import { destinations } from "../remote_files.ts";
import { type Job, type Moved, type Mover, runBatch } from "../transfer/batch.ts";
import { makeRemoteFolders, type NewFolder } from "../transfer/folders.ts";
import type { Left } from "../transfer/left.ts";
import { canPack, fitsRequest } from "../transfer/pack.ts";
import { remoteTree } from "../transfer/remote_tree.ts";
import { readSelection, SELECTION_OPTIONS, SELECTION_USAGE } from "../transfer/selection.ts";
import type { Tree } from "../transfer/tree.ts";
import type { Arguments, Command, Context } from "./command.ts";
import { forEach } from "./each.ts";

/** `cp`: copies files, or with `-r` folders, on the server. */
export const cp: Command = {
  name: "cp",
  aliases: ["copy"],
  usage: `FROM... TO [-r] ${SELECTION_USAGE}`,
  summary: "copy remote files on the server",
  details:
    "The bytes do not cross the network. When TO is a folder, the copy goes into it; several can go nowhere else.\n" +
    "FROM may be a pattern. Nothing is ever replaced.",
  arguments: ["remote"],
  count: [2, Infinity],
  options: { recursive: { short: "r", help: "folders, with everything in them" }, ...SELECTION_OPTIONS },
  async run(context, call) {
    const recursive = call.on.has("recursive");
    const { names, left, of } = await destinations(context, call.args, (kind) => kind === "file" || recursive);
    if (recursive) return await copyAll(context, names, of, left, call);
    const { client, out, remoteFolder, signal } = context;
    await forEach(context, names, async (name) => {
      const [from, to] = [resolvePath(remoteFolder, name), of(name)];
      await client.copy(from, to, { signal }).catch(advise("is_folder", "; cp -r copies it with everything in it"));
      out.done({ copied: from, to }, `Copied ${printable(from)} to ${printable(to)}`);
    }, left);
  },
};

/** A file to copy. */
interface CopyJob extends Job {
  readonly from: string;
}

/** One pack, or two where the paths are too long for one request. */
async function copyPacks(context: Context, jobs: readonly CopyJob[]): Promise<(Moved | Error | undefined)[]> {
  const files = jobs.map(({ from, wanted }) => ({ from, to: wanted }));
  if (jobs.length > 1 && !fitsRequest(files)) {
    const half = jobs.length >> 1;
    return [...await copyPacks(context, jobs.slice(0, half)), ...await copyPacks(context, jobs.slice(half))];
  }
  const { client, signal } = context;
  const failed = await client.copyPack(files, { signal });
  return jobs.map(({ wanted, size }, at) => {
    const { error } = failed.get(at) ?? {};
    if (error?.code === "changed") return undefined; // it has grown, or is a link: by itself
    return error ? new CommandError(error.code, error.message) : { path: wanted, size };
  });
}

/** All names are listed before the first file is copied, so that nothing is copied that is itself a copy. */
async function copyAll(
  context: Context,
  names: readonly string[],
  of: (name: string) => string,
  unread: readonly Left[],
  call: Arguments,
): Promise<void> {
  const { client, remoteFolder, signal } = context;
  const selection = readSelection(call);
  const left = [...unread];
  const jobs: CopyJob[] = [];
  const add = (name: string, from: string, to: string, size: number) =>
    jobs.push({ name, size, from, wanted: to, result: () => ({ copied: from, to }) });
  const trees: (Tree & { name: string; from: string; to: string; mode: number })[] = [];
  for (const name of names) {
    const [from, to] = [resolvePath(remoteFolder, name), of(name)];
    const { kind, size, mode } = await client.stat(from, { signal });
    if (kind !== "folder") {
      add(name, from, to, size);
      continue;
    }
    if (["/", to, ...ancestors(to)].includes(from)) {
      throw new CommandError("bad_path", `"${from}" cannot be copied into itself`);
    }
    trees.push({ ...await remoteTree(client, from, selection, signal), name, from, to, mode });
  }
  const folders: NewFolder[] = [];
  for (const { name, from, to, mode, ...tree } of trees) {
    try {
      await client.makeFolder(to, { mode, signal });
    } catch (error) {
      if (!(error instanceof CommandError) || error.code !== "exists") throw error;
      left.push({ path: name, reason: error.message, code: error.code, failed: true });
      continue;
    }
    for (const { path, kind, size, mode } of tree.nodes) {
      if (kind === "folder") folders.push({ path: joinPath(to, path), mode });
      else add(joinPath(name, path), joinPath(from, path), joinPath(to, path), size);
    }
    left.push(...tree.left.map((one) => ({ ...one, path: joinPath(name, one.path) })));
  }
  for (const [path, { message, code }] of await makeRemoteFolders(context, folders)) {
    left.push({ path, reason: message, code, failed: true });
  }
  const mover: Mover<CopyJob> = {
    async one({ from, wanted, size }) {
      await client.copy(from, wanted, { signal });
      return { path: wanted, size };
    },
    many: await canPack(context, false) ? (jobs) => copyPacks(context, jobs) : undefined,
  };
  const total = { files: jobs.length, bytes: jobs.reduce((sum, { size }) => sum + size, 0) };
  const rest = "what was copied stays";
  await runBatch(context, [jobs], [mover], { total, left, verb: "Copied", rest, stopOnError: false });
}
