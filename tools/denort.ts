/**
 * Makes an executable with `deno compile`. That needs a base binary (`denort`), which Deno takes from the file named by
 * `DENORT_BIN`, from its cache, or from its own site.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import { type Program, RUNTIME_FLAGS } from "./permissions.ts";

/** How long the site of the download may take for a first answer, in milliseconds. */
const ANSWER_TIMEOUT = 4000;

/**
 * Compiles `program`, whose bundle is file `bundled`, into the executable `output`.
 *
 * @throws {Error} with what `deno compile` said; within seconds if it has to download and nobody answers
 */
export async function denort(program: Program, bundled: string, output: string): Promise<void> {
  const flags = [
    "--no-check",
    "--no-config",
    "--no-lock",
    "--no-code-cache",
    "--no-prompt",
    ...RUNTIME_FLAGS,
    ...program.permissions,
  ];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["compile", ...flags, "--output", output, bundled],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said: string[] = [];
  let silent = false;
  for await (const line of child.stderr.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
    said.push(line);
    // Deno waits minutes for a network that drops everything, so ask the same address ourselves, with a time limit.
    const url = /^Download (\S+)/.exec(line)?.[1];
    if (url !== undefined && !await answers(url)) {
      silent = true;
      child.kill();
      break;
    }
  }
  const { success } = await child.status;
  if (silent) throw new Error("its base binary cannot be downloaded");
  if (!success) throw new Error(reason(said));
}

/** The causes among what Deno printed: `Caused by:`, an indented line for each, and perhaps a stack. */
function reason(said: readonly string[]): string {
  const causes = said.slice(said.indexOf("Caused by:") + 1);
  const end = causes.indexOf("");
  return causes.slice(0, end < 0 ? undefined : end).map((line) => line.replace(/^ +(\d+: )?/, "")).join(": ");
}

/** Whether the server of `url` answers at all. */
async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(ANSWER_TIMEOUT) })).ok;
  } catch {
    return false;
  }
}
