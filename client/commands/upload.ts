import { FileSource } from "../../disk/file_source.ts";
import { CommandError } from "../../protocol/errors.ts";
import { baseName, joinPath, resolvePath } from "../../protocol/path.ts";
import type { Client, UploadOptions } from "../client.ts";
import { UsageError } from "../errors.ts";
import { bytes, elapsed, printable, rate } from "../format.ts";
import { localName } from "../local_files.ts";
import type { Arguments, Command } from "./command.ts";

/** `upload`: stores a file whole or not at all. */
export const upload: Command = {
  name: "upload",
  aliases: ["put"],
  usage: "FILE [REMOTE] [--overwrite | --fail-if-exists] [--sha256]",
  summary: "send a file",
  details:
    "Stores the file under its name in the current remote folder, or as REMOTE. When the name is taken, both are\n" +
    "kept: the new one is called NAME_1. FILE - reads standard input, and needs REMOTE.",
  arguments: ["local", "remote"],
  count: [1, 2],
  options: {
    overwrite: { help: "replace a remote file of the same name" },
    "fail-if-exists": { help: "refuse when the name is taken" },
    sha256: { help: "verify by SHA-256 as well" },
  },
  async run(context, call) {
    const { client, out, remoteFolder, signal } = context;
    const { args: [file, remote], on } = call;
    const collision = collisionOf(call);
    if (file === "-" && remote === undefined) {
      throw new UsageError("upload - needs a name to store it under: upload - NAME");
    }
    if (file === "-" && context.readsCommands) {
      throw new UsageError(
        "upload - reads standard input, which the commands come from; run it as ftp HOST upload - NAME",
      );
    }
    const options: UploadOptions = { collision, signal, sha256: on.has("sha256") };

    using source = file === "-" ? standardInput() : openLocal(file);
    const name = file === "-" ? baseName(resolvePath(remoteFolder, remote!)) : localName(file);
    const path = await remoteTarget(client, remoteFolder, remote, name, signal);
    if (source.info) {
      options.modified = source.info.mtime?.getTime();
      options.executable = ((source.info.mode ?? 0) & 0o100) !== 0;
    }
    const meter = context.meter(name, source.size);
    const began = performance.now();
    let stored: { path: string; size: number };
    try {
      stored = await client.upload(path, source, { ...options, onProgress: (sent) => meter.update(sent) });
    } finally {
      meter.finish();
    }
    const ms = performance.now() - began;
    out.done(
      { uploaded: file, stored: stored.path, size: stored.size, ms: Math.round(ms) },
      `Stored as ${printable(stored.path)} (${bytes(stored.size)} in ${elapsed(ms)}, ${rate(stored.size, ms)})`,
    );
  },
};

function collisionOf({ on }: Arguments): UploadOptions["collision"] {
  if (on.has("overwrite") && on.has("fail-if-exists")) {
    throw new UsageError("--overwrite and --fail-if-exists exclude each other");
  }
  return on.has("overwrite") ? "overwrite" : on.has("fail-if-exists") ? "fail" : undefined;
}

/** Where an upload goes: a folder means into it. */
async function remoteTarget(
  client: Client,
  folder: string,
  typed: string | undefined,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  if (typed === undefined) return joinPath(folder, name);
  const path = resolvePath(folder, typed);
  try {
    if ((await client.stat(path, { signal })).kind === "folder") return joinPath(path, name);
  } catch (error) {
    if (!(error instanceof CommandError && error.code === "not_found" && !typed.endsWith("/"))) throw error;
  }
  return path;
}

interface Source extends Disposable {
  readonly size?: number;
  readonly info?: Deno.FileInfo;
  read(into: Uint8Array<ArrayBuffer>): number | Promise<number>;
}

function openLocal(path: string): Source {
  const source = new FileSource(path, `the local file ${JSON.stringify(path)}`);
  return Object.assign(source, { [Symbol.dispose]: () => source.close() });
}

function standardInput(): Source {
  return { read: async (into) => await Deno.stdin.read(into) ?? 0, [Symbol.dispose]: () => {} };
}
