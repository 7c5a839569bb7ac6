/**
 * Whether small files go in packs, and which.
 *
 * @module
 */

import { type Connector, greetingOf } from "./retry.ts";

/**
 * Whether small files can go in packs: the server must know them, and a file of a pack is verified by its CRC-32 alone.
 *
 * @param connector the connection
 * @param sha256 whether the person wants SHA-256 besides
 * @throws {UnreachableError} when there is no server
 */
export async function canPack(connector: Connector, sha256: boolean): Promise<boolean> {
  if (sha256) return false;
  const hello = await greetingOf(connector);
  return hello?.capabilities.includes("packs") ?? true; // a server that does not know packs says so
}

/** Most bytes of what one request names, with room for the rest of it. */
const NAMES_BYTES = 60_000;

/**
 * Whether one request can name all of it.
 *
 * @param names the paths of a pack, as the request has them
 */
export function fitsRequest(names: readonly unknown[]): boolean {
  const text = JSON.stringify(names);
  // A character of a string takes three bytes at the most.
  return text.length * 3 <= NAMES_BYTES || new TextEncoder().encode(text).length <= NAMES_BYTES;
}
