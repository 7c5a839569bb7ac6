/**
 * Making remote folders, many at once.
 *
 * @module
 */

import { CommandError } from "../../protocol/errors.ts";
import { folderOf } from "../../protocol/path.ts";
import type { Client } from "../client.ts";
import { pipeline } from "./pipeline.ts";
import { type Connector, retrying } from "./retry.ts";

/** Most requests under way. */
const COUNT = 64;

/** What concerns more than one folder. */
const OF_ALL = ["read_only", "stopping", "canceled"];

/** A folder to make. */
export interface NewFolder {
  /** Where. */
  path: string;
  /** The rights of the one that it is a copy of: the lowest nine bits of its mode. */
  mode?: number;
}

/**
 * Makes folders, where they are not there yet.
 *
 * @param connector the connection
 * @param folders each after the one that it stands in
 * @returns why some of them cannot be made, by their path
 * @throws {CommandError} what concerns all of them
 */
export async function makeRemoteFolders(
  connector: Connector,
  folders: readonly NewFolder[],
): Promise<Map<string, CommandError>> {
  const { signal } = connector;
  const failed = new Map<string, CommandError>();
  const make = ({ path, mode }: NewFolder) =>
    retrying(connector, async (client) => {
      try {
        await client.makeFolder(path, { mode, signal });
        failed.delete(path);
      } catch (error) {
        if (!(error instanceof CommandError) || OF_ALL.includes(error.code) || signal.aborted) throw error;
        if (error.code !== "exists" || !await isFolder(client, path, signal)) failed.set(path, error);
      }
    });
  // The server answers in order, so a folder is there when the next one is made in it.
  await pipeline(folders, { count: COUNT }, make);
  // But what was under way when a connection was lost is asked for again in any order.
  for (const folder of folders) {
    const { path } = folder;
    if (failed.get(path)?.code === "not_found" && !failed.has(folderOf(path))) await make(folder);
  }
  return failed;
}

/**
 * As {@linkcode makeRemoteFolders}, where all of them are needed.
 *
 * @throws {CommandError} when one cannot be made
 */
export async function requireRemoteFolders(connector: Connector, folders: readonly NewFolder[]): Promise<void> {
  const [error] = (await makeRemoteFolders(connector, folders)).values();
  if (error) throw error;
}

async function isFolder(client: Client, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await client.stat(path, { signal })).kind === "folder";
  } catch (error) {
    if (error instanceof CommandError && !signal.aborted) return false; // it has gone, say
    throw error;
  }
}
