/** Who may go on with a partial. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DiskError } from "../disk/errors.ts";
import type { PartialOwner } from "../disk/names.ts";
import { PartialFile } from "../disk/partial_file.ts";
import { namesIn, partialsIn } from "./support/files.ts";
import { Transcript } from "./support/transcript.ts";
import { TempFolder } from "./support/temp_folder.ts";

const TOKEN = "0123456789abcdef".repeat(2);
const OWNER = { token: TOKEN, run: "0000000000000001" };
const OTHER = { token: TOKEN, run: "0000000000000002" };

/** What there is to go on with; not what another run is writing. */
async function resumed(folder: string, owner: PartialOwner, now?: number): Promise<PartialFile | undefined> {
  const found = await PartialFile.resume(folder, { owner }, now);
  return found === "held" ? undefined : found;
}

Deno.test("what another run writes is its own, until it has been silent for half a minute", async () => {
  using folder = new TempFolder();
  const writer = PartialFile.create(folder.path, { owner: OWNER });
  await writer.write(new Uint8Array(1000));
  assertEquals(await PartialFile.resume(folder.path, { owner: OTHER }), "held");
  const heir = await resumed(folder.path, OTHER, Date.now() + 32_000);
  assertEquals(heir?.size, 1000);
  assertThrows(() => writer.write(new Uint8Array(1)), DiskError, "another attempt has taken over");
  writer.discard();
  heir?.cut(1000);
  await heir?.write(new Uint8Array(1));
  assertEquals(await PartialFile.resume(folder.path, { owner: { token: TOKEN, run: "0000000000000003" } }), "held");
  assertEquals(heir?.size, 1001);
  heir?.discard();
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("who is late cuts nothing off what another attempt goes on with", async () => {
  using folder = new TempFolder();
  const first = PartialFile.create(folder.path, { owner: OWNER });
  await first.write(new Uint8Array(1000));
  first.keep();
  const late = await resumed(folder.path, OWNER);
  const heir = await resumed(folder.path, OWNER);
  assertThrows(() => late!.cut(500), DiskError, "another attempt has taken over");
  assertThrows(() => late!.write(new Uint8Array(1)), DiskError, "another attempt has taken over");
  assertThrows(() => late!.size, DiskError, "another attempt has taken over");
  await assertRejects(() => late!.readAt(0, new Uint8Array(1)), DiskError, "another attempt has taken over");
  late!.keep();
  assertEquals(heir?.size, 1000);
  heir?.discard();
});

Deno.test("nobody goes on with what somebody may be writing to at this moment", async () => {
  using folder = new TempFolder();
  const first = PartialFile.create(folder.path, { owner: OWNER });
  await first.write(new Uint8Array(1000));
  first.keep();
  // Another process that has been stopped in the middle of a write, say.
  const [name] = partialsIn(folder.path);
  const args = ["-x", `${folder.path}/${name}`, "sh", "-c", "echo locked; read line"];
  const other = new Deno.Command("flock", { args, stdin: "piped", stdout: "piped" }).spawn();
  const said = new Transcript(other.stdout);
  await said.waitFor("locked");
  assertEquals(await PartialFile.resume(folder.path, { owner: OWNER }), "held");
  assertEquals(partialsIn(folder.path), [name]); // who has it goes on as if nothing had happened
  await other.stdin.close();
  await Promise.all([other.status, said.ended]);
  const heir = await resumed(folder.path, OWNER);
  assertEquals(heir?.size, 1000);
  heir?.discard();
});

Deno.test("what its owner has given up gets no name, also where many are taken", async () => {
  using folder = new TempFolder();
  for (let at = 1; at < 1000; at++) folder.file(`x_${at}`);
  folder.file("x");
  const writer = PartialFile.create(folder.path, { owner: OWNER });
  await writer.write(new Uint8Array(1000));
  const given = new AbortController();
  const publishing = writer.publish("x", { collision: "rename", sync: false, signal: given.signal });
  given.abort(new Error("given up"));
  await assertRejects(() => publishing, Error, "given up");
  assertEquals([namesIn(folder.path).includes("x_1000"), partialsIn(folder.path).length], [false, 1]);
});

Deno.test("what was taken over cannot be published, and says why", async () => {
  using folder = new TempFolder();
  const writer = PartialFile.create(folder.path, { owner: OWNER });
  await writer.write(new Uint8Array(1000));
  const heir = await resumed(folder.path, OWNER);
  const error = await assertRejects(() => writer.publish("x", { collision: "fail", sync: false }), DiskError);
  assertEquals(error.code, "changed");
  assertEquals(await heir?.publish("x", { collision: "fail", sync: false }), "x");
});

Deno.test("what cannot get its name for now is kept for its owner, and what never will be is not", async () => {
  using folder = new TempFolder();
  const options = { collision: "fail", sync: false } as const;
  const path = `${folder.path}/in`;
  Deno.mkdirSync(path);
  const writer = PartialFile.create(path, { owner: OWNER });
  await writer.write(new Uint8Array(1000));
  Deno.renameSync(path, `${folder.path}/moved`);
  assertEquals((await assertRejects(() => writer.publish("x", options), DiskError)).code, "not_found");
  Deno.renameSync(`${folder.path}/moved`, path);
  const heir = await resumed(path, OWNER);
  assertEquals(heir?.size, 1000);
  Deno.writeTextFileSync(`${path}/x`, "");
  assertEquals((await assertRejects(() => heir!.publish("x", options), DiskError)).code, "exists");
  assertEquals(Array.from(Deno.readDirSync(path), ({ name }) => name), ["x"]);
});

Deno.test("what was removed with its folder was not taken over", async () => {
  using folder = new TempFolder();
  const path = `${folder.path}/in`;
  Deno.mkdirSync(path);
  const writer = PartialFile.create(path, { owner: OWNER });
  await writer.write(new Uint8Array(1000));
  Deno.removeSync(path, { recursive: true });
  const why = "what had arrived of it was removed meanwhile";
  assertThrows(() => writer.write(new Uint8Array(1)), DiskError, why);
  await assertRejects(() => writer.publish("x", { collision: "fail", sync: false }), DiskError, why);
});

Deno.test("what was taken over gets no rights any more, and says why", async () => {
  using folder = new TempFolder();
  PartialFile.create(folder.path, { owner: OWNER }).discard();
  const writer = PartialFile.create(folder.path, { owner: OWNER });
  await writer.write(new Uint8Array(1000));
  const heir = await resumed(folder.path, OWNER);
  const error = assertThrows(() => writer.copyRights(0o640), DiskError, "another attempt has taken over");
  assertEquals(error.code, "changed");
  heir?.copyRights(0o640);
  heir?.discard();
  writer.discard();
});

Deno.test("what has just got its name is not taken for a partial", async () => {
  using folder = new TempFolder();
  const writer = PartialFile.create(folder.path, { owner: OWNER });
  await writer.write(new Uint8Array(1000));
  const [{ name }] = Deno.readDirSync(folder.path);
  Deno.linkSync(`${folder.path}/${name}`, `${folder.path}/published`); // as between the two steps of publishing
  assertEquals(await PartialFile.resume(folder.path, { owner: OWNER }), undefined);
  writer.discard();
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["published"]);
  assertEquals(Deno.statSync(`${folder.path}/published`).size, 1000);
});

Deno.test("what stands in the place of a partial that is gone on with is not written to", async () => {
  using folder = new TempFolder();
  folder.file("other", "untouched");
  const writer = PartialFile.create(folder.path, { owner: OWNER });
  await writer.write(new Uint8Array(1000));
  writer.keep();
  const [{ name }] = [...Deno.readDirSync(folder.path)].filter(({ name }) => name !== "other");
  // Its name has been read by the time that others have their turn.
  const resuming = PartialFile.resume(folder.path, { owner: OWNER });
  Deno.removeSync(`${folder.path}/${name}`);
  Deno.symlinkSync("other", `${folder.path}/${name}`);
  const heir = await resuming.catch((error) => error);
  if (heir instanceof PartialFile) heir.cut(0);
  assertEquals(Deno.readTextFileSync(`${folder.path}/other`), "untouched");
  if (heir instanceof PartialFile) heir.discard();
});

Deno.test("nothing is left where nothing was written", async () => {
  using folder = new TempFolder();
  const writer = PartialFile.create(folder.path, { owner: OWNER });
  assertEquals(await PartialFile.resume(folder.path, { owner: OTHER }), undefined);
  writer.discard();
});

Deno.test("a partial stays in its folder, and gets no name where that has been moved, whatever stands there now", async () => {
  const events: ((folder: string, elsewhere: string) => void)[] = [
    () => {},
    (folder, elsewhere) => Deno.symlinkSync(elsewhere, folder),
    (folder) => Deno.mkdirSync(folder),
    (folder) => new Deno.Command("mkfifo", { args: [folder] }).outputSync(),
  ];
  for (const event of events) {
    using top = new TempFolder();
    const [folder, elsewhere, moved] = ["folder", "elsewhere", "moved"].map((name) => `${top.path}/${name}`);
    Deno.mkdirSync(folder);
    Deno.mkdirSync(elsewhere);
    const writer = PartialFile.create(folder, { owner: OWNER, plain: true });
    await writer.write(new Uint8Array(1000));
    Deno.renameSync(folder, moved);
    event(folder, elsewhere);
    await assertRejects(() => writer.publish("name", { collision: "overwrite", sync: true }), DiskError);
    assertEquals([[...Deno.readDirSync(elsewhere)], partialsIn(moved).length], [[], 1]); // it is left for its owner
    if (event === events[0]) continue;
    if (event === events[1]) {
      assertThrows(() => PartialFile.create(folder, { owner: OWNER, plain: true }), DiskError, "was moved");
      await assertRejects(() => PartialFile.resume(folder, { owner: OWNER, plain: true }), DiskError, "was moved");
    }
  }
});
