/**
 * What a server is to the bench.
 *
 * @module
 */

import type { Workspace } from "../harness/workspace.ts";

/** Where a server is to run. */
export interface Place {
  /** Its files and its configuration. */
  readonly workspace: Workspace;
  /** The address to listen on. */
  readonly listen: string;
  /** The address where clients reach it: another one when there is a slow link between them. */
  readonly reach: string;
  /** What goes before the command line of a server, to run it elsewhere; nothing here. */
  readonly wrap: readonly string[];
  /** Called with every port that clients will connect to, before they do. */
  expose(ports: readonly number[]): void | Promise<void>;
}

/** A server that can be started. */
export interface Server {
  /** Its name. */
  readonly name: string;
  /** Starts it. Rejects when it does not come up. */
  start(place: Place): Promise<Running>;
  /** Why it cannot run here; `undefined` when it can. */
  missing(): Promise<string | undefined>;
}

/** A running server, stopped at the end of its block. */
export interface Running extends AsyncDisposable {
  /** Where it runs. */
  readonly place: Place;
  /** Where it listens. */
  readonly port: number;
  /** Its process. */
  readonly pid: number;
  /** Its second port, or the path of a configuration file for its clients. */
  readonly extra?: string;
}

/** Here: no slow link, no namespace. */
export function here(workspace: Workspace): Place {
  return { workspace, listen: "127.0.0.1", reach: "127.0.0.1", wrap: [], expose: () => {} };
}
