/**
 * `lcd`, `lls`, `lpwd`: local folders.
 *
 * @module
 */

import { diskError } from "../../disk/errors.ts";
import { modeOf } from "../../disk/mode.ts";
import type { Entry } from "../../protocol/messages.ts";
import { printable } from "../format.ts";
import { LISTING_OPTIONS, listingOptions, printListing } from "../listing.ts";
import type { Command } from "./command.ts";

/** `lcd`: goes to another local folder. */
export const lcd: Command = {
  name: "lcd",
  usage: "[PATH]",
  summary: "change the local folder",
  details: "Without PATH: the home folder.",
  arguments: ["local-folder"],
  count: [0, 1],
  offline: true,
  run({ out }, { args: [path = Deno.env.get("HOME") ?? "/"] }) {
    try {
      Deno.chdir(path);
    } catch (error) {
      throw diskError(error, JSON.stringify(path));
    }
    out.done({ localFolder: Deno.cwd() }, printable(Deno.cwd()));
  },
};

/** `lpwd`: the local folder. */
export const lpwd: Command = {
  name: "lpwd",
  usage: "",
  summary: "show the local folder",
  arguments: [],
  count: [0, 0],
  offline: true,
  run({ out }) {
    out.result({ localFolder: Deno.cwd() }, printable(Deno.cwd()));
  },
};

/** `lls`: what a local folder holds. */
export const lls: Command = {
  name: "lls",
  usage: "[PATH] [-l] [-a] [-t] [-S]",
  summary: "list a local folder",
  arguments: ["local"],
  count: [0, 1],
  offline: true,
  options: LISTING_OPTIONS,
  run({ out }, { args: [path = "."], on }) {
    try {
      const names = Deno.statSync(path).isDirectory ? [...Deno.readDirSync(path)].map(({ name }) => name) : undefined;
      const entries = names === undefined
        ? [look(path, path)]
        : names.filter((name) => on.has("all") || !name.startsWith(".")).map((name) => look(`${path}/${name}`, name));
      printListing(out, entries, listingOptions(on));
    } catch (error) {
      throw diskError(error, JSON.stringify(path));
    }
  },
};

function look(path: string, name: string): Entry {
  let own: Deno.FileInfo;
  try {
    own = Deno.lstatSync(path);
  } catch (error) {
    // What is no Unicode comes as U+FFFD, under which there is nothing.
    if (!name.includes("\ufffd")) throw error;
    return { name, kind: "other", size: 0, modified: 0, mode: 0, link: false, lossy: true };
  }
  let info: Deno.FileInfo = own;
  try {
    info = Deno.statSync(path);
  } catch { /* a link that leads nowhere */ }
  return {
    name,
    kind: info.isFile ? "file" : info.isDirectory ? "folder" : info.isSymlink ? "link" : "other",
    size: info.isFile ? info.size : 0,
    modified: info.mtime?.getTime() ?? 0,
    mode: modeOf(info),
    link: own.isSymlink,
  };
}
