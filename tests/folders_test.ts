/** Folders, many files and patterns, both ways, against the built programs. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CommandError, connect } from "../client/client.ts";
import { exists } from "../disk/exists.ts";
import { namesIn, pattern } from "./support/files.ts";
import { Hold, Relay } from "./support/relay.ts";
import { noRamDisk, notBound, RamDisk, testUnless } from "./support/machine.ts";
import { assertDone, ftp, startFtp, startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { until } from "./support/until.ts";
import { boundFtp, jsonLines, LONG_AGO, paths, plant, snapshot, touch } from "./support/trees.ts";

/** Names that shells, terminals, patterns or file systems stumble over. */
const HARD_NAMES = [
  "with space",
  " leading and trailing ",
  'it\'s "quoted" `here`',
  "new\nline",
  "tab\there",
  "back\\slash",
  "-r",
  "--delete",
  "-",
  "~",
  "$HOME",
  "*",
  "a[b]c",
  "{x,y}",
  "what?",
  "Grüße",
  "日本語",
  "العربية",
  "👩‍👩‍👧‍👦",
  "e\u0301 combined",
  ".hidden",
  "...",
  "con:aux",
  "%41",
  "#1;&|<>",
  "é".repeat(100),
];

/** Whether one of the numbered folders in a folder has a file of its own name by now; hidden ones come and go. */
function hasFile(top: string): boolean {
  if (!exists(top)) return false;
  const folders = namesIn(top).filter((name) => /^\d+$/.test(name));
  return folders.some((name) => namesIn(`${top}/${name}`).some((file) => /^\d+$/.test(file)));
}

/** A tree with everything that is plain in it. */
function plantTree(top: string): void {
  const deep = Array.from({ length: 40 }, (_, at) => `d${at}`).join("/");
  plant(top, {
    "a.txt": "a",
    "empty.bin": "",
    "run.sh": "#!/bin/sh\n",
    "sub/b.txt": "bb",
    "sub/more/c.log": "ccc",
    ".dot/.file": "hidden",
    "nothing/in/here": null,
    [`${deep}/end.txt`]: "deep",
  });
  Deno.chmodSync(`${top}/run.sh`, 0o755);
  touch(`${top}/a.txt`);
  touch(`${top}/sub/more/c.log`, new Date("1999-12-31T23:59:58.000Z"));
}

Deno.test("upload -r and download -r keep content, empty folders, deep trees, times and the executable bit", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plantTree(`${local.path}/tree`);
  const up = await ftp(server, "upload", "-r", "tree", { cwd: local.path });
  assertDone(up);
  assertMatch(up.stdout, /^Sent 7 files, 26 B in .+ \(.+\/s\)\n$/);
  assertEquals(snapshot(`${server.dir}/tree`), snapshot(`${local.path}/tree`));
  const down = await ftp(server, "download", "-r", "tree", "back/", { cwd: local.path });
  assertDone(down);
  assertMatch(down.stdout, /^Fetched 7 files, 26 B in .+ \(.+\/s\)\n$/);
  assertEquals(snapshot(`${local.path}/back/tree`), snapshot(`${local.path}/tree`));
});

Deno.test("as with cp -r, a folder goes into one that is there, and becomes one that is not", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "src/x/y.txt": "y", "here": null });
  plant(server.dir, { "there": null });
  const { path: cwd } = local;
  assertDone(await ftp(server, "upload", "-r", "src", "there", { cwd }));
  assertDone(await ftp(server, "upload", "-r", "src", "fresh", { cwd }));
  assertDone(await ftp(server, "upload", "-r", "src/", "into/", { cwd }));
  assertEquals(paths(server.dir).filter((path) => path.endsWith(".txt")), [
    "fresh/x/y.txt",
    "into/src/x/y.txt",
    "there/src/x/y.txt",
  ]);
  assertDone(await ftp(server, "download", "-r", "fresh", "here", { cwd }));
  assertDone(await ftp(server, "download", "-r", "fresh", "became", { cwd }));
  assertDone(await ftp(server, "download", "-r", "fresh", { cwd }));
  assertEquals(paths(cwd).filter((path) => path.endsWith(".txt")), [
    "became/x/y.txt",
    "fresh/x/y.txt",
    "here/fresh/x/y.txt",
    "src/x/y.txt",
  ]);
});

Deno.test(".. and paths with .. name a folder by its real name", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "one/a.txt": "1", "two/b.txt": "2" });
  assertDone(await ftp(server, "upload", "-r", "../one", { cwd: `${local.path}/one` }));
  assertDone(await ftp(server, "upload", "-r", "../two", { cwd: `${local.path}/one` }));
  assertEquals(paths(server.dir), ["one/", "one/a.txt", "two/", "two/b.txt"]);
  assertDone(await ftp(server, "upload", "-r", "..", "up", { cwd: `${local.path}/one` }));
  assertEquals(paths(`${server.dir}/up`), ["one/", "one/a.txt", "two/", "two/b.txt"]);
  // The served folder has no name: what is in it goes into the local folder.
  Deno.mkdirSync(`${local.path}/all`);
  assertDone(await ftp(server, "download", "-r", "/", { cwd: `${local.path}/all` }));
  assertEquals(snapshot(`${local.path}/all`), snapshot(server.dir));
});

Deno.test("as with cp -r, a name that ends in . means what is in the folder", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "one/a.txt": "1", "one/.hidden/b.txt": "2" });
  const { path: cwd } = local;
  plant(server.dir, { "there": null });
  const inside = snapshot(`${cwd}/one`);
  assertDone(await ftp(server, "upload", "-r", "one/.", "there", { cwd }));
  assertDone(await ftp(server, "upload", "-r", ".", "made", { cwd: `${cwd}/one` }));
  for (const name of ["there", "made"]) {
    assertEquals(snapshot(`${server.dir}/${name}`), inside);
    Deno.mkdirSync(`${cwd}/${name}`);
    assertDone(await ftp(server, "download", "-r", `${name}/./`, name, { cwd }));
    assertEquals(snapshot(`${cwd}/${name}`), inside);
  }
  const { code, stderr } = await ftp(server, "cp", "-r", "there/.", "copy");
  assertEquals([code, stderr], [2, 'ftp: cp: "there/." means what is in the folder; "there/*" copies that\n']);
  assertEquals(namesIn(server.dir), ["made", "there"]);
});

Deno.test("the served folder itself becomes a new one, with every name as it is", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(server.dir, { "aa/x": "1", "bbb/yy": "2", "notes.txt": "3" });
  Deno.chmodSync(`${server.dir}/aa`, 0o700);
  assertDone(await ftp(server, "download", "-r", "/", "new", { cwd: local.path }));
  assertEquals(paths(`${local.path}/new`), ["aa/", "aa/x", "bbb/", "bbb/yy", "notes.txt"]);
});

Deno.test("a folder without -r is refused, and nothing is moved", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "src/x": "1", "plain": "2" });
  plant(server.dir, { "folder/x": "1" });
  // A folder of this machine is a local problem, one of the server's is not.
  const refused: [string[], number][] = [
    [["upload", "src"], 5],
    [["upload", "plain", "src", "to/"], 5],
    [["download", "folder"], 1],
  ];
  for (const [args, exit] of refused) {
    const { code, stderr } = await ftp(server, ...args as [string], { cwd: local.path });
    assertEquals(code, exit, stderr);
    assertMatch(stderr, /"\/?(src|folder)" is a folder; -r (sends|takes) it with all in it/);
  }
  assertEquals([namesIn(server.dir), namesIn(local.path)], [["folder"], ["plain", "src"]]);
});

Deno.test("several names at once, get and put, mget and mput", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "a": "1", "b": "2", "c": "3", "dir/d": "4" });
  const { path: cwd } = local;
  assertDone(await ftp(server, "put", "a", "b", "c", { cwd }));
  assertDone(await ftp(server, "put", "a", "b", "in/", { cwd }));
  assertDone(await ftp(server, "mput", "a", "dir", "-r", { cwd }));
  assertEquals(paths(server.dir), ["a", "a_1", "b", "c", "dir/", "dir/d", "in/", "in/a", "in/b"]);
  Deno.mkdirSync(`${cwd}/got`);
  assertDone(await ftp(server, "get", "a", "b", "got", { cwd }));
  assertDone(await ftp(server, "mget", "c", "/in/b", { cwd: `${cwd}/got` }));
  assertDone(await ftp(server, "mget", "-r", "in", "dir", { cwd: `${cwd}/got` }));
  assertEquals(paths(`${cwd}/got`), ["a", "b", "b_1", "c", "dir/", "dir/d", "in/", "in/a", "in/b"]);
  const missing = await ftp(server, "get", "a", "nowhere", "got", { cwd });
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, "no such file");
});

Deno.test("patterns need no shell, on both sides", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, {
    "one.log": "1",
    "two.log": "2",
    "three.txt": "3",
    ".secret.log": "4",
    "a/four.txt": "4",
    "a/b/five.txt": "5",
    "a/b/six.log": "6",
    "a/.b/seven.txt": "7",
  });
  const { path: cwd } = local;
  const meant: [string[], string[]][] = [
    [["*.log"], ["one.log", "two.log"]],
    [["t*.*"], ["three.txt", "two.log"]],
    [["{one,two}.log"], ["one.log", "two.log"]],
    [["[ot]*.log"], ["one.log", "two.log"]],
    [["???.log"], ["one.log", "two.log"]],
    [[".*.log"], [".secret.log"]],
    [["*.log", "three.txt", "th*"], ["one.log", "three.txt", "two.log"]],
  ];
  for (const [patterns, names] of meant) {
    await using other = await startServer();
    assertDone(await ftp(other, "mput", "--overwrite", ...patterns, { cwd }));
    assertEquals(namesIn(other.dir), names, patterns.join(" "));
  }
  await using tree = await startServer();
  assertDone(await ftp(tree, "upload", "a/**/*.txt", { cwd }));
  const sent = paths(tree.dir).filter((path) => path.endsWith(".txt"));
  assertDone(await ftp(server, "upload", "-r", ".", "all", { cwd }));
  for (const [patterns, names] of meant) {
    using into = new TempFolder();
    assertDone(await ftp(server, "mget", "--overwrite", ...patterns.map((name) => `all/${name}`), { cwd: into.path }));
    assertEquals(namesIn(into.path), names, patterns.join(" "));
  }
  using into = new TempFolder();
  assertDone(await ftp(server, "download", "/all/a/**/*.txt", { cwd: into.path }));
  const fetched = paths(into.path).filter((path) => path.endsWith(".txt"));
  assertEquals(fetched, ["b/five.txt", "four.txt"]);
  assertEquals(sent, fetched);
});

Deno.test("a pattern that matches nothing is an error, one that matches folders takes them with -r only", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "x1/f": "1", "x2": "2" });
  const { path: cwd } = local;
  for (const [command, dir] of [["upload", cwd], ["download", server.dir]]) {
    const { code, stderr } = await ftp(server, command, "*.nothing", { cwd });
    assertEquals(code, 1, dir);
    assertStringIncludes(stderr, 'nothing matches "*.nothing"');
  }
  assertDone(await ftp(server, "upload", "x*", { cwd }));
  assertEquals(paths(server.dir), ["x2"]);
  assertDone(await ftp(server, "upload", "-r", "x*", "in/", { cwd }));
  assertEquals(paths(`${server.dir}/in`), ["x1/", "x1/f", "x2"]);
});

Deno.test("names that look like patterns mean themselves when they are there", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "a[1].txt": "brackets", "a1.txt": "one", "*": "star", "{x,y}": "braces", "w?/in": "folder" });
  const { path: cwd } = local;
  assertDone(await ftp(server, "upload", "a[1].txt", "*", "{x,y}", { cwd }));
  assertDone(await ftp(server, "upload", "-r", "w?", { cwd }));
  assertEquals(paths(server.dir), ["*", "a[1].txt", "w?/", "w?/in", "{x,y}"]);
  plant(server.dir, { "a1.txt": "one" });
  using into = new TempFolder();
  assertDone(await ftp(server, "download", "a[1].txt", "--no-show", { cwd: into.path }));
  assertDone(await ftp(server, "download", "*", "--no-show", { cwd: into.path }));
  assertEquals(namesIn(into.path), ["*", "a[1].txt"]);
  // As with any other name, the second argument is what a single file is to be called.
  assertDone(await ftp(server, "download", "a[1].txt", "renamed.txt", "--no-show", { cwd: into.path }));
  assertEquals(Deno.readTextFileSync(`${into.path}/renamed.txt`), "brackets");
});

Deno.test("hard names survive both ways, in trees and one by one", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const files = Object.fromEntries(HARD_NAMES.map((name, at) => [name, `content ${at}`]));
  const folders = Object.fromEntries(HARD_NAMES.map((name, at) => [`folders/${name}/${name}`, `inside ${at}`]));
  plant(`${local.path}/names`, { ...files, ...folders });
  const { path: cwd } = local;
  assertDone(await ftp(server, "upload", "-r", "names", { cwd }));
  assertEquals(snapshot(`${server.dir}/names`), snapshot(`${local.path}/names`));
  assertDone(await ftp(server, "download", "-r", "names", "back", { cwd }));
  assertEquals(snapshot(`${local.path}/back`), snapshot(`${local.path}/names`));
  const typed = HARD_NAMES.filter((name) => name !== "-");
  Deno.mkdirSync(`${cwd}/single`);
  assertDone(await ftp(server, "mput", "--", ...typed, { cwd: `${cwd}/names` }));
  assertDone(await ftp(server, "mget", "--", ...typed, { cwd: `${cwd}/single` }));
  assertEquals(namesIn(`${cwd}/single`), typed.toSorted());
  for (const name of typed) assertEquals(Deno.readTextFileSync(`${cwd}/single/${name}`), files[name]);
});

Deno.test("2,000 files in one folder, both ways", async () => {
  await using server = await startServer({ args: ["--no-fsync"] });
  using local = new TempFolder();
  plant(`${local.path}/many`, Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`f${at}`, `${at}`])));
  const { path: cwd } = local;
  const up = await ftp(server, "upload", "-r", "many", "--json", { cwd });
  assertDone(up);
  const lines = jsonLines(up);
  assertEquals(lines.length, 2001);
  const { summary } = lines.at(-1);
  assertEquals([summary.files, summary.failed, summary.left], [2000, 0, 0]);
  assertDone(await ftp(server, "download", "many/f*", "back/", { cwd }));
  assertEquals(snapshot(`${cwd}/back`), snapshot(`${cwd}/many`));
  assertEquals(snapshot(`${server.dir}/many`), snapshot(`${cwd}/many`));
});

Deno.test("what a pattern means and is not moved is told", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  for (const top of [server.dir, cwd]) {
    plant(top, { "a": "1", "sub/b": "2", "deep/er/c": "3", "hollow": null });
    Deno.symlinkSync("a", `${top}/link`);
  }
  const aFolder = "it is a folder; -r takes it with all in it";
  const aLink = "it is a symbolic link; --links follow takes what it leads to";
  const all = [["deep", aFolder], ["hollow", aFolder], ["link", aLink], ["sub", aFolder]];
  const calls: [string[], string[][]][] = [
    [["upload", "*"], all],
    [["mput", "*"], all],
    [["download", "*", "./.to/"], all],
    [["mget", "*"], all],
    // A folder that comes along with its files is not left out.
    [["download", "**", "./.to/"], [["hollow", aFolder], ["link", aLink]]],
    [["download", "-r", "*", "./.to/"], [["link", aLink]]],
    [["cat", "*"], [["deep", "it is a folder"], ["hollow", "it is a folder"], ["sub", "it is a folder"]]],
  ];
  Deno.mkdirSync(`${cwd}/.to`);
  for (const [call, left] of calls) {
    const result = await ftp(server, ...call, { cwd });
    assertDone(result);
    const told = result.stderr.split("\n").filter((line) => line.includes("is left out")).sort();
    assertEquals(told, left.map(([name, why]) => `${name} is left out: ${why}`), call.join(" "));
  }
  for (const call of [["upload", "su?"], ["download", "su?", "./.to/"]]) {
    const { code, stderr } = await ftp(server, ...call, { cwd });
    assertEquals(code, 1);
    assertStringIncludes(stderr, `nothing that matches "su?" can be moved; "sub": ${aFolder}`);
  }
});

Deno.test("symbolic links are skipped and said to be, or followed, but never out of the tree", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const plantLinks = (top: string) => {
    plant(top, { "out/secret": "secret", "tree/real/file": "file" });
    Deno.symlinkSync("real/file", `${top}/tree/to-file`);
    Deno.symlinkSync("real", `${top}/tree/to-folder`);
    Deno.symlinkSync("../out/secret", `${top}/tree/out-file`);
    Deno.symlinkSync("../out", `${top}/tree/out-folder`);
    Deno.symlinkSync(`${top}/out`, `${top}/tree/absolute`);
    Deno.symlinkSync("nowhere", `${top}/tree/dangling`);
    Deno.symlinkSync("circle", `${top}/tree/circle`);
  };
  plantLinks(local.path);
  const { path: cwd } = local;
  const skip = await ftp(server, "upload", "-r", "tree", "skipped", { cwd });
  assertDone(skip);
  assertEquals(paths(`${server.dir}/skipped`), ["real/", "real/file"]);
  assertMatch(skip.stderr, /to-file is left out: it is a symbolic link; --links follow/);
  assertMatch(skip.stdout, /, 7 left out\n$/);
  const follow = await ftp(server, "upload", "-r", "tree", "followed", "--links", "follow", { cwd });
  assertDone(follow);
  assertEquals(paths(`${server.dir}/followed`), ["real/", "real/file", "to-file", "to-folder/", "to-folder/file"]);
  for (const { stderr } of [skip, follow]) {
    assertMatch(stderr, /^tree\/out-folder is left out: it is a symbolic link that leads out of the folder$/m);
    assertMatch(stderr, /^tree\/dangling is left out: it is a symbolic link that leads nowhere$/m);
    assertMatch(stderr, /^tree\/circle is left out: it leads in a circle$/m);
  }
  assertEquals((await ftp(server, "upload", "-r", "tree", "--links", "keep", { cwd })).code, 2);

  await using other = await startServer();
  using away = new TempFolder();
  plantLinks(away.path);
  plant(other.dir, { "tree/real/file": "file" });
  for (const [to, name] of [["real/file", "to-file"], ["real", "to-folder"], [`${away.path}/out`, "out-folder"]]) {
    Deno.symlinkSync(to, `${other.dir}/tree/${name}`);
  }
  assertDone(await ftp(other, "download", "-r", "tree", "down-skipped", { cwd }));
  assertEquals(paths(`${cwd}/down-skipped`), ["real/", "real/file"]);
  assertDone(await ftp(other, "download", "-r", "tree", "down-followed", "--links", "follow", { cwd }));
  assertEquals(paths(`${cwd}/down-followed`), ["real/", "real/file", "to-file", "to-folder/", "to-folder/file"]);
});

Deno.test("of many links the first are named, and the others counted", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "src/a": "1" });
  for (let at = 0; at < 15; at++) Deno.symlinkSync("a", `${local.path}/src/l${at}`);
  const { code, stdout, stderr } = await ftp(server, "upload", "-r", "src", { cwd: local.path });
  assertEquals([code, stderr.match(/^src\/l\d+ is left out/gm)?.length], [0, 10]);
  assertMatch(stderr, /^5 more are left out: it is a symbolic link; --links follow/m);
  assertMatch(stdout, /15 left out$/m);
});

Deno.test("a circle of links ends where it began", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "tree/a/f": "1", "tree/b/g": "2" });
  for (const [to, name] of [["..", "a/up"], [".", "a/self"], ["../b", "a/b"], ["../a", "b/a"]]) {
    Deno.symlinkSync(to, `${local.path}/tree/${name}`);
  }
  assertDone(await ftp(server, "upload", "-r", "tree", "--links", "follow", { cwd: local.path }));
  assertEquals(paths(`${server.dir}/tree`).filter((path) => !path.endsWith("/")), ["a/b/g", "a/f", "b/a/f", "b/g"]);
});

Deno.test("circles of remote links end where they began, however many there are", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(server.dir, { "tree/a/f": "1", "tree/b/g": "2", "tree/b/deep/er/h": "3" });
  const links = [["..", "a/up"], [".", "a/self"], ["../a", "a/same"], ["../b", "a/b"], ["../a", "b/a"], ["..", "b/up"]];
  for (const [to, name] of links) Deno.symlinkSync(to, `${server.dir}/tree/${name}`);
  Deno.symlinkSync("../..", `${server.dir}/tree/b/deep/er/up`);
  Deno.symlinkSync("tree", `${server.dir}/way`);
  for (const top of ["tree", "way"]) {
    const got = await ftp(server, "download", "-r", top, "--links", "follow", { cwd: local.path });
    assertEquals(got.code, 0, got.stderr);
    assertEquals(paths(`${local.path}/${top}`), [
      ...["a/", "a/b/", "a/b/deep/", "a/b/deep/er/", "a/b/deep/er/h", "a/b/g", "a/f"],
      ...["b/", "b/a/", "b/a/f", "b/deep/", "b/deep/er/", "b/deep/er/h", "b/g"],
    ]);
    assertMatch(got.stderr, new RegExp(`^${top}/a/self is left out: it leads in a circle$`, "m"));
  }
});

Deno.test("a failing file is told, the rest goes on, and the exit code is 1", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "src/a": "1", "src/b": "22", "src/c": "3", "got/src/b/x": "in the way" });
  plant(server.dir, { "src/b/x": "in the way" });
  const { path: cwd } = local;
  const up = await ftp(server, "upload", "-r", "src", "--overwrite", { cwd });
  assertEquals(up.code, 1);
  assertMatch(up.stderr, /^ftp: src\/b: .*is a folder/m);
  assertMatch(up.stderr, /1 of 3 files failed/);
  assertMatch(up.stdout, /^Sent 2 files, 2 B in .+, 1 failed\n$/);
  assertEquals(paths(server.dir), ["src/", "src/a", "src/b/", "src/b/x", "src/c"]);
  const json = await ftp(server, "upload", "-r", "src", "--overwrite", "--json", { cwd });
  assertEquals(json.code, 1);
  const lines = jsonLines(json);
  assertEquals(lines.slice(0, -1).map(({ uploaded, stored, size }) => [uploaded, stored, size]).sort(), [
    ["src/a", "/src/a", 1],
    ["src/c", "/src/c", 1],
  ]);
  const { ms, ...summary } = lines.at(-1).summary;
  assert(ms >= 0);
  assertEquals(summary, { files: 2, bytes: 2, resumed: 0, renamed: 0, failed: 1, left: 0 });
  const { code, path } = JSON.parse(json.stderr.split("\n")[0]).error;
  assertEquals([code, path], ["is_folder", "src/b"]);

  plant(server.dir, { "down/a": "1", "down/b": "22", "down/c": "3" });
  plant(local.path, { "down/b/x": "in the way" });
  const down = await ftp(server, "download", "-r", "down", "--overwrite", { cwd });
  assertEquals(down.code, 1, down.stdout + down.stderr);
  assertMatch(down.stderr, /^ftp: \/down\/b: .*is a folder/m);
  assertMatch(down.stdout, /^Fetched 2 files, 2 B in .+, 1 failed\n$/);
  assertEquals(paths(`${cwd}/down`), ["a", "b/", "b/x", "c"]);
});

Deno.test("a file in the place of a folder fails what would be in that folder, and the rest goes on", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(cwd, { "src/a": "1", "src/sub/b": "2", "src/sub/deep/c": "3", "src/z/d": "4" });
  plant(server.dir, { "src/sub": "in the way" });
  plant(server.dir, { "down/a": "1", "down/sub/b": "2", "down/sub/deep/c": "3", "down/z/d": "4" });
  plant(cwd, { "down/sub": "in the way" });
  for (
    const [args, top, why] of [
      [["upload", "-r", "src"], `${server.dir}/src`, /^ftp: src\/sub: "\/src\/sub": the name is taken$/m],
      [["download", "-r", "down"], `${cwd}/down`, /^ftp: down\/sub: the local folder "down\/sub": the name is taken$/m],
    ] as const
  ) {
    const { code, stdout, stderr } = await ftp(server, ...args, { cwd });
    assertEquals(code, 1, stderr);
    assertMatch(stderr, why);
    assertMatch(stderr, /^ftp: (src|down)\/sub\/deep\/c: its folder cannot be made (t?here)$/m);
    // The folder, the one in it, and their files.
    assertMatch(stdout, /^(Sent|Fetched) 2 files, 2 B in .+, 4 failed\n$/);
    assertEquals(paths(top), ["a", "sub", "z/", "z/d"]);
    assertEquals(Deno.readTextFileSync(`${top}/sub`), "in the way");
  }
  const { code, stderr } = await ftp(server, "upload", "-r", "src", "src/sub", { cwd });
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /the name is taken/);
});

Deno.test("a file is kept beside a local folder of its name, not put into it", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(server.dir, { "down/a.txt": "1", "down/b": "2" });
  plant(local.path, { "down/b/x": "in the way" });
  assertDone(await ftp(server, "download", "-r", "down", { cwd: local.path }));
  assertEquals(paths(`${local.path}/down`), ["a.txt", "b/", "b/x", "b_1"]);
});

testUnless(notBound, "what cannot be read is told", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "src/a": "1", "src/b": "22", "src/closed/c": "3" });
  Deno.chmodSync(`${local.path}/src/b`, 0);
  Deno.chmodSync(`${local.path}/src/closed`, 0);
  const { code, stdout, stderr } = await boundFtp(server, ["upload", "-r", "src"], local.path);
  Deno.chmodSync(`${local.path}/src/closed`, 0o700);
  assertEquals(code, 1);
  assertMatch(stderr, /src\/b: .*permission denied/);
  assertMatch(stderr, /src\/closed.*permission denied/);
  assertMatch(stdout, /failed/);
  assertEquals(paths(server.dir).filter((path) => !path.endsWith("/")), ["src/a"]);
});

testUnless(
  notBound,
  "a folder that cannot be read makes the exit code 1, though every file that was seen was sent",
  async () => {
    await using server = await startServer();
    using local = new TempFolder();
    plant(local.path, { "src/a": "1", "src/closed/c": "3" });
    Deno.chmodSync(`${local.path}/src/closed`, 0);
    const { code, stdout, stderr } = await boundFtp(server, ["upload", "-r", "src"], local.path);
    Deno.chmodSync(`${local.path}/src/closed`, 0o700);
    assertEquals(code, 1, stdout);
    assertMatch(stderr, /src\/closed.*permission denied/);
  },
);

Deno.test("that nothing may be written is said once, not for each folder and file", async () => {
  await using server = await startServer({ args: ["--read-only"] });
  using local = new TempFolder();
  plant(local.path, { "src/a/b": "1", "src/c/d": "2", "src/e": "3" });
  const { code, stdout, stderr } = await ftp(server, "upload", "-r", "src", { cwd: local.path });
  assertEquals([code, stdout, stderr.split("\n").length], [1, "", 2], stderr);
  assertMatch(stderr, /reading only/);
});

Deno.test("--stop-on-error stops at the first failure", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const names = Array.from({ length: 500 }, (_, at) => `f${String(at).padStart(3, "0")}`);
  plant(`${local.path}/src`, Object.fromEntries(names.map((name) => [name, name])));
  plant(server.dir, Object.fromEntries(names.map((name) => [`src/${name}/x`, "in the way"])));
  const { code, stderr } = await ftp(server, "upload", "-r", "src", "--overwrite", "--stop-on-error", {
    cwd: local.path,
  });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "stopped at the first failure");
  assert(stderr.split("\n").length < 100, stderr);
});

Deno.test("taken names: both are kept, or --overwrite, or --fail-if-exists", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "src/a.txt": "new", "src/b.txt": "new" });
  plant(server.dir, { "src/a.txt": "old" });
  const { path: cwd } = local;
  const failed = await ftp(server, "upload", "-r", "src", "--fail-if-exists", { cwd });
  assertEquals(failed.code, 1);
  assertMatch(failed.stderr, /src\/a\.txt.* taken/);
  assertEquals(Deno.readTextFileSync(`${server.dir}/src/a.txt`), "old");
  assertEquals(namesIn(`${server.dir}/src`), ["a.txt", "b.txt"]);
  assertDone(await ftp(server, "upload", "-r", "src", { cwd }));
  assertEquals(namesIn(`${server.dir}/src`), ["a.txt", "a_1.txt", "b.txt", "b_1.txt"]);
  assertDone(await ftp(server, "upload", "-r", "src", "--overwrite", { cwd }));
  assertEquals(namesIn(`${server.dir}/src`), ["a.txt", "a_1.txt", "b.txt", "b_1.txt"]);
  assertEquals(Deno.readTextFileSync(`${server.dir}/src/a.txt`), "new");
  assertEquals((await ftp(server, "upload", "-r", "src", "--overwrite", "--fail-if-exists", { cwd })).code, 2);

  plant(local.path, { "src/a.txt": "mine" });
  assertDone(await ftp(server, "download", "-r", "src", { cwd }));
  assertEquals(Deno.readTextFileSync(`${cwd}/src/a.txt`), "mine");
  assertEquals(namesIn(`${cwd}/src`).length, 6);
  assertDone(await ftp(server, "download", "-r", "src", "--overwrite", { cwd }));
  assertEquals(Deno.readTextFileSync(`${cwd}/src/a.txt`), "new");
});

Deno.test("times before 1970 and far ahead are kept", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "src/old": "1", "src/new": "2", "src/plain": "3" });
  touch(`${local.path}/src/old`, new Date("1965-01-01T00:00:00.000Z"));
  touch(`${local.path}/src/new`, new Date("2100-01-01T00:00:00.000Z"));
  touch(`${local.path}/src/plain`, new Date(LONG_AGO.getTime() + 123));
  const { path: cwd } = local;
  assertDone(await ftp(server, "upload", "-r", "src", { cwd }));
  assertEquals(snapshot(`${server.dir}/src`), snapshot(`${cwd}/src`));
  assertDone(await ftp(server, "download", "-r", "src", "back", { cwd }));
  assertEquals(snapshot(`${cwd}/back`), snapshot(`${cwd}/src`));
});

Deno.test("files that got another name are counted in the summary", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "t/a": "1", "t/b": "2" });
  const { path: cwd } = local;
  assertMatch((await ftp(server, "mput", "t/a", "t/b", { cwd })).stdout, /^Sent 2 files, 2 B in [^,]+\n$/);
  const again = await ftp(server, "mput", "t/a", "t/b", "-v", { cwd });
  assertMatch(
    again.stdout,
    /^t\/a as \/a_1\nt\/b as \/b_1\nSent 2 files, .*, 2 under another name, as their own was taken\n$/,
  );
  assertEquals(again.stderr, "");
  Deno.mkdirSync(`${server.dir}/many`);
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`f${at + 10}`, "x"]));
  plant(local.path, many);
  plant(`${server.dir}/many`, many);
  const told = await ftp(server, "upload", ...Object.keys(many), "many/", { cwd });
  const names = Array.from({ length: 10 }, (_, at) => `f${at + 10} as /many/f${at + 10}_1\n`);
  assertEquals(told.stderr, `${names.join("")}and 2 more; sync moves what is missing, and nothing twice\n`);
  Deno.removeSync(`${server.dir}/many`, { recursive: true });
  assertEquals(paths(server.dir), ["a", "a_1", "b", "b_1"]);
  for (const expected of [0, 2]) {
    const fetched = await ftp(server, "mget", "a", "b", "--json", { cwd });
    assertEquals(jsonLines(fetched).at(-1).summary.renamed, expected);
  }
});

Deno.test("--overwrite does not replace what the same run has put there; nor is it quiet about a taken name", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(cwd, { "p/x": "1", "q/x": "2", "x": "old" });
  plant(server.dir, { "P/x": "1", "Q/x": "2", "to/x": "old" });
  for (const [command, ...args] of [["upload", "p/x", "q/x", "to/"], ["upload", "p/*", "q/*", "to/"]]) {
    const { code, stdout, stderr } = await ftp(server, command, "--overwrite", ...args, { cwd });
    assertEquals([code, stderr], [1, 'ftp: q/x: "p/x" goes to the same place\nftp: 1 of 2 files failed\n']);
    assertMatch(stdout, /^Sent 1 file, /);
    assertEquals(Deno.readTextFileSync(`${server.dir}/to/x`), "1");
  }
  for (const args of [["P/x", "Q/x"], ["P/*", "Q/*"]]) {
    const { code, stderr } = await ftp(server, "mget", "--overwrite", ...args, { cwd });
    assertEquals([code, stderr.split("\n")[0]], [1, 'ftp: /Q/x: "/P/x" goes to the same place']);
    assertEquals(Deno.readTextFileSync(`${cwd}/x`), "1");
  }
  const quiet = async (...args: string[]) => (await ftp(server, "-q", ...args, { cwd })).stdout;
  assertMatch(await quiet("download", "to/x"), /^Saved as x_1 /);
  assertMatch(await quiet("upload", "x", "to/"), /^Stored as \/to\/x_1 /);
  assertEquals(await quiet("upload", "-r", "p", "q/x", "to/"), "q/x as /to/x_2\n");
  for (const option of ["--overwrite", "--fail-if-exists"]) {
    Deno.removeSync(`${server.dir}/to/x`);
    const twice = await ftp(server, "upload", option, "x", "./x", "to/", { cwd });
    assertDone(twice);
    assertEquals(twice.stderr, "./x is left out: it is named twice\n");
    assertMatch(twice.stdout, /^Sent 1 file, 1 B in [^,]+, 1 left out\n$/);
  }
  assertEquals(await quiet("upload", "x", "to/y"), "");
});

Deno.test("of two names the second is not taken for a target when it may be meant as a source", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "a": "1", "b": "2" });
  plant(server.dir, { "c": "3", "d": "4" });
  const { path: cwd } = local;
  const sent = await ftp(server, "upload", "--overwrite", "a", "b", { cwd });
  assertEquals(sent.code, 2);
  assertMatch(
    sent.stderr,
    /"b" is a local file, too\. mput sends them all; upload FILE "\.\/b" stores the first one as that/,
  );
  assertEquals([paths(server.dir), paths(local.path)], [["c", "d"], ["a", "b"]]);
  plant(local.path, { "t/1": "1", "t/2": "2" });
  for (const folder of ["t", "./t", `${cwd}/t`]) { // as a shell makes of t/*
    const two = await ftp(server, "upload", "--overwrite", `${folder}/1`, `${folder}/2`, { cwd });
    assertEquals([two.code, two.stdout], [2, ""], folder);
    assertStringIncludes(two.stderr, `"${folder}/2" is a local file, too. mput sends them all`);
  }
  for (const names of ["12", "123"]) { // as a shell makes of */
    const folders = [...names].map((name) => `${name}/`);
    for (const folder of folders) plant(cwd, { [`${folder}x`]: folder });
    const all = await ftp(server, "upload", "-r", ...folders, { cwd });
    assertEquals([all.code, all.stdout], [2, ""], names);
    assertStringIncludes(all.stderr, `"${folders.at(-1)}" is a local folder, too. mput -r sends them all`);
  }
  assertDone(await ftp(server, "upload", "-r", "1", "2/", { cwd })); // the slash says that it is a folder of the server
  assertEquals(paths(server.dir), ["2/", "2/1/", "2/1/x", "c", "d"]);
  Deno.removeSync(`${server.dir}/2`, { recursive: true });
  // No pattern stands for these.
  assertDone(await ftp(server, "upload", "-r", "1", ".", { cwd }));
  assertDone(await ftp(server, "upload", "-", "a", { cwd, stdin: "from standard input" }));
  assertEquals(Deno.readTextFileSync(`${server.dir}/a`), "from standard input");
  assertEquals(paths(server.dir), ["1/", "1/x", "a", "c", "d"]);
  Deno.removeSync(`${server.dir}/1`, { recursive: true });
  Deno.removeSync(`${server.dir}/a`);
  for (const name of "123") Deno.removeSync(`${cwd}/${name}`, { recursive: true });
  Deno.removeSync(`${cwd}/t`, { recursive: true });
  assertEquals((await ftp(server, "upload", "a", "./b", { cwd })).code, 0);
  assertEquals((await ftp(server, "upload", "a", "a", { cwd })).code, 0);
  // A script means the same tomorrow, whatever the server holds by then.
  assertEquals((await ftp(server, "download", "c", "d", { cwd })).code, 0);
  assertEquals((await ftp(server, "download", "c", "e", { cwd })).code, 0);
  assertEquals([paths(server.dir), paths(local.path)], [["a", "b", "c", "d"], ["a", "b", "d", "e"]]);
});

Deno.test("several files do not go to standard output, and -j is checked for a single one, too", async () => {
  await using server = await startServer();
  plant(server.dir, { "a": "1", "b": "2" });
  const several = await ftp(server, "download", "[ab]", "-");
  assertEquals([several.code, several.stdout], [2, ""]);
  assertMatch(several.stderr, /- takes one file; cat writes several/);
  assertEquals((await ftp(server, "download", "a", "-j", "x")).code, 2);
});

testUnless(noRamDisk, "a batch that fills the disk stops, and says so once it is clear", async () => {
  using disk = new RamDisk("4m");
  await using server = await startServer({ dir: disk.path });
  using local = new TempFolder();
  plant(local.path, Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`t/${at}`, pattern(16_000, at)])));
  const { code, stderr } = await ftp(server, "upload", "-r", "t", { cwd: local.path });
  assertEquals(code, 1);
  const lines = stderr.trim().split("\n");
  const last = /^ftp: stopped, as there was no room for 16 files in a row; (\d+) of 900 files were done$/;
  assertMatch(lines.at(-1)!, last);
  assert(lines.length < 40, `${lines.length} lines`);
  const whole = new Set(snapshot(local.path));
  assertEquals(snapshot(disk.path).filter((line) => !whole.has(line)), []);
  assertEquals(Number(last.exec(lines.at(-1)!)![1]), namesIn(`${disk.path}/t`).length);
});

testUnless(noRamDisk, "that there is no room for all of many files is said at once, and only then", async () => {
  using disk = new RamDisk("80m");
  using local = new TempFolder();
  const files = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`t/${at}`, pattern(7_000_000, at)]));
  plant(local.path, files);
  plant(disk.path, { "in": null });
  await using server = await startServer({ dir: disk.path });
  await using full = await startServer({ dir: local.path });
  const [here, there] = [{ cwd: local.path }, { cwd: `${disk.path}/in` }];
  const isTold = (stderr: string) =>
    /^66\.8 MiB are to come, and there is room for \S+ MiB: not all of it may fit$/m.test(stderr);
  for (
    const [words, from, at] of [
      [["upload", "-r", "t", "in"], server, here],
      [["sync", "t", "in/t"], server, here],
      [["download", "-r", "t"], full, there],
      [["sync", "--down", "t", "t"], full, there],
    ] as const
  ) {
    const enough = await ftp(from, ...words, at);
    assertEquals([words, enough.code, isTold(enough.stderr)], [words, 0, false]);
    Deno.removeSync(`${disk.path}/in/t`, { recursive: true });
    Deno.writeFileSync(`${disk.path}/filler`, new Uint8Array(20 * 2 ** 20));
    const { code, stderr } = await ftp(from, ...words, at);
    assertEquals([words, code, isTold(stderr)], [words, 1, true], stderr);
    Deno.removeSync(`${disk.path}/filler`);
    Deno.removeSync(`${disk.path}/in/t`, { recursive: true });
  }
  Deno.mkdirSync(`${disk.path}/in/t`);
  Deno.writeFileSync(`${disk.path}/filler`, new Uint8Array(20 * 2 ** 20));
  const plan = await ftp(server, "sync", "--dry-run", "t", "in/t", here);
  assertEquals([plan.code, isTold(plan.stderr)], [0, true], plan.stderr);
  Deno.removeSync(`${disk.path}/filler`);
  Deno.removeSync(`${disk.path}/in/t`);
  // What is replaced makes room by itself.
  assertDone(await ftp(server, "upload", "-r", "t", "in", here));
  for (const [at, name] of Object.keys(files).entries()) local.file(name, pattern(7_000_000, at + 1));
  for (const words of [["sync", "t", "in/t"], ["upload", "-r", "--overwrite", "t", "in"]]) {
    const { code, stderr } = await ftp(server, ...words, here);
    assertEquals([words, code, stderr], [words, 0, ""]);
  }
});

testUnless(noRamDisk, "it is also said where there are more files than anybody looks at beforehand", async () => {
  using disk = new RamDisk("40m");
  using local = new TempFolder();
  for (let at = 0; at < 10; at++) plant(local.path, { [`t/a/${at}`]: pattern(7_000_000, at) });
  plant(local.path, Object.fromEntries(Array.from({ length: 2500 }, (_, at) => [`t/b/${at}`, ""])));
  await using server = await startServer({ dir: disk.path });
  const { code, stderr } = await ftp(server, "--limit-rate", "40M", "upload", "-r", "t", { cwd: local.path });
  assertEquals(code, 1);
  assertMatch(stderr, /^\S+ MiB are to come, and there is room for \S+ MiB: not all of it may fit$/m);
});

testUnless(noRamDisk, "what still fits on a full disk is counted, and told, before the batch stops", async () => {
  using disk = new RamDisk("256k");
  await using server = await startServer({ dir: disk.path });
  using local = new TempFolder();
  const large = Array.from({ length: 20 }, (_, at) => `large-${at}`);
  plant(local.path, { ...Object.fromEntries(large.map((name) => [name, pattern(20_000, 1)])), "z1": "1", "z2": "2" });
  Deno.writeFileSync(`${disk.path}/filler`, new Uint8Array(244 * 1024));
  const { code, stdout, stderr } = await ftp(server, "mput", ...large, "z1", "z2", "--json", { cwd: local.path });
  assertEquals(code, 1);
  assertMatch(stderr, /no room for 16 files in a row; 2 of 22 files were done/);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ stored }) => stored), ["/z1", "/z2", undefined]);
  assertEquals(lines[2].summary.files, 2);
  assertEquals(namesIn(disk.path), ["filler", "z1", "z2"]);
});

Deno.test("a path that leads up behind a link is one place, whatever is done there", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, {
    "dir/a": "here",
    "dir/b": "here",
    "real/dir/a": "there",
    "real/dir/b": "there",
    "real/deep": null,
  });
  Deno.symlinkSync("real/deep", `${local.path}/link`);
  const { path: cwd } = local;
  assertDone(await ftp(server, "upload", "-r", "link/../dir", { cwd }));
  assertEquals(snapshot(`${server.dir}/dir`), snapshot(`${cwd}/dir`));
  assertDone(await ftp(server, "mput", "link/../dir/a", "link/../dir/b", { cwd }));
  assertEquals(Deno.readTextFileSync(`${server.dir}/a`), "here");
  assertDone(await ftp(server, "download", "-r", "dir", "link/../down", { cwd }));
  assertEquals([snapshot(`${cwd}/down`), exists(`${cwd}/real/down`)], [snapshot(`${cwd}/dir`), false]);
});

Deno.test("to ask for a pipe among files lets nobody go on who waits to write to it", async () => {
  await using server = await startServer();
  plant(server.dir, { "t/a": "1" });
  const pipe = `${server.dir}/t/pipe`;
  assertEquals(new Deno.Command("mkfifo", { args: [pipe] }).outputSync().success, true);
  const writer = new Deno.Command("sh", { args: ["-c", 'echo important > "$0"', pipe] }).spawn();
  const client = await connect({ hostname: "127.0.0.1", port: server.port });
  for (let time = 0; time < 20; time++) {
    const pack = await client.downloadPack(["/t/a", "/t/pipe"]);
    const failed: boolean[] = [];
    while (await pack.fill()) {
      for (let file = pack.next(); file !== undefined; file = pack.next()) failed.push(file instanceof CommandError);
    }
    assertEquals(failed, [false, true]);
  }
  await client.close();
  assertEquals(Deno.readTextFileSync(pipe), "important\n");
  assertEquals((await writer.status).code, 0);
});

Deno.test("a folder that is uploaded into itself is there once more, and no more", async () => {
  using local = new TempFolder();
  await using server = await startServer({ dir: local.path, args: ["--no-fsync"] });
  for (let at = 0; at < 2400; at++) local.file(`src/d${at % 3}/f${at}`, `${at}`);
  const before = paths(`${local.path}/src`);
  // Whichever of its folders is looked into last, it is the target once.
  for (const target of ["src/d0", "src/d1", "src/d2"]) {
    assertDone(await ftp(server, "upload", "-r", "src", target, { cwd: local.path }));
    assertEquals(paths(`${local.path}/${target}/src`), before);
    Deno.removeSync(`${local.path}/${target}/src`, { recursive: true });
  }
});

for (const down of [false, true]) {
  const way = down ? "download" : "upload";
  Deno.test(`a server that is stopped, and started again, interrupts ${way} -r for no longer than that`, async () => {
    using dir = new TempFolder();
    using local = new TempFolder();
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`src/${at % 10}/${at}`, `${at}`]));
    plant(down ? dir.path : local.path, files);
    const [from, to] = down ? [dir.path, local.path] : [local.path, dir.path];
    const first = await startServer({ dir: dir.path });
    const run = ftp(first, way, "-r", "src", "--json", { cwd: local.path });
    await until(() => hasFile(`${to}/src`), "a file");
    first.kill("SIGTERM");
    await first.stopped;
    await using _second = await startServer({ dir: dir.path, port: first.port });
    const result = await run;
    await first[Symbol.asyncDispose]();
    assertEquals([result.code, /"error"/.test(result.stderr)], [0, false], result.stderr);
    assertEquals(jsonLines(result).at(-1).summary.files, 3000);
    assertEquals(snapshot(`${to}/src`), snapshot(`${from}/src`));
  });
}

Deno.test("a run that is stopped, or interrupted, says what it has done all the same", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "src/a": "1", "src/b": "2" });
  plant(server.dir, { "src/a/x": "in the way", "src/b/x": "in the way" });
  const args = ["upload", "-r", "src", "--overwrite", "--json", "--stop-on-error"];
  const stopped = await ftp(server, ...args, { cwd: local.path });
  assertEquals([stopped.code, jsonLines(stopped).at(-1).summary.failed > 0], [1, true]);
  const text = await ftp(server, ...args.filter((arg) => arg !== "--json"), { cwd: local.path });
  assertMatch(text.stdout, /^Sent 0 files, 0 B in .*, \d failed$/m);
  const many = Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`many/${at % 10}/${at}`, `${at}`]));
  plant(local.path, many);
  const child = startFtp([server.address, "upload", "-r", "many", "--json"], { cwd: local.path });
  const output = child.output();
  await until(() => hasFile(`${server.dir}/many`), "a file");
  child.kill("SIGINT");
  const { code, stdout } = await output;
  const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  const { files, failed } = lines.at(-1).summary;
  assertEquals([code, failed, lines.length - 1], [130, 0, files]);
  assert(files < 4000);
});

Deno.test("a last name that is neither here nor there, or both, is no target", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "A/1": "1", "B/2": "2", "x": "x", "y": "y" });
  const { path: cwd } = local;
  for (
    const [args, message] of [
      [["upload", "-r", "A", "B"], /"B" is a local folder, too. mput -r sends them all/],
      [["upload", "-r", "A", "x"], /"x" is a local file, too. mput -r sends them all/],
      [["upload", "x", "y", "nonex"], /neither a local file nor a remote folder "nonex"; "nonex\/" makes one/],
    ] as const
  ) {
    const { code, stderr } = await ftp(server, ...args, { cwd });
    assertEquals(code !== 0, true);
    assertMatch(stderr, message);
  }
  assertEquals(paths(server.dir), []);
  assertDone(await ftp(server, "upload", "-r", "A", "./B", { cwd }));
  assertDone(await ftp(server, "mput", "-r", "A", "B", { cwd }));
  assertDone(await ftp(server, "upload", "x", "y", "new/", { cwd }));
  assertDone(await ftp(server, "upload", "A/1", "B/2", "new", { cwd }));
  assertEquals(paths(server.dir), ["A/", "A/1", "B/", "B/1", "B/2", "new/", "new/1", "new/2", "new/x", "new/y"]);
});

for (
  const words of [
    ["upload", "-r", "t"],
    ["upload", "-r", "$PWD/t"],
    ["upload", "t/**/*", "t"],
    ["sync", "t", "t"],
    ["sync", "$PWD/t", "t"],
  ]
) {
  Deno.test(`${words.join(" ")} follows no link that takes the place of what was found`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    const secret = "SECRET".padEnd(200_000);
    plant(local.path, {
      "t/0": pattern(800_000), // the first that is sent: the others have their turn a second later
      "t/sub/small": "1",
      "t/sub/large": pattern(200_000),
      "t/sub/same": "2",
      "t/under/small": "3",
      "t/under/large": pattern(200_000),
      "elsewhere/small": "SECRET",
      "elsewhere/large": secret,
    });
    const hold = new Hold(1);
    await using relay = new Relay(server, { up: hold.meddle });
    const running = startFtp([
      relay.address,
      "--limit-rate",
      "500K",
      ...words.map((word) => word.replace("$PWD", local.path)),
    ], { cwd: local.path });
    await hold.reached;
    const exchange = (path: string, to: string) => {
      Deno.renameSync(`${local.path}/t/${path}`, `${local.path}/${path.replace("/", "-")}`);
      Deno.symlinkSync(to, `${local.path}/t/${path}`);
    };
    for (const name of ["small", "large"]) exchange(`sub/${name}`, `${local.path}/elsewhere/${name}`);
    exchange("under", `${local.path}/elsewhere`);
    hold.release();
    const { code, stderr } = await running.output();
    assertEquals(code, 1);
    const told = new TextDecoder().decode(stderr);
    for (const name of ["sub/small", "sub/large", "under/small", "under/large"]) {
      assertMatch(told, new RegExp(`^ftp: (?:\\S*t/)?${name}: .*a symbolic link has taken its place`, "m"));
    }
    const stored = paths(server.dir).filter((path) => !path.endsWith("/"));
    assertEquals(stored.map((path) => path.replace(/^t\//, "")), ["0", "sub/same"]);
  });
}
