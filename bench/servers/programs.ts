/**
 * Finds installed programs.
 *
 * @module
 */

import { ask } from "../harness/command.ts";

/** Where servers are installed, besides PATH. */
const ADMIN_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

/** The path of an installed program; `undefined` when there is none of that name. */
export function find(program: string): string | undefined {
  for (const folder of [...(Deno.env.get("PATH") ?? "").split(":"), ...ADMIN_FOLDERS]) {
    try {
      const { isFile, mode } = Deno.statSync(`${folder}/${program}`);
      if (isFile && ((mode ?? 0) & 0o111) !== 0) return `${folder}/${program}`;
    } catch { /* not here */ }
  }
}

/** Which of these are missing, as a reason to leave something out; `undefined` when none is. */
export function missing(...programs: string[]): string | undefined {
  const not = programs.filter((program) => find(program) === undefined);
  return not.length > 0 ? `${not.join(", ")} not installed` : undefined;
}

/** A Python that has pyftpdlib, which need not be the first one in PATH. */
export async function pythonWithFtp(): Promise<string | undefined> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    if (await ask(python, "-c", "import pyftpdlib") !== undefined) return python;
  }
}
