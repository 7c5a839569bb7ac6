/**
 * Several connections for one transfer of many files.
 *
 * @module
 */

import { ConnectionLostError } from "../../protocol/errors.ts";
import type { Client } from "../client.ts";
import type { Arguments, Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { plural } from "../listing.ts";
import { type Connector, greetingOf } from "./retry.ts";

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
  const more: Line[] = [];
  try {
    if (count > 1) await greetingOf(context); // or one of the others could get the place that this one waits for
    const dialed = await Promise.allSettled(Array.from({ length: count - 1 }, () => context.dial()));
    for (const dial of dialed) if (dial.status === "fulfilled") more.push(new Line(context, dial.value));
    const refused = dialed.find((dial) => dial.status === "rejected")?.reason;
    // That the server takes no more is no reason to fail.
    if (refused && !(refused instanceof ConnectionLostError)) throw refused;
    if (refused) context.out.note(`going on with ${plural(more.length + 1, "connection")}: ${refused.message}`);
    const lanes: Lane[] = [];
    lanes.push(...[context, ...more].map((own) => new Lane(own, lanes)));
    await work(lanes);
  } finally {
    await Promise.all(more.map((line) => line.close()));
  }
}

/** One more connection to the server of a {@linkcode Context}. */
class Line implements Connector {
  readonly #context: Context;
  #client: Client;
  #reconnecting: Promise<void> | undefined;

  constructor(context: Context, client: Client) {
    this.#context = context;
    this.#client = client;
  }

  get client(): Client {
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
    if (!this.#client.lost) return Promise.resolve();
    return this.#reconnecting ??= this.#dial().finally(() => this.#reconnecting = undefined);
  }

  async close(): Promise<void> {
    if (this.signal.aborted) this.#client.abort();
    else await this.#client.close();
  }

  async #dial(): Promise<void> {
    this.#client = await this.#context.dial();
  }
}

/**
 * One connection of several. When it was lost, and the server has given its place to somebody else meanwhile, the lane goes
 * on with the connection of another one.
 */
class Lane implements Connector {
  readonly #own: Connector;
  readonly #all: readonly Lane[];
  #joined: Connector | undefined;

  constructor(own: Connector, all: readonly Lane[]) {
    this.#own = own;
    this.#all = all;
  }

  get client(): Client {
    return (this.#joined ?? this.#own).client;
  }

  get retries(): number {
    return this.#own.retries;
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  async reconnect(): Promise<void> {
    if (this.#joined) return await this.#joined.reconnect();
    try {
      await this.#own.reconnect();
    } catch (error) {
      const isBusy = error instanceof ConnectionLostError && error.code === "busy";
      // Only one that stands by itself, so that no two wait for each other.
      if (isBusy) this.#joined ??= this.#all.find((lane) => lane.#stands);
      if (!this.#joined) throw error;
    }
  }

  get #stands(): boolean {
    if (this.#joined) return false;
    try {
      return this.#own.client.lost === undefined;
    } catch {
      return false;
    }
  }
}
