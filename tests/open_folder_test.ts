/** What is done in a folder that is held open, and what Deno does by its path where there is no C library. */

import { assertEquals, assertThrows } from "@std/assert";
import { DiskError, errnoOf } from "../disk/errors.ts";
import { HeldFolder } from "../disk/held_folder.ts";
import { lstat } from "../disk/stat.ts";
import { moveToFreeName } from "../disk/move.ts";
import { NamedFolder } from "../disk/named_folder.ts";
import { makeFolder } from "../disk/new_folder.ts";
import { openFileIn, type OpenFolder, openFolder, OpenFolders, requireInPlace } from "../disk/open_folder.ts";
import { isPlainFolder } from "../disk/plain.ts";
import { readSmallFile } from "../disk/small_file.ts";
import { openBelow } from "./support/files.ts";
import { noLibc, testUnless } from "./support/machine.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { LONG_AGO } from "./support/trees.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const names = (path: string) => Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
const file = (text: string) => ({ content: encode(text), mode: 0o640, modified: LONG_AGO.getTime(), sync: false });
const codeOf = (work: () => unknown) => {
  const error = assertThrows(work);
  return error instanceof DiskError ? error.code : errnoOf(error);
};

function textOf(folder: OpenFolder, name: string): string {
  const found = folder.readFile(name, new Uint8Array(100), () => name);
  return typeof found === "object" ? new TextDecoder().decode(found.content) : found;
}

/** A folder with one of each kind in it. */
function plant(): TempFolder {
  const folder = new TempFolder();
  const { path } = folder;
  folder.file("file", "12345");
  folder.file("empty");
  Deno.mkdirSync(`${path}/folder`);
  folder.file("folder/in", "in");
  Deno.symlinkSync("file", `${path}/link`);
  Deno.symlinkSync("nowhere", `${path}/broken`);
  Deno.symlinkSync("folder", `${path}/way`);
  new Deno.Command("mkfifo", { args: [`${path}/pipe`] }).outputSync();
  return folder;
}

const ways: [string, string | undefined, (path: string) => OpenFolder][] = [
  ["by the C library", noLibc, (path) => {
    const folder = openFolder(path);
    assertEquals(folder instanceof HeldFolder, true);
    return folder;
  }],
  ["by Deno", undefined, (path) => new NamedFolder(path, false)],
];

for (const [how, unless, open] of ways) {
  testUnless(unless, `${how}, a small file is read whole, a link is not followed, and a pipe is not waited for`, () => {
    using planted = plant();
    using folder = open(planted.path);
    const into = new Uint8Array(5);
    const text = (name: string, known?: { size: number; modified: number }) => {
      const found = folder.readFile(name, into, () => name, known);
      return typeof found === "object" ? new TextDecoder().decode(found.content) : found;
    };
    assertEquals([text("file"), text("empty"), text("link"), text("broken")], ["12345", "", "link", "link"]);
    const seen = lstat(`${planted.path}/file`);
    for (const known of [seen, { ...seen, size: 3 }, { ...seen, modified: 1 }]) {
      assertEquals([text("file", known), text("link", known)], ["12345", "link"]);
    }
    for (const known of [undefined, { size: 0, modified: 0 }]) {
      assertEquals(
        assertThrows(() => text("pipe", known), DiskError).message.includes("is neither a file nor a folder"),
        true,
      );
      assertEquals(assertThrows(() => text("folder", known), DiskError).message.includes("is a folder"), true);
      assertEquals(codeOf(() => text("none", known)), "ENOENT");
    }
    Deno.writeTextFileSync(`${planted.path}/file`, "123456");
    assertEquals([text("file"), text("file", seen)], ["too large", "too large"]);
    return Promise.resolve();
  });

  testUnless(unless, `${how}, files are made, given names and removed, and nothing is replaced unasked`, () => {
    using planted = plant();
    const { path } = planted;
    using folder = open(path);
    using sub = open(`${path}/folder`);
    folder.writeFile("new", file("new"));
    const { size, modified, mode } = folder.stat("new");
    assertEquals([size, modified, mode], [3, LONG_AGO.getTime(), 0o640]);
    for (const taken of ["file", "link", "broken", "pipe"]) {
      assertEquals(codeOf(() => folder.writeFile(taken, file("x"))), "EEXIST", taken);
      assertEquals(codeOf(() => folder.makeFolder(taken, 0o700)), "EEXIST", taken);
      assertEquals(codeOf(() => moveToFreeName(folder, "new", folder, taken)), "EEXIST", taken);
    }
    assertEquals(codeOf(() => moveToFreeName(folder, "new", folder, "folder")), "EEXIST");
    assertEquals([folder.stat("link").kind, folder.stat("link", true).kind], ["link", "file"]);
    moveToFreeName(folder, "new", sub, "moved");
    sub.move("moved", sub, "in");
    assertEquals([names(`${path}/folder`), Deno.readTextFileSync(`${path}/folder/in`)], [["in"], "new"]);
    sub.link("in", folder, "twin");
    folder.setMode("twin", 0o600);
    assertEquals(lstat(`${path}/folder/in`).mode, 0o600);
    folder.makeFolder("made", 0o750);
    assertEquals([lstat(`${path}/made`).kind, lstat(`${path}/made`).mode], ["folder", 0o750]);
    assertEquals(codeOf(() => folder.remove("folder", "folder")), "ENOTEMPTY");
    folder.remove("made", "folder");
    folder.remove("twin", "file");
    folder.remove("way", "file");
    assertEquals(names(path), ["broken", "empty", "file", "folder", "link", "pipe"]);
    return Promise.resolve();
  });

  testUnless(unless, `${how}, nothing is made, read or moved in a plain folder that has become a link`, () => {
    using planted = plant();
    const { path } = planted;
    Deno.mkdirSync(`${path}/real/sub`, { recursive: true });
    const plain = () =>
      how === "by Deno" ? new NamedFolder(`${path}/real/sub`, true) : openFolder(`${path}/real/sub`, true);
    using before = plain();
    before.writeFile("a", file("a"));
    Deno.renameSync(`${path}/real`, `${path}/moved`);
    Deno.mkdirSync(`${path}/elsewhere/sub`, { recursive: true });
    Deno.writeTextFileSync(`${path}/elsewhere/sub/a`, "not to be read");
    Deno.symlinkSync("elsewhere", `${path}/real`);
    const works: ((folder: OpenFolder) => void)[] = [
      (folder) => folder.writeFile("b", file("b")),
      (folder) => folder.makeFolder("c", 0o700),
      (folder) => folder.move("a", folder, "d"),
      (folder) => folder.remove("d", "file"),
      (folder) => assertEquals(textOf(folder, "b"), "b"),
    ];
    for (const work of works) {
      const code = codeOf(() => {
        using folder = plain();
        work(folder);
      });
      assertEquals(code, "changed");
    }
    assertEquals(codeOf(() => makeFolder(`${path}/real/sub/e`, 0o700, true)), "changed");
    assertEquals(names(`${path}/elsewhere/sub`), ["a"]);
    if (how === "by Deno") return Promise.resolve();
    // What was opened before is the same folder, wherever it is now.
    for (const work of works) work(before);
    assertEquals([names(`${path}/elsewhere/sub`), names(`${path}/moved/sub`)], [["a"], ["b", "c"]]);
    return Promise.resolve();
  });
}

Deno.test("a path that goes up again leads where it does for Deno, and what is not there says so", () => {
  using planted = plant();
  const { path } = planted;
  Deno.mkdirSync(`${path}/far/sub`, { recursive: true });
  planted.file("far/file", "far");
  Deno.symlinkSync("far/sub", `${path}/deep`); // by its letters `deep/..` is where the link stands, and by the system `far`
  for (const way of ["folder/..", "deep/..", ".", "far/sub/../.."]) {
    using folder = openFolder(`${path}/${way}`);
    assertEquals(folder.stat("file").size, Deno.statSync(`${path}/${way}/file`).size, way);
  }
  assertEquals(codeOf(() => openFolder(`${path}/none`)), "ENOENT");
  assertEquals(codeOf(() => openFolder(`${path}/none`, true).stat("x")), "ENOENT");
});

for (const [how, unless, open] of ways) {
  testUnless(unless, `${how}, a file is opened only where it is one, and the one in that very folder`, () => {
    using planted = plant();
    const { path } = planted;
    using folder = open(`${path}/folder`);
    Deno.symlinkSync("../file", `${path}/folder/link`);
    new Deno.Command("mkfifo", { args: [`${path}/folder/pipe`] }).outputSync();
    for (const name of ["link", "pipe"]) assertEquals(codeOf(() => openFileIn(folder, name)), "changed", name);
    assertEquals(codeOf(() => openFileIn(folder, "none")), "ENOENT");
    openFileIn(folder, "in").close();
    if (how === "by Deno") return Promise.resolve(); // it would be the folder that is there now
    Deno.renameSync(`${path}/folder`, `${path}/elsewhere`);
    assertEquals(codeOf(() => openFileIn(folder, "in")), "ENOENT");
    planted.file("folder/in", "another");
    assertEquals(codeOf(() => openFileIn(folder, "in")), "changed");
    assertEquals(codeOf(() => requireInPlace(folder)), "changed");
    using other = open(`${path}/folder`);
    requireInPlace(other);
    return Promise.resolve();
  });
}

Deno.test("without the library, nothing is moved or linked through a link where paths must be plain", () => {
  using planted = plant();
  const { path } = planted;
  const [folder, way] = [new NamedFolder(path, true), new NamedFolder(`${path}/way`, true)];
  assertEquals(codeOf(() => folder.move("file", way, "moved")), "changed");
  assertEquals(codeOf(() => folder.link("file", way, "linked")), "changed");
  assertEquals(names(`${path}/folder`), ["in"]);
});

Deno.test("a name with two dots in it is a name like any other", () => {
  using planted = plant();
  const { path } = planted;
  planted.file("v1..2", "");
  assertEquals(codeOf(() => openFolder(`${path}/v1..2`)), "ENOTDIR");
  assertEquals(codeOf(() => openFolder(`${path}/v1..3`)), "ENOENT");
});

testUnless(noLibc, "a folder is plain only where no part of its path is a link, and it is one", () => {
  using planted = plant();
  const path = Deno.realPathSync(planted.path);
  Deno.mkdirSync(`${path}/folder/deeper`);
  const plain = ["folder", "folder/deeper", "way", "way/deeper", "link", "broken", "file", "none", "pipe", "folder/.."]
    .filter((name) => isPlainFolder(`${path}/${name}`));
  assertEquals(plain, ["folder", "folder/deeper"]);
  assertEquals(isPlainFolder("/"), true);
  return Promise.resolve();
});

Deno.test("a small file is read by its path, wherever links lead, and what cannot be read says why", () => {
  using planted = plant();
  const { path } = planted;
  const into = new Uint8Array(5);
  const text = (name: string) => {
    const found = readSmallFile(`${path}/${name}`, into, () => name);
    return typeof found === "object" ? new TextDecoder().decode(found.content) : found;
  };
  assertEquals([text("file"), text("link"), text("empty"), text("way/in")], ["12345", "12345", "", "in"]);
  const reason = (name: string) => assertThrows(() => text(name), DiskError).message;
  assertEquals(reason("pipe"), "pipe is neither a file nor a folder");
  assertEquals(reason(""), " is a folder");
  assertEquals(reason("broken"), "opening broken: there is no such file or folder");
  Deno.writeTextFileSync(`${path}/file`, "123456");
  assertEquals([text("file"), text("link")], ["too large", "too large"]);
});

testUnless(noLibc, "the names in a folder are of the very one that is held, whatever stands in its place", () => {
  using planted = new TempFolder();
  const [own, other] = [`${planted.path}/own`, `${planted.path}/other`];
  for (const [path, name] of [[own, "mine"], [other, "theirs"]]) {
    Deno.mkdirSync(path);
    Deno.writeTextFileSync(`${path}/${name}`, "x");
  }
  using folder = openFolder(own, true);
  Deno.renameSync(own, `${planted.path}/away`);
  Deno.renameSync(other, own);
  assertEquals([...folder.list()].flat(), [{ name: "mine", kind: "file" }]);
  assertEquals(folder.stat("mine").kind, "file");
  assertEquals(openBelow(planted.path), 1);
  return Promise.resolve();
});

testUnless(noLibc, "the last folders are held, no others, and none in the end", () => {
  using planted = new TempFolder();
  const folders = new OpenFolders(true);
  for (let index = 0; index < 20; index++) {
    const path = `${planted.path}/${index >> 1}`;
    if (index % 2 === 0) Deno.mkdirSync(path);
    folders.get(path).writeFile(`${index}`, file("x"));
  }
  assertEquals(openBelow(planted.path), 2);
  // The one that was used last is not the one that goes, whichever was opened first.
  const first = folders.get(`${planted.path}/8`);
  folders.get(`${planted.path}/7`);
  first.writeFile("still open", file("x"));
  first.remove("still open", "file");
  assertEquals(openBelow(planted.path), 2);
  folders[Symbol.dispose]();
  folders[Symbol.dispose]();
  assertEquals([openBelow(planted.path), names(`${planted.path}/9`)], [0, ["18", "19"]]);
  return Promise.resolve();
});
