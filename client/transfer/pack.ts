/**
 * Whether small files go in packs.
 *
 * @module
 */

import { UnreachableError } from "../../protocol/errors.ts";
import type { ServerHello } from "../client.ts";
import type { Connector } from "./retry.ts";

/**
 * Whether small files can go in packs: the server must know them, and a file of a pack is verified by its CRC-32 alone.
 *
 * @param connector the connection
 * @param sha256 whether the person wants SHA-256 besides
 * @throws {UnreachableError} when there has never been a server
 */
export async function canPack(connector: Connector, sha256: boolean): Promise<boolean> {
  if (sha256) return false;
  let hello: Promise<ServerHello>;
  try {
    hello = connector.client.hello;
  } catch (error) {
    if (error instanceof UnreachableError) throw error;
    return true; // lost at this moment; a server that does not know packs says so
  }
  return (await hello).capabilities.includes("packs");
}
