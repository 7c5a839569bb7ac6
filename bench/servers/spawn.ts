/**
 * Starts and ends the process of a server.
 *
 * @module
 */

import { onInterrupt } from "../harness/clean_up.ts";
import type { Place, Running } from "./server.ts";

/** How long a server may take to come up, in milliseconds. */
const START_MS = 10_000;
/** How long it may take to end after SIGTERM, in milliseconds. */
const STOP_MS = 3_000;

/** What {@linkcode spawnServer} starts. */
export interface Spawn {
  readonly place: Place;
  readonly argv: readonly string[];
  /** Where it will listen, or how it says so in its first line of standard output. */
  readonly port: number | RegExp;
  readonly env?: Record<string, string>;
  /** See {@linkcode Running.extra}; what its first line says after the port goes before it. */
  readonly extra?: string;
  /** Undoes what was prepared for it. */
  readonly cleanUp?: () => void;
}

/**
 * Starts a server and waits until it listens.
 *
 * @throws {Error} with its last words when it ends instead, or takes too long
 */
export async function spawnServer({ place, argv, port, env, extra, cleanUp }: Spawn): Promise<Running> {
  const words = `${place.workspace.config}/${crypto.randomUUID()}.log`;
  const command = [...place.wrap, ...argv];
  // Output goes to a file: a pipe that nobody reads would fill up.
  const child = new Deno.Command("sh", {
    args: ["-c", 'log=$1; shift; exec "$@" >"$log" 2>&1', "sh", words, ...command],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const forget = onInterrupt(() => {
    if (!ended) child.kill("SIGKILL");
    cleanUp?.();
  });
  let ended = false;
  const status = child.status.then(() => ended = true);
  const stop = async () => {
    if (!ended) child.kill("SIGTERM");
    const timer = setTimeout(() => ended || child.kill("SIGKILL"), STOP_MS);
    await status;
    clearTimeout(timer);
    forget();
    cleanUp?.();
  };
  try {
    const said = () => Deno.readTextFileSync(words);
    for (const began = performance.now();;) {
      if (ended) throw new Error(`${argv[0]} ended: ${said().trim().slice(-500)}`);
      if (performance.now() - began > START_MS) {
        throw new Error(`${argv[0]} did not come up: ${said().trim().slice(-500)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      const found = typeof port === "number" ? [String(port)] : port.exec(firstLine(words))?.slice(1);
      if (!found || (typeof port === "number" && !listens(child.pid, port))) continue;
      await place.expose([Number(found[0])]);
      return {
        place,
        port: Number(found[0]),
        pid: child.pid,
        extra: found[1] ?? extra,
        [Symbol.asyncDispose]: stop,
      };
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A TCP port that is free on all addresses now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  return listener.addr.port;
}

function firstLine(path: string): string {
  try {
    const text = Deno.readTextFileSync(path);
    return text.slice(0, text.indexOf("\n") + 1);
  } catch {
    return "";
  }
}

/**
 * Whether somebody listens on a port in the network of a process. Not found out by connecting, which some servers would
 * count as a client.
 */
function listens(pid: number, port: number): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  return ["tcp", "tcp6"].some((table) =>
    Deno.readTextFileSync(`/proc/${pid}/net/${table}`).split("\n").some((line) =>
      line.includes(wanted) && line.includes(" 0A ")
    )
  );
}
