/** The two sides of a comparison, where somebody else is at work on them, too. */

import { assertEquals, assertRejects } from "@std/assert";
import { connect } from "../client/client.ts";
import { LocalSide, RemoteSide, type Side } from "../client/transfer/side.ts";
import { startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { paths, plant } from "./support/trees.ts";

async function removesWhatIsThere(side: Side, top: string): Promise<void> {
  plant(top, { "x": "a file, where there was a folder", "folder/a": "1", "file": "2", "empty": null });
  await side.remove("x/gone", "file");
  await side.remove("x/gone", "folder");
  await side.remove("gone", "file");
  await side.remove("folder", "file");
  await side.remove("file", "folder");
  await assertRejects(() => side.remove("folder", "folder"));
  assertEquals(paths(top), ["empty/", "file", "folder/", "folder/a", "x"]);
  await side.remove("file", "file");
  await side.remove("empty", "folder");
  assertEquals(paths(top), ["folder/", "folder/a", "x"]);
}

Deno.test("what has gone, or become something else, is not removed, and that is no failure", async () => {
  const { signal } = new AbortController();
  using local = new TempFolder();
  await removesWhatIsThere(new LocalSide(local.path, signal), local.path);
  await using server = await startServer();
  const client = await connect({ hostname: "127.0.0.1", port: server.port });
  const connector = { client, retries: 0, signal, reconnect: () => Promise.reject(new Error("not here")) };
  await removesWhatIsThere(new RemoteSide(connector, "/"), server.dir);
  await client.close();
});
