/**
 * Several connections for one transfer of many files.
 *
 * @module
 */

import { ConnectionLostError } from "../../protocol/errors.ts";
import type { Client } from "../client.ts";
import type { Arguments, Context } from "../commands/command.ts";
import { UsageError } from "../errors.ts";
import { plural } from "../listing.ts";
import type { Connector } from "./retry.ts";

/** Most connections of one transfer: a server has other clients, too. */
const MOST = 16;

/** The option `-j`, for the table of commands. */
export const JOBS_OPTION = {
  jobs: { short: "j", value: "N", help: "of many files, use N connections at once (1)" },
} as const;

/**
 * How many connections are wanted.
 *
 * @param call with the option
 * @throws {UsageError} for no such number
 */
export function requireJobs({ values }: Arguments): number {
  const count = values.get("jobs") ?? "1";
  if (!/^\d+$/.test(count) || Number(count) < 1 || Number(count) > MOST) {
    throw new UsageError(`-j takes a number from 1 to ${MOST}, not "${count}"`);
  }
  return Number(count);
}

/**
 * Opens as many connections as `-j` says, the one that is there already among them, and closes the others in the end.
 *
 * @param context the connection that is there
 * @param call with the option
 * @param work is given all of them
 * @throws {UsageError} for no such number; what `work` throws
 */
export async function withLanes(
  context: Context,
  call: Arguments,
  work: (lanes: readonly Connector[]) => Promise<void>,
): Promise<void> {
  const count = requireJobs(call);
  const more: Lane[] = [];
  try {
    while (more.length + 1 < count) {
      const client = await dial(context, more.length + 1);
      if (!client) break;
      more.push(new Lane(context, client));
    }
    await work([context, ...more]);
  } finally {
    await Promise.all(more.map((lane) => lane.close()));
  }
}

/** One more connection; `undefined` when the server takes no more, which is no reason to fail. */
async function dial(context: Context, there: number): Promise<Client | undefined> {
  try {
    return await context.dial();
  } catch (error) {
    if (!(error instanceof ConnectionLostError)) throw error;
    context.out.note(`going on with ${plural(there, "connection")}: ${error.message}`);
  }
}

/**
 * One more connection to the server of a {@linkcode Context}. When it was lost, and the server has given its place to
 * somebody else meanwhile, the lane goes on with the connection of the context.
 */
class Lane implements Connector {
  readonly #context: Context;
  #client: Client;
  #reconnecting: Promise<void> | undefined;
  #joined = false;

  constructor(context: Context, client: Client) {
    this.#context = context;
    this.#client = client;
  }

  get client(): Client {
    if (this.#joined) return this.#context.client;
    if (this.#client.lost) throw this.#client.lost;
    return this.#client;
  }

  get retries(): number {
    return this.#context.retries;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  /** Connects again, unless that was done meanwhile. Many may ask for it at once. */
  reconnect(): Promise<void> {
    if (this.#joined) return this.#context.reconnect();
    if (!this.#client.lost) return Promise.resolve();
    return this.#reconnecting ??= this.#dial().finally(() => this.#reconnecting = undefined);
  }

  async close(): Promise<void> {
    if (this.signal.aborted) this.#client.abort();
    else await this.#client.close();
  }

  async #dial(): Promise<void> {
    try {
      this.#client = await this.#context.dial();
    } catch (error) {
      this.#joined = error instanceof ConnectionLostError && error.code === "busy";
      if (!this.#joined) throw error;
    }
  }
}
