/**
 * Remembers what a build was made from, so that a later one can be skipped.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** How an executable was made. */
export type Kind = "denort" | "embed";

/** What is written beside the executables. */
export interface Stamp {
  /** Everything the build read: see {@linkcode fingerprint}. */
  inputs: string;
  /** How the executables were made. */
  kind: Kind;
  /** Name, size and modification time of each executable. */
  outputs: string;
  /** When the base binary of `deno compile` could last not be downloaded, in milliseconds since 1970; 0: never. */
  noDenort: number;
}

const FILE = "dist/.build.json";

/** Folders of the repository that no executable is made from. */
const NOT_BUILT = ["dist", "files", "tests", "bench", "docs", "types"];

/**
 * Hash of the content of every source file and of the Deno that builds. It takes in all folders but a few, so that a
 * new one cannot be forgotten; the sources are small.
 */
export async function fingerprint(): Promise<string> {
  const files: string[] = [];
  const walk = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder || ".")) {
      if (name.startsWith(".") || (folder === "" && NOT_BUILT.includes(name))) continue;
      if (isDirectory) await walk(`${folder}${name}/`);
      else if (/\.(ts|js|json|lock|sh)$/.test(name)) files.push(folder + name);
    }
  };
  await walk("");
  const hash = createHash("sha256");
  hash.update(JSON.stringify([Deno.version, Deno.build.target, Deno.env.get("DENORT_BIN")]));
  for (const file of files.sort()) {
    const bytes = await Deno.readFile(file);
    hash.update(JSON.stringify([file, bytes.length])).update(bytes);
  }
  return hash.digest("hex");
}

/** State of the executables as they are now, or `""` if one is missing. */
export function outputs(names: readonly string[]): string {
  try {
    return names.map((name) => {
      const { size, mtime } = Deno.statSync(`dist/${name}`);
      return `${name} ${size} ${mtime?.getTime()}`;
    }).join("\n");
  } catch {
    return "";
  }
}

/** The stamp of the last build, if there is a sound one. */
export async function readStamp(): Promise<Stamp | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(FILE));
  } catch {
    return undefined;
  }
}

/** Replaces the stamp, by way of a file in folder `work`, so that no other build ever sees half of it. */
export async function writeStamp(stamp: Stamp, work: string): Promise<void> {
  await Deno.writeTextFile(`${work}/stamp`, JSON.stringify(stamp, null, 2) + "\n");
  await Deno.rename(`${work}/stamp`, FILE);
}
