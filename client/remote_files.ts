/**
 * Questions about remote files that several commands ask.
 *
 * @module
 */

import { CommandError } from "../protocol/errors.ts";
import { type Connector, retrying } from "./transfer/retry.ts";

/**
 * Whether a folder stands under a remote path.
 *
 * @param connector the connection
 * @param path of the wire
 * @throws {CommandError} when that cannot be told
 */
export async function isRemoteFolder(connector: Connector, path: string): Promise<boolean> {
  const { signal } = connector;
  try {
    return (await retrying(connector, (client) => client.stat(path, { signal }))).kind === "folder";
  } catch (error) {
    if (error instanceof CommandError && error.code === "not_found") return false;
    throw error;
  }
}
