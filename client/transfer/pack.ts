/**
 * Whether small files go in packs.
 *
 * @module
 */

import type { Connector } from "./retry.ts";

/**
 * Whether small files can go in packs: the server must know them, and a file of a pack is verified by its CRC-32 alone.
 *
 * @param connector the connection
 * @param sha256 whether the person wants SHA-256 besides
 */
export function canPack(connector: Connector, sha256: boolean): boolean {
  if (sha256) return false;
  try {
    return connector.client.hello.capabilities.includes("packs");
  } catch {
    return true; // lost at this moment; a server that does not know packs says so
  }
}
