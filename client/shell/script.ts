/**
 * Commands from a pipe or a file: no prompts, no questions, and the first failure is the end.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import { diskError } from "../../disk/errors.ts";
import { ExitCode, UsageError } from "../errors.ts";
import { printable } from "../format.ts";
import type { Runner } from "./runner.ts";

/**
 * Runs commands until one fails, or `byebye`.
 *
 * @param runner what runs them
 * @param file a file of commands, one a line; standard input by default
 * @returns what to exit with: what the command that failed would have exited with
 */
export async function runScript(runner: Runner, file?: string): Promise<ExitCode> {
  runner.readsCommands = file === undefined;
  const place = file === undefined ? "line" : `${printable(file)}, line`;
  let number = 0;
  try {
    const input = file === undefined ? Deno.stdin : await Deno.open(file);
    const lines = input.readable
      .pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      const exit = await runner.run(line, `${place} ${++number}`);
      if (exit !== ExitCode.DONE || runner.ended) return exit;
    }
    return ExitCode.DONE;
  } catch (error) {
    if (error instanceof TypeError) {
      return runner.report(new UsageError("it is not valid UTF-8"), `${place} ${++number}`);
    }
    return runner.report(diskError(error, `reading ${JSON.stringify(file ?? "standard input")}`));
  }
}
