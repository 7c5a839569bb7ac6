/** The first small files of a new folder, which come all at once. */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { connect } from "../client/client.ts";
import { DiskError, errnoOf } from "../disk/errors.ts";
import { FileBatch } from "../disk/file_batch.ts";
import { lstat } from "../disk/stat.ts";
import { removeOwnerless, removePartial } from "../disk/find_partials.ts";
import { isPartialName, newPartialName } from "../disk/names.ts";
import { ensureFolder, makeFolder } from "../disk/new_folder.ts";
import { LocalStorage } from "../server/storage/local.ts";
import { ftp, startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { LONG_AGO, plant, snapshot } from "./support/trees.ts";
import { until } from "./support/until.ts";

const encoder = new TextEncoder();

function file(folder: string, name: string, content = name) {
  return {
    folder,
    name,
    content: encoder.encode(content),
    modified: LONG_AGO.getTime(),
    mode: 0o640,
    shown: () => name,
  };
}

const names = (path: string) => Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
const read = (path: string) => Deno.readTextFileSync(path);

for (const sync of [false, true]) {
  const how = sync ? ", flushed" : "";

  Deno.test(`the files of a new folder appear in it together, with its rights${how}`, async () => {
    using top = new TempFolder();
    const folder = `${top.path}/new`;
    makeFolder(folder, 0o750, false);
    const before = lstat(folder);
    const batch = new FileBatch({ collision: "fail", sync });
    for (const name of ["a", "b", "ü\n"]) batch.add(file(folder, name));
    assertEquals(names(folder), []);
    assertEquals(names(top.path).filter((name) => !isPartialName(name)), ["new"]);
    assertEquals(await batch.commit(), ["a", "b", "ü\n"]);
    assertEquals([names(top.path), names(folder)], [["new"], ["a", "b", "ü\n"]]);
    assertEquals([lstat(folder).mode, lstat(folder).ino === before.ino], [before.mode, false]);
    const { mode, modified } = lstat(`${folder}/a`);
    assertEquals([mode, modified, read(`${folder}/ü\n`)], [0o640, LONG_AGO.getTime(), "ü\n"]);
  });

  Deno.test(`what comes into a new folder meanwhile stays, and taken names are taken${how}`, async () => {
    using top = new TempFolder();
    const folder = `${top.path}/new`;
    makeFolder(folder, 0o755, false);
    const batch = new FileBatch({ collision: "rename", sync });
    for (const name of ["a", "b.txt"]) batch.add(file(folder, name, "ours"));
    top.file("new/b.txt", "theirs");
    assertEquals(await batch.commit(), ["a", "b_1.txt"]);
    assertEquals([names(top.path), names(folder)], [["new"], ["a", "b.txt", "b_1.txt"]]);
    assertEquals([read(`${folder}/b.txt`), read(`${folder}/b_1.txt`)], ["theirs", "ours"]);
  });

  Deno.test(`two files of one name in a new folder are two files${how}`, async () => {
    using top = new TempFolder();
    const folder = `${top.path}/new`;
    makeFolder(folder, 0o755, false);
    const batch = new FileBatch({ collision: "rename", sync });
    for (const content of ["1", "2", "3"]) batch.add(file(folder, "a", content));
    batch.add(file(folder, "b"));
    assertEquals(await batch.commit(), ["a", "a_1", "a_2", "b"]);
    assertEquals(names(folder).map((name) => read(`${folder}/${name}`)), ["1", "2", "3", "b"]);
    assertEquals(names(top.path), ["new"]);
  });
}

Deno.test("with fail, a name that is taken meanwhile fails alone", async () => {
  using top = new TempFolder();
  const folder = `${top.path}/new`;
  makeFolder(folder, 0o755, false);
  const batch = new FileBatch({ collision: "fail", sync: false });
  for (const name of ["a", "b"]) batch.add(file(folder, name, "ours"));
  top.file("new/b", "theirs");
  const [a, b] = await batch.commit();
  assertEquals([a, (b as DiskError).code], ["a", "exists"]);
  assertEquals([names(top.path), names(folder), read(`${folder}/b`)], [["new"], ["a", "b"], "theirs"]);
});

Deno.test("a folder that somebody has changed since it was made, or made anew, stays the one that it is", async () => {
  const events: ((folder: string) => void)[] = [
    (folder) => Deno.chmodSync(folder, 0o700),
    (folder) => {
      Deno.removeSync(folder);
      Deno.mkdirSync(folder);
    },
    (folder) => {
      Deno.writeTextFileSync(`${folder}/x`, "x");
      Deno.removeSync(`${folder}/x`);
    },
  ];
  for (const event of events) {
    using top = new TempFolder();
    const folder = `${top.path}/new`;
    makeFolder(folder, 0o755, false);
    const made = Date.now();
    await until(() => Date.now() > made + 20, "the clock of the file system");
    event(folder);
    const before = lstat(folder);
    const batch = new FileBatch({ collision: "fail", sync: false });
    batch.add(file(folder, "a"));
    assertEquals(names(folder).map(isPartialName), [true]);
    assertEquals(await batch.commit(), ["a"]);
    const { ino, mode } = lstat(folder);
    assertEquals([names(top.path), names(folder), ino, mode], [["new"], ["a"], before.ino, before.mode]);
  }
});

Deno.test("a folder that somebody changes, moves or removes while its first files come stays as they made it", async () => {
  const events: [(folder: string) => void, (folder: string) => void][] = [
    [(folder) => Deno.chmodSync(folder, 0o700), (folder) => assertEquals(lstat(folder).mode, 0o700)],
    [(folder) => Deno.removeSync(folder), (folder) => assertThrows(() => lstat(folder))],
    [(folder) => Deno.renameSync(folder, `${folder}-moved`), (folder) => assertThrows(() => lstat(folder))],
    [(folder) => {
      Deno.removeSync(folder);
      Deno.mkdirSync(folder, { mode: 0o700 });
    }, (folder) => assertEquals([lstat(folder).mode, names(folder)], [0o700, ["a"]])],
  ];
  for (const [event, check] of events) {
    using top = new TempFolder();
    const folder = `${top.path}/new`;
    makeFolder(folder, 0o755, false);
    const batch = new FileBatch({ collision: "fail", sync: false });
    batch.add(file(folder, "a"));
    const made = Date.now();
    await until(() => Date.now() > made + 20, "the clock of the file system");
    event(folder);
    await batch.commit();
    check(folder);
    assertEquals(names(top.path).filter(isPartialName), []);
  }
});

for (const sync of [false, true]) {
  Deno.test(`files get no names in a folder that was moved since they were added${sync ? ", flushed" : ""}`, async () => {
    using top = new TempFolder();
    const folder = `${top.path}/to`;
    Deno.mkdirSync(folder);
    const batch = new FileBatch({ collision: "rename", sync, plain: true });
    batch.add(file(folder, "a"));
    Deno.renameSync(folder, `${top.path}/elsewhere`);
    Deno.mkdirSync(folder);
    const [result] = await batch.commit();
    assertEquals(result instanceof DiskError, true);
    assertEquals([names(folder), names(`${top.path}/elsewhere`)], [[], []]);
  });
}

Deno.test("a name that no file can have does not keep the others from coming all at once", async () => {
  using top = new TempFolder();
  const folder = `${top.path}/new`;
  makeFolder(folder, 0o755, false);
  const { ino } = lstat(folder);
  const batch = new FileBatch({ collision: "rename", sync: false });
  batch.add(file(folder, "a"));
  assertThrows(() => batch.add(file(folder, "n".repeat(300))), DiskError);
  assertEquals(await batch.commit(), ["a"]);
  assertEquals(lstat(folder).ino === ino, false);
});

Deno.test("files of several new folders come, also where somebody was faster in one of them", async () => {
  using top = new TempFolder();
  const folders = ["a", "b"].map((name) => `${top.path}/${name}`);
  for (const folder of folders) makeFolder(folder, 0o755, false);
  const batch = new FileBatch({ collision: "rename", sync: false });
  for (const folder of folders) for (const name of ["x", "y"]) batch.add(file(folder, name));
  Deno.writeTextFileSync(`${folders[0]}/other`, "theirs");
  assertEquals(await batch.commit(), ["x", "y", "x", "y"]);
  assertEquals([folders.map(names), names(top.path)], [[["other", "x", "y"], ["x", "y"]], ["a", "b"]]);
});

Deno.test("a new folder that gets no file after all stays the one that it is", async () => {
  using top = new TempFolder();
  const folder = `${top.path}/new`;
  makeFolder(folder, 0o755, false);
  const { ino } = lstat(folder);
  const batch = new FileBatch({ collision: "fail", sync: false });
  assertThrows(() => batch.add(file(folder, "x".repeat(300))), DiskError);
  assertEquals(await batch.commit(), []);
  assertEquals([lstat(folder).ino, names(top.path)], [ino, ["new"]]);
});

Deno.test("only the first files of a folder come all at once, and a batch that is given up leaves none", async () => {
  using top = new TempFolder();
  const folder = `${top.path}/new`;
  makeFolder(folder, 0o755, false);
  const first = new FileBatch({ collision: "rename", sync: false });
  first.add(file(folder, "a"));
  first.discard();
  assertEquals([names(top.path), names(folder)], [["new"], []]);
  const second = new FileBatch({ collision: "rename", sync: false });
  second.add(file(folder, "a"));
  assertEquals(await second.commit(), ["a"]);
  second.add(file(folder, "a"));
  assertEquals(await second.commit(), ["a_1"]);
  assertEquals([names(top.path), names(folder)], [["new"], ["a", "a_1"]]);
});

Deno.test("a folder is made where there is none, and only there", () => {
  using top = new TempFolder();
  const [folder, other, link] = [`${top.path}/new`, top.file("file", "x"), `${top.path}/link`];
  ensureFolder(folder, 0o750);
  ensureFolder(folder, 0o700);
  assertEquals(lstat(folder).mode, 0o750);
  Deno.symlinkSync(folder, link);
  ensureFolder(link, 0o700);
  for (const there of ["/", ".", "..", `${folder}/..`, `${folder}/`, `${folder}/.`]) ensureFolder(there, 0o700);
  assertEquals(errnoOf(assertThrows(() => ensureFolder(other, 0o755))), "EEXIST");
  assertEquals(errnoOf(assertThrows(() => ensureFolder(`${folder}/a/b`, 0o755))), "ENOENT");
});

Deno.test("what a killed program left of a new folder is not listed, is swept, and goes with the folder around it", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const hidden = newPartialName();
  plant(server.dir, { [`top/${hidden}/a`]: "a", [`top/${hidden}/b`]: "b", "top/c": "c", [`${hidden}/d`]: "d" });
  const listed = await ftp(server, "ls", "-R", "-a", "--json");
  assertEquals(listed.stdout.split("\n").filter((line) => line.includes("partial")), []);
  const sizes = await ftp(server, "size", "--json", "top");
  assertMatch(sizes.stdout, /"size":1\b/);
  const got = await ftp(server, "download", "-r", "top", { cwd: local.path });
  assertEquals([got.code, snapshot(local.path, { times: false }).length], [0, 2]);
  const removed = await ftp(server, "rm", "-r", "--yes", "--json", "top");
  assertMatch(removed.stdout, /"files":1\b/);
  assertEquals(names(server.dir), [hidden]);
  const storage = new LocalStorage(server.dir, { sync: false });
  assertEquals(await storage.sweep(Date.now() - 3_600_000), 0);
  assertEquals(await storage.sweep(Date.now() + 3_600_000), 1);
  assertEquals(names(server.dir), []);
});

/** 3,000 files of 30 folders, planted in `src` of a folder. */
function plantMany(top: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (let at = 0; at < 3000; at++) files[`src/${at % 30}/${at}`] = `${at}`.repeat(200);
  plant(top, files);
  return files;
}

Deno.test("a server that is killed while it stores the first files of folders shows whole files only", async () => {
  using dir = new TempFolder();
  using local = new TempFolder();
  const files = plantMany(local.path);
  for (const [at, filled] of [0, 1, 5, 20].entries()) {
    const target = `${dir.path}/t${at}`;
    const isFilled = ({ name }: Deno.DirEntry) => !isPartialName(name) && names(`${target}/${name}`).length > 0;
    const isReached = () => {
      const there = [...Deno.readDirSync(target)];
      return there.some(({ name }) => isPartialName(name)) && there.filter(isFilled).length >= filled;
    };
    await using server = await startServer({ dir: dir.path });
    const run = ftp(server, "--retries", "0", "upload", "-r", "src", `t${at}`, { cwd: local.path });
    await until(() => {
      try {
        return isReached();
      } catch {
        return false; // it is not there yet
      }
    }, "the first files of a folder");
    server.kill("SIGKILL");
    assertEquals((await run).code, 3);
    const there = snapshot(target, { times: false }).filter((line) =>
      !line.includes(".connme-") && !line.endsWith("/")
    );
    assertEquals(there.length < 3000, true);
    for (const line of there) {
      const [name] = line.split(" ");
      assertEquals(read(`${target}/${name}`), files[`src/${name}`]);
    }
  }
});

Deno.test("whoever lists folders while they get their first files is told of no failure", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plantMany(local.path);
  const client = await connect({ hostname: "127.0.0.1", port: server.port });
  let done = false;
  const run = ftp(server, "upload", "-r", "src", { cwd: local.path }).finally(() => done = true);
  let lists = 0;
  while (!done) {
    const items = await client.list("/", { recursive: true });
    assertEquals(items.filter(({ unreadable }) => unreadable !== undefined), []);
    if (items.some(({ kind }) => kind === "file")) lists++;
  }
  assertEquals([(await run).code, lists > 0], [0, true]);
  assertEquals((await client.list("/", { recursive: true })).length, 3031);
  await client.close();
});

Deno.test("a link in the place of what a killed program left is removed, and nothing behind it", async () => {
  using top = new TempFolder();
  top.file("victim/precious", "1");
  const hidden = `${top.path}/${newPartialName()}`;
  Deno.symlinkSync("victim", hidden);
  assertThrows(() => removePartial(hidden, "folder")); // it was a folder when it was listed
  await removeOwnerless(top.path, Date.now() + 3_600_000);
  assertEquals(names(top.path), ["victim"]);
  assertEquals(Deno.readTextFileSync(`${top.path}/victim/precious`), "1");
  const staged = `${top.path}/${newPartialName()}`;
  top.file(`${staged.slice(top.path.length + 1)}/half`, "2");
  await removeOwnerless(top.path, Date.now() + 3_600_000);
  assertEquals(names(top.path), ["victim"]);
});
