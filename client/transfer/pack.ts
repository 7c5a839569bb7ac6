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
export function canPack({ client }: Connector, sha256: boolean): boolean {
  return !sha256 && client.hello.capabilities.includes("packs");
}
