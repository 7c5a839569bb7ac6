/** What interrupted uploads left does not stay for ever. */

import { assertEquals } from "@std/assert";
import { LocalStorage } from "../server/storage/local.ts";
import { namesIn, partialsIn } from "./support/files.ts";
import { startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";

const OLD = `.connme-${"a".repeat(32)}-${"b".repeat(16)}-${"c".repeat(16)}.partial`;
const FRESH = `.connme-${"d".repeat(32)}-${"e".repeat(16)}-${"f".repeat(16)}.partial`;

Deno.test("partials that nobody has written to for --partial-ttl are removed, and nothing else", async () => {
  using folder = new TempFolder();
  using outside = new TempFolder();
  const before = new Date(Date.now() - 3 * 3_600_000);
  for (const name of [OLD, `deep/er/${OLD}`, `deep/${FRESH}`, "deep/old.txt", ".hidden"]) {
    const path = folder.file(name, "x");
    if (!name.endsWith(FRESH)) Deno.utimeSync(path, before, before);
  }
  Deno.utimeSync(outside.file(OLD, "x"), before, before);
  Deno.symlinkSync(outside.path, `${folder.path}/link`);
  await using server = await startServer({ dir: folder.path, args: ["--partial-ttl", "2"] });
  await server.stderr.waitFor("swept partials=2");
  const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  assertEquals(names(folder.path), [".hidden", "deep", "link"]);
  assertEquals(names(`${folder.path}/deep`), [FRESH, "er", "old.txt"].sort());
  assertEquals(names(`${folder.path}/deep/er`), []);
  assertEquals(names(outside.path), [OLD]);
});

Deno.test("a partial that somebody holds open is not swept, however old its time says that it is", async () => {
  using folder = new TempFolder();
  const storage = new LocalStorage(folder.path, { sync: true });
  for (const owner of [undefined, { token: "a".repeat(32), run: "b".repeat(16) }]) {
    const file = await storage.create(["file"], { executable: false, collision: "overwrite", offset: 0, owner });
    await file.write(new Uint8Array([1]));
    const [partial] = partialsIn(folder.path);
    Deno.utimeSync(`${folder.path}/${partial}`, 1, 1);
    assertEquals(await storage.sweep(Date.now() - 1000), 0);
    await file.publish({ modified: 1000 });
    assertEquals(namesIn(folder.path), ["file"]);
  }
});
