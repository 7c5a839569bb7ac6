/**
 * ftpd: arguments, settings, run.
 *
 * @module
 */

import { DiskError, diskError } from "./disk/errors.ts";
import { ignoreUserSignals, onHangUp } from "./disk/signals.ts";
import { hostPort } from "./protocol/host_port.ts";
import { VERSION } from "./protocol/version.ts";
import { ConfigError, helpText, readConfig, type Settings } from "./server/config.ts";
import { listen } from "./server/listen.ts";
import { createLog } from "./server/log.ts";
import { Places } from "./server/places.ts";
import { createServer } from "./server/serve.ts";
import { sweepRegularly } from "./server/sweep.ts";
import { isWorker, runWorker, Workers } from "./server/workers.ts";

/** How long a client that is cut off may take to clear away what was half done, in milliseconds. */
const CUT_MS = 1_000;

const HOUR_MS = 3_600_000;

async function main(): Promise<number> {
  const invocation = await readConfig(Deno.args, {
    env: (name) => Deno.env.get(name),
    readFile: (path) => Deno.readTextFileSync(path),
  });
  if (invocation.run === "serve") return await serve(invocation.dir, invocation.settings);
  say(invocation.run === "help" ? helpText() : `ftpd ${VERSION}`);
  return 0;
}

async function serve(dir: string, settings: Settings): Promise<number> {
  ignoreUserSignals();
  const log = createLog(settings["log-format"]);
  const places = new Places(settings["max-connections"]);
  const { workers: threads } = settings;
  const server = createServer(dir, settings, places, (host) => listen(host, settings.port, threads > 1));
  const { hostname, port } = server.address;
  const workers = new Workers(threads - 1, dir, settings, port, places);
  let signals = 0;
  const stop = (signal: Deno.Signal) => {
    const grace = signals++ > 0 ? 0 : settings.grace * 1000;
    log("stopping", { signal, grace: grace / 1000 });
    for (const part of [server, workers]) {
      part.stop(grace);
      if (grace === 0) part.cut();
    }
    // A request that hangs in the file system, on a mount that is gone, say, must not keep the process for ever.
    setTimeout(() => Deno.exit(0), grace + CUT_MS);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop(signal));
  onHangUp(() => stop("SIGHUP"));
  const endSweeping = sweepRegularly(server.storage, settings["partial-ttl"] * HOUR_MS, log);
  say(`ftpd: listening on ${hostPort(hostname, port)}, serving ${Deno.realPathSync(dir)}`);
  await server.run();
  await workers.ended();
  endSweeping(); // not waited for: in a large tree it would take its time
  log("stopped");
  return 0;
}

/** On standard output, which may be full, or closed. */
function say(text: string): void {
  try {
    console.log(text);
  } catch (error) {
    throw diskError(error, "writing to standard output");
  }
}

try {
  if (isWorker()) await runWorker();
  else Deno.exit(await main());
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof DiskError)) throw error;
  console.error(`ftpd: ${error.message}`);
  Deno.exit(2);
}
