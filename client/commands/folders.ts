/**
 * `cd`, `pwd`, `mkdir`, `rmdir`: remote folders.
 *
 * @module
 */

import { CommandError } from "../../protocol/errors.ts";
import { ancestors, resolvePath } from "../../protocol/path.ts";
import { advise } from "../errors.ts";
import { printable } from "../format.ts";
import { isRemoteFolder } from "../remote_files.ts";
import { requireRemoteFolders } from "../transfer/folders.ts";
import type { Command } from "./command.ts";
import { forEach } from "./each.ts";

/** `cd`: goes to another remote folder. */
export const cd: Command = {
  name: "cd",
  usage: "[PATH]",
  summary: "change the remote folder",
  details: "Without PATH: the served folder.",
  arguments: ["remote-folder"],
  count: [0, 1],
  async run(context, { args: [name = "/"] }) {
    const path = resolvePath(context.remoteFolder, name);
    const { kind } = await context.client.stat(path, { signal: context.signal });
    if (kind !== "folder") throw new CommandError("not_folder", `"${printable(path)}" is not a folder`);
    context.remoteFolder = path;
    context.out.done({ remoteFolder: path }, printable(path));
  },
};

/** `pwd`: the remote folder. */
export const pwd: Command = {
  name: "pwd",
  usage: "",
  summary: "show the remote folder",
  arguments: [],
  count: [0, 0],
  async run({ client, out, remoteFolder }) {
    await client.hello; // it asks nothing else, and yet there must be a server
    out.result({ remoteFolder }, printable(remoteFolder));
  },
};

/** `mkdir`: makes remote folders. */
export const mkdir: Command = {
  name: "mkdir",
  usage: "FOLDER... [-p]",
  summary: "make remote folders",
  arguments: ["remote-folder"],
  count: [1, Infinity],
  options: { parents: { short: "p", help: "the folders above it, too, and no error where it is there already" } },
  async run(context, { args, on }) {
    const { client, out, remoteFolder, signal } = context;
    await forEach(context, args, async (name) => {
      const path = resolvePath(remoteFolder, name);
      if (on.has("parents")) {
        if (await isRemoteFolder(context, path)) {
          return out.done({ there: path }, `${printable(path)} is there already`);
        }
        await requireRemoteFolders(context, [...ancestors(path), path].map((path) => ({ path })));
      } else {
        await client.makeFolder(path, { signal })
          .catch(advise("not_found", "; -p makes the folders above it, too"));
      }
      out.done({ made: path }, `Made ${printable(path)}`);
    });
  },
};

/** `rmdir`: removes empty remote folders. */
export const rmdir: Command = {
  name: "rmdir",
  usage: "FOLDER...",
  summary: "remove empty remote folders",
  arguments: ["remote-folder"],
  count: [1, Infinity],
  async run(context, { args }) {
    const { client, out, remoteFolder, signal } = context;
    await forEach(context, args, async (name) => {
      const path = resolvePath(remoteFolder, name);
      await client.removeFolder(path, { signal })
        .catch(advise("not_empty", "; rm -r removes it with everything in it"));
      out.done({ removed: path }, `Removed ${printable(path)}`);
    });
  },
};
