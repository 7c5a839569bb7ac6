/**
 * Making remote folders, many at once.
 *
 * @module
 */

import { CommandError } from "../../protocol/errors.ts";
import { pipeline } from "./pipeline.ts";
import { type Connector, retrying } from "./retry.ts";

/** Most requests under way. */
const COUNT = 64;

/**
 * Makes folders, where they are not there yet.
 *
 * @param connector the connection
 * @param paths each after the one that it stands in
 * @throws {CommandError} when one cannot be made
 */
export async function makeRemoteFolders(connector: Connector, paths: readonly string[]): Promise<void> {
  const { signal } = connector;
  // The server answers in order, so a folder is there when the next one is made in it.
  await pipeline(paths, () => 0, { count: COUNT, bytes: 1 }, (path) =>
    retrying(connector, async (client) => {
      try {
        await client.makeFolder(path, { signal });
      } catch (error) {
        if (!(error instanceof CommandError && error.code === "exists")) throw error;
        if ((await client.stat(path, { signal })).kind !== "folder") throw error;
      }
    }));
}
