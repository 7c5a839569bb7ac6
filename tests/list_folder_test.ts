/** The names in a folder, as the C library gives them, are those that Deno gives. */

import { assertEquals, assertThrows } from "@std/assert";
import { localNodes } from "../client/transfer/local_tree.ts";
import type { Selection } from "../client/transfer/selection.ts";
import { DiskError } from "../disk/errors.ts";
import { type Listed, listFolder } from "../disk/list_folder.ts";
import { list } from "../server/storage/list.ts";
import { ServedFolder } from "../server/storage/served_folder.ts";
import type { Item } from "../server/storage/storage.ts";
import { openBelow } from "./support/files.ts";
import { noLibc, testUnless } from "./support/machine.ts";
import { TempFolder } from "./support/temp_folder.ts";

function byName(a: Listed, b: Listed): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** What Deno says. */
function expected(path: string): Listed[] {
  const kinds = ({ isFile, isDirectory, isSymlink }: Deno.DirEntry) =>
    isFile ? "file" : isDirectory ? "folder" : isSymlink ? "link" : "other";
  return Array.from(Deno.readDirSync(path), (entry) => ({ name: entry.name, kind: kinds(entry) } as const)).sort(
    byName,
  );
}

function listed(path: string, plain = false): Listed[] {
  return [...listFolder(path, plain)].flat().sort(byName);
}

Deno.test("all names are listed, whatever they are called and stand for", () => {
  using folder = new TempFolder();
  const { path } = folder;
  for (const name of ["früh\n日本", " ", "-rf", "'\"", "\ufeffmark", "...", "..a", "😀".repeat(63), "x".repeat(255)]) {
    folder.file(name, "1");
  }
  new Deno.Command("sh", { args: ["-c", `: > "$0/$(printf 'bad-\\377\\303')"`, path] }).outputSync();
  Deno.mkdirSync(`${path}/folder`);
  Deno.symlinkSync("folder", `${path}/link`);
  Deno.symlinkSync("nowhere", `${path}/broken`);
  new Deno.Command("mkfifo", { args: [`${path}/pipe`] }).outputSync();
  assertEquals(expected(path).length, 14);
  assertEquals(listed(path), expected(path));
  assertEquals(listed(path, true), expected(path));
  assertEquals(listed(`${path}/folder`), []);
  assertEquals(listed(`${path}/link/../folder`), []);
});

Deno.test("of many names each comes once, and no file stays open, read to the end or not", () => {
  using folder = new TempFolder();
  for (let index = 0; index < 3000; index++) folder.file(`${index}`.padStart(1 + index % 60, "n"));
  assertEquals(listed(folder.path), expected(folder.path));
  for (const some of listFolder(folder.path)) {
    assertEquals([some.length > 0, openBelow(folder.path)], [true, noLibc ? 0 : 1]);
    break;
  }
  // Two at once do not disturb each other.
  const [one, other] = [listFolder(folder.path), listFolder(folder.path)];
  const names: [string[], string[]] = [[], []];
  for (let ended = 0; ended < 2;) {
    ended = 0;
    for (const [at, names_] of names.entries()) {
      const { value, done } = [one, other][at].next();
      if (done) ended++;
      else names_.push(...value.map(({ name }: Listed) => name));
    }
  }
  assertEquals(names.map((some) => new Set(some).size), [3000, 3000]);
  assertEquals(openBelow(folder.path), 0);
});

Deno.test("an empty folder that is removed while it is listed has nothing more in it", () => {
  using top = new TempFolder();
  Deno.mkdirSync(`${top.path}/gone`);
  const listing = listFolder(`${top.path}/gone`);
  assertEquals(listing.next().value ?? [], []);
  Deno.removeSync(`${top.path}/gone`);
  assertEquals([...listing].flat(), []);
});

testUnless(noLibc, "a folder that is replaced while it is listed does not pass for listed", () => {
  using top = new TempFolder();
  const path = `${top.path}/replaced`;
  Deno.mkdirSync(path);
  for (let at = 0; at < 1000; at++) Deno.writeTextFileSync(`${path}/${"n".repeat(200)}${at}`, "");
  const listing = listFolder(path);
  assertEquals((listing.next().value as Listed[]).length < 1000, true);
  Deno.removeSync(path, { recursive: true });
  Deno.mkdirSync(path);
  Deno.writeTextFileSync(`${path}/another`, "");
  assertThrows(() => [...listing], DiskError, "moved meanwhile");
});

Deno.test("a folder below that a file has replaced meanwhile does not end the listing", async () => {
  using top = new TempFolder();
  top.file("a/in");
  top.file("b/in");
  const found: Item[] = [];
  for await (const items of list(new ServedFolder(top.path), [], { recursive: true, hidden: false })) {
    if (found.length === 0) {
      Deno.removeSync(`${top.path}/b`, { recursive: true });
      top.file("b");
    }
    found.push(...items);
  }
  assertEquals(
    found.map(({ name, kind, unreadable }) => [name, kind, unreadable]).sort(),
    [["a", "folder", undefined], ["a/in", "file", undefined], ["b", "folder", undefined], ["b", "folder", "changed"]],
  );
});

Deno.test("what is no folder, or not there, is an error of the system", () => {
  using folder = new TempFolder();
  const file = folder.file("file");
  assertThrows(() => listed(`${folder.path}/none`), Deno.errors.NotFound);
  assertThrows(() => listed(file), Deno.errors.NotADirectory);
});

testUnless(noLibc, "whoever stops looking for what to send holds no folder open", async () => {
  using folder = new TempFolder();
  for (let at = 0; at < 300; at++) folder.file(`sub/f${at}`);
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = open();
  const all: Selection = { links: "skip", excludes: () => false };
  const nodes = localNodes(folder.path, all, new AbortController().signal, []);
  await nodes.next();
  assertEquals(open(), before);
});
