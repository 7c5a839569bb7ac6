/**
 * Trees of files: planted for a test, and compared as a whole afterwards.
 *
 * @module
 */

import { bound } from "./machine.ts";
import { FTP, type FtpResult, STATE, type TestServer } from "./programs.ts";
import { sha256OfFile } from "./files.ts";

/** A fixed time for files whose time matters: whole seconds, long ago. */
export const LONG_AGO = new Date("2024-02-03T04:05:06.000Z");

/**
 * Plants a tree.
 *
 * @param top an existing folder
 * @param files the content of each path; `null` for an empty folder
 */
export function plant(top: string, files: Record<string, string | Uint8Array | null>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = `${top}/${name}`;
    Deno.mkdirSync(content === null ? path : path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (content === null) continue;
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
  }
}

/**
 * All that is in a folder, hidden files and partials included: a line for each folder, file and link.
 *
 * @param top the folder
 * @param options `times`: whether a file's time is part of its line
 * @returns sorted; a file with its size, digest, time and whether it is executable
 */
export function snapshot(top: string, { times = true }: { times?: boolean } = {}): string[] {
  const lines: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { name, isDirectory, isSymlink } of Deno.readDirSync(`${top}/${folder}`)) {
      const path = `${folder}${name}`;
      if (isSymlink) lines.push(`${path} -> ${Deno.readLinkSync(`${top}/${path}`)}`);
      else if (isDirectory) {
        folders.push(`${path}/`);
        lines.push(`${path}/`);
      } else {
        const { size, mode, mtime } = Deno.statSync(`${top}/${path}`);
        const executable = (mode! & 0o100) !== 0 ? " executable" : "";
        const time = times ? ` ${mtime!.toISOString()}` : "";
        lines.push(`${path} ${size} ${sha256OfFile(`${top}/${path}`).slice(0, 16)}${executable}${time}`);
      }
    }
  }
  return lines.sort();
}

/** All paths in a folder, sorted; those of folders end with `/`. */
export function paths(top: string): string[] {
  const found: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { name, isDirectory } of Deno.readDirSync(`${top}/${folder}`)) {
      if (isDirectory) folders.push(`${folder}${name}/`);
      found.push(`${folder}${name}${isDirectory ? "/" : ""}`);
    }
  }
  return found.sort();
}

/**
 * Gives a file another time, or the same as ever.
 *
 * @param path of the file
 * @param time {@linkcode LONG_AGO} by default
 */
export function touch(path: string, time: Date = LONG_AGO): void {
  Deno.utimeSync(path, time, time);
}

/**
 * Runs `ftp` bound by the rights of files, even for root. Only where {@linkcode bound} says that this can be done.
 *
 * @param server whom to connect to
 * @param args the command and its arguments
 * @param cwd the folder that it runs in
 */
export async function boundFtp(server: TestServer, args: string[], cwd?: string): Promise<FtpResult> {
  const [program, ...rest] = [...bound!, FTP, server.address, ...args];
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: rest,
    cwd,
    env: STATE,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr), bytes: stdout };
}

/** What a run with `--json` printed. */
// deno-lint-ignore no-explicit-any
export function jsonLines({ stdout }: FtpResult): any[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** What a server has logged of one command so far, a line each. */
export function logged(server: TestServer, command: string): string[] {
  return server.log().split("\n").filter((line) => line.split(" ")[1] === command);
}
