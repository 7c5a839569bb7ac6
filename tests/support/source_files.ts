/**
 * The source of the programs, for tests that look at the text itself.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);
const FOLDERS = ["protocol", "disk", "server", "client"];
const ENTRIES = ["server.ts", "client.ts"];

/** A module of ours. */
export interface SourceFile {
  /** Its path below the repository, such as `protocol/frame.ts`. */
  path: string;
  /** Its text. */
  text: string;
}

/** Every module of the programs: the two entries and all that lies in the folders beside them. */
export function sourceFiles(): SourceFile[] {
  const paths = ENTRIES.filter((entry) => exists(entry));
  for (const folder of FOLDERS) if (exists(folder)) collect(folder, paths);
  return paths.sort().map((path) => ({ path, text: Deno.readTextFileSync(new URL(path, ROOT)) }));
}

function collect(folder: string, into: string[]): void {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) collect(`${folder}/${name}`, into);
    else if (name.endsWith(".ts")) into.push(`${folder}/${name}`);
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, ROOT));
    return true;
  } catch {
    return false;
  }
}
