/**
 * ftp: arguments, then one command, a script or the shell.
 *
 * @module
 */

import { findCommand, parseCall } from "./client/commands/parse.ts";
import { COMMANDS } from "./client/commands/table.ts";
import { ExitCode, UsageError } from "./client/errors.ts";
import { helpText, type Invocation, readInvocation } from "./client/invocation.ts";
import { Output, outputOptions } from "./client/output.ts";
import { ask } from "./client/shell/ask.ts";
import { Runner } from "./client/shell/runner.ts";
import { after } from "./client/timer.ts";
import { connectPatiently } from "./client/transfer/retry.ts";
import { ignoreUserSignals, onHangUp } from "./disk/signals.ts";
import { VERSION } from "./protocol/version.ts";

/** How long an interrupted command may take to clean up, in milliseconds. */
const CLEAN_UP_MS = 2000;

/** When what runs for longer is made safe from debuggers, in milliseconds: Deno lets them in 100 later. */
const LONG_RUN_MS = 400;

async function main(): Promise<ExitCode> {
  // Tells errors in the arguments as these ask for, whether or not they can be read to their end.
  const early = new Runner({
    commands: COMMANDS,
    out: new Output({ json: Deno.args.includes("--json"), quiet: false, verbose: false }),
  });
  let runner = early;
  try {
    const invocation = readInvocation(Deno.args);
    const { on, address, timeout, retries, limitRate } = invocation;
    const out = new Output(outputOptions(on));
    if (on.has("help") && address !== undefined && findCommand(COMMANDS, address)) {
      return await early.run(parseCall(COMMANDS, ["help", address]));
    }
    if (on.has("help") || on.has("version")) {
      out.result({ version: VERSION }, on.has("help") ? helpText(COMMANDS) : `ftp ${VERSION}`);
      return ExitCode.DONE;
    }
    runner = new Runner({ commands: COMMANDS, out, address, timeout, retries, limitRate });
    return await run(runner, invocation);
  } catch (error) {
    return (error instanceof UsageError ? early : runner).report(error);
  }
}

async function run(runner: Runner, { address, words, file, retries }: Invocation): Promise<ExitCode> {
  // Read before anything is done, so that wrong usage needs no server to be found out.
  if (address === "help") return await runner.run(parseCall(COMMANDS, [address, ...words])); // of a host: ftp help:8080
  if (address !== undefined && findCommand(COMMANDS, address) && !findCommand(COMMANDS, words[0] ?? "")) {
    throw new UsageError(`the server comes first, as in: ftp HOST ${[address, ...words].join(" ")}`);
  }
  const call = words.length > 0 ? parseCall(COMMANDS, words) : undefined;
  const isTerminal = Deno.stdin.isTerminal();
  if (!call?.command.offline) after(LONG_RUN_MS, ignoreUserSignals);
  if (!call && file === undefined && isTerminal) {
    const { runShell } = await import("./client/shell/shell.ts");
    return await runShell({ runner, connect: address !== undefined });
  }
  cancelOnSignals(runner);
  if (address !== undefined && !call?.command.offline) {
    // Without being asked to, nobody waits for a server that is not there at all.
    await (retries === undefined ? runner.open({ eager: call !== undefined }) : connectPatiently(runner));
  }
  let exit: ExitCode;
  if (call) {
    if (isTerminal) runner.ask = (question) => ask(question, runner.signal);
    exit = await runner.run(call);
  } else {
    const { runScript } = await import("./client/shell/script.ts");
    exit = await runScript(runner, file === "-" ? undefined : file);
  }
  await runner.leave();
  return exit;
}

/** The first signal ends the running command in good order, the second one ends it at once. */
function cancelOnSignals(runner: Runner): void {
  let signals = 0;
  const cancel = () => {
    if (++signals > 1 || !runner.cancel()) Deno.exit(ExitCode.INTERRUPTED);
    setTimeout(() => runner.disconnect(), CLEAN_UP_MS);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, cancel);
  onHangUp(cancel);
}

Deno.exit(await main());
