/**
 * Whether small files go in packs.
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
