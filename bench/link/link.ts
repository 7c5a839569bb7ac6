/**
 * A slow link between client and server.
 *
 * @module
 */

import type { Workspace } from "../harness/workspace.ts";
import { MIB } from "../harness/units.ts";
import { here, type Place } from "../servers/server.ts";
import { namespacePlace } from "./namespace.ts";
import { proxyPlace } from "./proxy.ts";

/** How slow it is. */
export interface LinkSpeed {
  /** Milliseconds from one end to the other; there and back takes twice as long. */
  readonly delay: number;
  /** Bits a second, each way. */
  readonly rate: number;
}

/** A place behind a slow link. Taken down with its block. */
export interface SlowPlace extends AsyncDisposable {
  /** Where servers run. */
  readonly place: Place;
  /** What makes it slow, for the reader of the figures. */
  readonly note: string;
}

/** As much as a router may hold up before its sender has to wait, in bytes. */
export const QUEUE_BYTES = MIB;

/**
 * A place behind a slow link: in a network namespace of its own where that is allowed and the system can delay packets,
 * behind a proxy that delays bytes elsewhere.
 *
 * @param workspace of the servers
 * @param speed see {@linkcode LinkSpeed}
 */
export async function slowPlace(workspace: Workspace, speed: LinkSpeed): Promise<SlowPlace> {
  const there = `${speed.delay} ms each way, ${speed.rate / 1e6} Mbit/s`;
  const inNamespace = await namespacePlace(here(workspace), speed);
  if (inNamespace.place) {
    const note = `The link: ${there}, by netem between two network namespaces.`;
    return { place: inNamespace.place, note, [Symbol.asyncDispose]: inNamespace.takeDown };
  }
  const { place, takeDown } = proxyPlace(here(workspace), speed);
  const note =
    `The link: ${there}, by a proxy that delays connections and bytes (${inNamespace.reason}); it knows no ` +
    "packets, so nobody loses any, and nobody has to start slowly.";
  return { place, note, [Symbol.asyncDispose]: takeDown };
}
