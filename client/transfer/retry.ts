/**
 * Trying again when the connection was lost.
 *
 * @module
 */

import { CommandError, ConnectionLostError, UnreachableError } from "../../protocol/errors.ts";
import type { Client, ServerHello } from "../client.ts";
import { unlessAborted } from "../../protocol/unless_aborted.ts";

/** The pause before the second attempt in a row to go on, in milliseconds; before each further one it is twice as long. */
const FIRST_PAUSE_MS = 200;
/** The longest pause, in milliseconds. */
const LONGEST_PAUSE_MS = 5000;

/** How often to try again in vain, unless the person says otherwise: for about half a minute. */
export const DEFAULT_RETRIES = 10;

/** Something that has a connection, and can get another one. */
export interface Connector {
  /** The connection. Throws when there is none. */
  readonly client: Client;
  /** How often to try again in vain before giving up. */
  readonly retries: number;
  /** Ends the trying. */
  readonly signal: AbortSignal;
  /** Connects again, unless somebody else has done so meanwhile. */
  reconnect(): Promise<void>;
}

/**
 * What the server says of itself.
 *
 * @param connector the connection
 * @returns `undefined` where it is lost at this moment
 * @throws {UnreachableError} when there is no server
 * @throws what the signal was aborted with
 */
export async function greetingOf(connector: Connector): Promise<ServerHello | undefined> {
  try {
    return await connector.client.hello;
  } catch (error) {
    if (error instanceof UnreachableError) throw error;
    connector.signal.throwIfAborted(); // the person has had enough: nothing is to begin
    return undefined;
  }
}

/**
 * Does something that needs the connection, again from its start whenever that is lost.
 *
 * @param connector see {@linkcode Connector}
 * @param work told how often it was begun before; it tells what has arrived. As long as it, or something else on the same
 * connector, gets further than ever, it goes on
 * @throws what `work` throws for another reason; the last loss when `retries` attempts in a row came to nothing
 */
export async function retrying<T>(
  connector: Connector,
  work: (client: Client, attempt: number, progressed: (position: number) => void) => Promise<T>,
): Promise<T> {
  let vain = 0;
  let farthest = 0;
  const shared = progressOf(connector);
  let seen = shared.steps;
  const progressed = (position: number) => {
    if (position <= farthest) return;
    farthest = position;
    shared.steps++;
  };
  for (let attempt = 0;; attempt++) {
    let client: Client | undefined;
    const leave = vain > 1 ? await alone(shared) : () => {};
    try {
      client = connector.client;
      const result = await work(client, attempt, progressed);
      shared.steps++;
      return result;
    } catch (error) {
      // A write fails before anybody has read that the connection is gone.
      if (error instanceof ConnectionLostError) client?.abort(error);
      // A server that stops takes nothing new, lets what is under way end, and goes; the next one may come.
      if (client && error instanceof CommandError && error.code === "stopping") {
        await unlessAborted(client.ended, connector.signal).catch(() => {});
      }
      // Without a client, the connection was lost by somebody else who has not got another one yet.
      const why = client ? client.lost : (error as Error).cause ?? error;
      if (seen !== shared.steps) vain = 0;
      seen = shared.steps;
      // Unless the person has asked for it, nobody waits for a server that has not even said HELLO.
      if (error instanceof UnreachableError) throw error;
      if (!isLost(why) || connector.signal.aborted || vain >= connector.retries) throw error;
    } finally {
      leave();
    }
    vain = await connectPatiently(connector, vain + 1);
  }
}

/** What all that is under way on a connector has come to. */
interface Progress {
  /** How often something got further: of many files under way, those whose turn has not come are not in vain. */
  steps: number;
  /** Resolves when the one that goes first has ended; `undefined` when nobody does. */
  first?: Promise<void>;
}

const progress = new WeakMap<Connector, Progress>();

function progressOf(connector: Connector): Progress {
  let own = progress.get(connector);
  if (!own) progress.set(connector, own = { steps: 0 });
  return own;
}

/**
 * Waits until nobody else tries what came to nothing before, unless something gets further meanwhile. On a connection that is
 * lost time and again before the first of many answers arrives, all of them at once would never get anywhere.
 *
 * @returns lets the next one try
 */
async function alone(shared: Progress): Promise<() => void> {
  const { steps } = shared;
  while (shared.first && shared.steps === steps) await shared.first;
  if (shared.steps !== steps) return () => {};
  const { promise, resolve } = Promise.withResolvers<void>();
  shared.first = promise;
  return () => {
    shared.first = undefined;
    resolve();
  };
}

/** A server that breaks the protocol would do so again. */
function isLost(why: unknown): boolean {
  return why instanceof ConnectionLostError;
}

/**
 * Connects, with growing pauses between the attempts.
 *
 * @param connector which has lost its connection, or had none yet
 * @param attempt the number of the next attempt in a row. There is a pause before every one but the first: earlier ones may have
 * connected, and come to nothing all the same, as behind a tunnel whose far end is down
 * @returns the number of the attempt that connected
 * @throws {ConnectionLostError} when `retries` of them have failed
 */
export async function connectPatiently(connector: Connector, attempt = 1): Promise<number> {
  for (;; attempt++) {
    if (attempt > 1) await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 2)), connector.signal);
    try {
      await connector.reconnect();
      return attempt;
    } catch (error) {
      if (attempt >= connector.retries || !(error instanceof ConnectionLostError)) throw error;
    }
  }
}

/**
 * Waits.
 *
 * @param ms milliseconds
 * @param signal ends it early
 * @throws what the signal says
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
