/** What the server does or tells without moving a file: `checksum`, `cp`, `find`, `du`, `df`. */

import { crc32 } from "node:zlib";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { newPartialName } from "../disk/names.ts";
import { FrameKind } from "../protocol/frame.ts";
import { FakeServer } from "./support/fake_server.ts";
import { namesIn, pattern, sha256 } from "./support/files.ts";
import { assertDone, ftp, startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { jsonLines, logged, paths, plant, snapshot, touch } from "./support/trees.ts";

Deno.test("checksum prints what sha256sum prints, and sha256sum -c takes it", async () => {
  await using server = await startServer();
  const big = pattern(5_000_000);
  plant(server.dir, {
    "empty": "",
    "hello.txt": "hello",
    "sub/with space": "x",
    "big": big,
    "two\nlines": "2",
    "a\\b\rc": "3",
  });
  const names = ["big", "empty", "sub/with space", "hello.txt", "two\nlines", "a\\b\rc"];
  const { code, stdout, stderr } = await ftp(server, "checksum", ...names);
  assertEquals(code, 0, stderr);
  assertEquals(stdout.split("\n")[0], `${sha256(big)}  big`);
  const { stdout: own } = await new Deno.Command("sha256sum", { args: names, cwd: server.dir }).output();
  assertEquals(stdout, new TextDecoder().decode(own));
  assertEquals(logged(server, "download"), []);
});

Deno.test("checksum --crc32, --json, and what there is no checksum of", async () => {
  await using server = await startServer();
  const big = pattern(3_000_000);
  plant(server.dir, { "big": big, "sub/empty": "", "check": "123456789" });
  const { stdout } = await ftp(server, "checksum", "--crc32", "check", "sub/empty", "big");
  const crc = crc32(big).toString(16).padStart(8, "0");
  assertEquals(stdout, `cbf43926  check\n00000000  sub/empty\n${crc}  big\n`);
  assertEquals(jsonLines(await ftp(server, "checksum", "check", "--crc32", "--json")), [
    { path: "/check", size: 9, crc32: "cbf43926" },
  ]);
  assertEquals(jsonLines(await ftp(server, "checksum", "sub/empty", "--json")), [
    { path: "/sub/empty", size: 0, sha256: sha256(new Uint8Array(0)) },
  ]);
  for (const [name, why] of [["nothing", "no such file"], ["sub", "is a folder"], ["../x", "outside|above"]]) {
    const { code, stderr } = await ftp(server, "checksum", name);
    assertEquals(code, 1);
    assertMatch(stderr, new RegExp(why));
  }
});

Deno.test("cp copies on the server: content, time, executable bit; into a folder; never over anything", async () => {
  await using server = await startServer();
  plant(server.dir, { "a": pattern(3_000_000), "run": "#!/bin/sh\n", "folder": null, "taken": "mine" });
  Deno.chmodSync(`${server.dir}/run`, 0o755);
  touch(`${server.dir}/a`);
  const line = (name: string) => snapshot(server.dir).find((line) => line.startsWith(`${name} `))?.slice(name.length);
  assertDone(await ftp(server, "cp", "a", "b"));
  assertDone(await ftp(server, "cp", "run", "folder"));
  assertEquals(line("b"), line("a"));
  assertEquals(line("folder/run"), line("run"));
  for (
    const [from, to, why] of [
      ["a", "taken", "taken"],
      ["a", "a", "taken"],
      ["folder", "other", "folder"],
      ["nothing", "x", "no such file"],
      ["a", "no/such/folder", "no such"],
    ]
  ) {
    const { code, stderr } = await ftp(server, "cp", from, to);
    assertEquals(code, 1, `${from} ${to}`);
    assertStringIncludes(stderr, why);
  }
  assertEquals(Deno.readTextFileSync(`${server.dir}/taken`), "mine");
  assertEquals(namesIn(server.dir), ["a", "b", "folder", "run", "taken"]);
  assertEquals([...logged(server, "upload"), ...logged(server, "download")], []);
  assertEquals(jsonLines(await ftp(server, "cp", "a", "c", "--json")), [{ copied: "/a", to: "/c" }]);
});

Deno.test("cp -r copies folders on the server as they are, links left out, and never into what is there", async () => {
  await using server = await startServer();
  const line = pattern(700);
  plant(server.dir, {
    "d/a": "1",
    "d/deep/b": line,
    "d/deep/.c": "",
    "d/empty": null,
    "d2/x": "2",
    "file": "3",
    "into": null,
  });
  Deno.chmodSync(`${server.dir}/d/deep`, 0o700);
  Deno.chmodSync(`${server.dir}/d/a`, 0o755);
  touch(`${server.dir}/d/a`);
  const before = snapshot(`${server.dir}/d`);
  Deno.symlinkSync("a", `${server.dir}/d/link`);
  const copied = await ftp(server, "cp", "-r", "d", "copy");
  assertDone(copied);
  assertMatch(copied.stdout, /^Copied 3 files, 701 B in .*, 1 left out\n$/);
  assertStringIncludes(
    copied.stderr,
    "d/link is left out: it is a symbolic link; --links follow takes what it leads to\n",
  );
  assertEquals(snapshot(`${server.dir}/copy`), before);
  assertEquals((await ftp(server, "cp", "-r", "--links", "follow", "d", "d2", "file", "into")).code, 0);
  assertEquals(Deno.readTextFileSync(`${server.dir}/into/d/link`), "1");
  assertEquals(paths(`${server.dir}/into`), [
    "d/",
    "d/a",
    "d/deep/",
    "d/deep/.c",
    "d/deep/b",
    "d/empty/",
    "d/link",
    "d2/",
    "d2/x",
    "file",
  ]);
  assertEquals((await ftp(server, "cp", "-r", "--exclude", "deep", "d", "part")).code, 0);
  assertEquals(paths(`${server.dir}/part`), ["a", "empty/"]);
  Deno.removeSync(`${server.dir}/into/d2`, { recursive: true });
  Deno.removeSync(`${server.dir}/into/file`);
  const all = paths(server.dir);
  for (
    const [args, why] of [
      [["-r", "d", "d"], '"/d" cannot be copied into itself'],
      [["-r", "d", "d/deep"], '"/d" cannot be copied into itself'],
      [["-r", "/", "into"], '"/" cannot be copied into itself'],
      [["-r", "d", "file"], '"/file": the name is taken'],
      [["-r", "none", "into"], '"/none": there is no such file or folder'],
      [["file", "d/a", "new"], '"new" is no remote folder, and 2 names can go nowhere else'],
    ] as const
  ) {
    const { code, stderr } = await ftp(server, "cp", ...args);
    assertEquals(code, 1, args.join(" "));
    assertStringIncludes(stderr, why);
  }
  assertEquals(paths(server.dir), all);
  assertEquals([...logged(server, "upload"), ...logged(server, "download")], []);
  plant(server.dir, { "some/d": null });
  const { code, stdout, stderr } = await ftp(server, "cp", "-r", "d", "d2", "file", "some");
  assertEquals(code, 1);
  assertStringIncludes(stderr, 'd: "/some/d": the name is taken\nftp: 1 of 3 files failed\n');
  assertMatch(stdout, /^Copied 2 files, 2 B in .*, 1 failed\n$/);
  assertEquals(paths(`${server.dir}/some`), ["d/", "d2/", "d2/x", "file"]);
  const most = await ftp(server, "cp", "-r", "d2", "none", "file", "into", "into", "--exclude", "file");
  assertEquals(most.code, 1);
  assertStringIncludes(most.stderr, 'none: "/none": there is no such file or folder\n');
  assertStringIncludes(most.stderr, 'into: "/into" cannot be copied into itself\n');
  assertEquals((await ftp(server, "cp", "d2/x", "x", "--exclude", "x")).code, 2);
});

Deno.test("a link that leads out is moved into a folder that is named with a slash", async () => {
  await using server = await startServer();
  plant(server.dir, { "there/a": "1" });
  Deno.symlinkSync("/etc", `${server.dir}/out`);
  assertDone(await ftp(server, "mv", "out", "there/"));
  assertEquals(
    (await ftp(server, "mv", "there/out", "nowhere/")).stderr,
    'ftp: there is no remote folder "nowhere/"\n',
  );
  assertEquals(Deno.readLinkSync(`${server.dir}/there/out`), "/etc");
});

Deno.test("cp goes on where the server stops while it is asked whether what is there is the copy", async () => {
  const entry = { name: "b", kind: "file", size: 300_000, modified: 5000, mode: 0o644 };
  const asked: string[] = [];
  await using server = FakeServer.greeting(async (peer, { id, message: { command, path } }) => {
    asked.push(command);
    const times = asked.filter((other) => other === command).length;
    const refuse = (code: string) => peer.frame(FrameKind.ERROR, id, { code, message: code });
    if (command === "cp") return times === 1 ? peer[Symbol.dispose]() : await refuse("exists"); // done, and nobody was told
    if (command === "stat" && path === "/b" && !asked.includes("cp")) return await refuse("not_found");
    if (command === "stat") return await peer.frame(FrameKind.REPLY, id, { entry });
    if (times > 1) return await peer.frame(FrameKind.REPLY, id, { size: entry.size, checksum: "a".repeat(64) });
    await refuse("stopping");
    await peer.frame(FrameKind.GOODBYE, 0, { reason: "stopping" });
    peer[Symbol.dispose]();
  });
  assertDone(await ftp(server.address, "cp", "-r", "a", "b"));
  assertEquals(asked.filter((command) => command === "cp").length, 3);
});

Deno.test("mv and cp take several names, and patterns, into a folder", async () => {
  await using server = await startServer();
  plant(server.dir, { "a.log": "1", "b.log": "2", "c.log/x": "3", "d": "4", "old/b.log": "taken", "new": null });
  const moved = await ftp(server, "mv", "*.log", "d", "old");
  assertEquals(moved.code, 1);
  assertEquals(moved.stdout, "Moved /a.log to /old/a.log\nMoved /c.log to /old/c.log\nMoved /d to /old/d\n");
  assertStringIncludes(moved.stderr, '"/old/b.log": the name is taken');
  assertStringIncludes(moved.stderr, "1 of 4 names failed");
  assertEquals(paths(server.dir), [
    "b.log",
    "new/",
    "old/",
    "old/a.log",
    "old/b.log",
    "old/c.log/",
    "old/c.log/x",
    "old/d",
  ]);
  assertEquals(Deno.readTextFileSync(`${server.dir}/old/b.log`), "taken");
  const copied = await ftp(server, "cp", "old/*", "b.log", "new");
  assertStringIncludes(copied.stderr, "old/c.log is left out: it is a folder");
  assertEquals(paths(`${server.dir}/new`), ["a.log", "b.log", "d"]);
  assertEquals(copied.code, 1); // both are called b.log
  assertEquals((await ftp(server, "mv", "*.log", "x.log")).code, 0); // one matches
  assertEquals((await ftp(server, "mv", "x.log", "old/d", "nowhere/")).code, 1);
  assertEquals(paths(server.dir).includes("x.log"), true);
});

Deno.test("ls, cat, checksum and rm take patterns; what is called like one means itself", async () => {
  await using server = await startServer();
  const files = ["a.log", "b.log", "c.txt", ".d.log", "sub/e.log", "sub/deep/f.log", "x.log/g"];
  plant(server.dir, Object.fromEntries(files.map((name) => [name, `${name};`])));
  const listed = async (pattern: string) =>
    jsonLines(await ftp(server, "ls", pattern, "--json")).map(({ name }) => name);
  assertEquals(await listed("*.log"), ["a.log", "b.log", "x.log"]);
  assertEquals(await listed("/sub/**/*.log"), ["/sub/deep/f.log", "/sub/e.log"]);
  assertEquals((await ftp(server, "cat", "*.log", "c.txt")).stdout, "a.log;b.log;c.txt;");
  const sums = await ftp(server, "checksum", "{b,c}.*", "sub/*", "--crc32");
  assertEquals(sums.stdout.match(/ {2}.*$/gm), ["  b.log", "  c.txt", "  sub/e.log"]);
  for (
    const [command, pattern, why] of [["cat", "*.png", "nothing matches"], [
      "rm",
      "su?",
      'what matches "su?" is a folder',
    ]]
  ) {
    const { code, stderr } = await ftp(server, command, pattern, ...command === "rm" ? ["--yes"] : []);
    assertEquals(code, 1);
    assertStringIncludes(stderr, why);
  }
  assertEquals((await ftp(server, "rm", "*.log", "--yes")).stdout, "Deleted a.log\nDeleted b.log\n");
  plant(server.dir, { "[s]*": "itself", "s": "another" });
  assertEquals((await ftp(server, "rm", "[s]*", "--yes")).stdout, "Deleted [s]*\n");
  assertEquals((await ftp(server, "rm", "-r", "s*/**", "x*", "--yes")).code, 0);
  assertEquals(paths(server.dir), [".d.log", "c.txt", "s", "sub/"]);
  assertEquals((await ftp(server, "rm", "-r", "s*", "--yes")).code, 0);
  assertEquals(paths(server.dir), [".d.log", "c.txt"]);
});

Deno.test("mkdir -p makes what is above, too, and does not mind what is there", async () => {
  await using server = await startServer();
  plant(server.dir, { "file": "1" });
  for (const name of ["a/b/c", "a/b", "/", "a/d"]) assertEquals((await ftp(server, "mkdir", "-p", name)).code, 0, name);
  assertEquals(paths(server.dir), ["a/", "a/b/", "a/b/c/", "a/d/", "file"]);
  assertEquals((await ftp(server, "mkdir", "-p", "a/d", "a/e")).stdout, "/a/d is there already\nMade /a/e\n");
  Deno.removeSync(`${server.dir}/a/e`);
  assertEquals((await ftp(server, "mkdir", "a/x/y")).code, 1);
  for (const name of ["file", "file/x"]) assertEquals((await ftp(server, "mkdir", "-p", name)).code, 1, name);
  assertEquals(paths(server.dir), ["a/", "a/b/", "a/b/c/", "a/d/", "file"]);
});

Deno.test("a folder that only seems to be empty is not removed by rmdir, which says why", async () => {
  await using server = await startServer();
  plant(server.dir, { [`left/${newPartialName()}`]: "1", "full/x": "2" });
  for (
    const [name, why] of [["left", "holds what an interrupted upload left; rm -r removes it with everything in it\n"], [
      "full",
      "not empty",
    ]]
  ) {
    const { code, stderr } = await ftp(server, "rmdir", name);
    assertEquals(code, 1);
    assertStringIncludes(stderr, why);
  }
  assertEquals((await ftp(server, "rm", "-r", "left", "--yes")).code, 0);
  assertEquals(paths(server.dir), ["full/", "full/x"]);
});

Deno.test("cp is refused by a server for reading only", async () => {
  await using server = await startServer({ args: ["--read-only"] });
  plant(server.dir, { "a": "1" });
  assertEquals((await ftp(server, "cp", "a", "b")).code, 1);
  assertEquals(namesIn(server.dir), ["a"]);
});

Deno.test("sync to a server for reading only is refused at once, unless there is nothing to do", async () => {
  await using server = await startServer({ args: ["--read-only"] });
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(server.dir, { "tree/a": "1" });
  assertEquals((await ftp(server, "sync", "--down", "tree", "tree", { cwd })).code, 0);
  assertEquals((await ftp(server, "sync", "tree", "tree", { cwd })).code, 0);
  plant(cwd, { "tree/b": "2", "tree/c": "3" });
  const { code, stdout, stderr } = await ftp(server, "sync", "tree", "tree", { cwd });
  assertEquals([code, stdout, stderr], [1, "", "ftp: this server serves for reading only; 2 steps cannot be taken\n"]);
  const plan = await ftp(server, "sync", "tree", "tree", "--dry-run", { cwd });
  assertEquals([plan.code, plan.stderr], [1, "ftp: this server serves for reading only; 2 steps cannot be taken\n"]);
  assertMatch(plan.stdout, /^copy {4}b \(new, 1 B\)\ncopy {4}c [^\n]*\n2 steps, /);
});

Deno.test("find matches names, or paths when there is a slash in the pattern", async () => {
  await using server = await startServer();
  plant(server.dir, {
    "a.jpg": "1",
    "photos/b.jpg": "22",
    "photos/2024/c.jpg": "333",
    "photos/2024/d.png": "4444",
    "photos/[x].jpg": "5",
    [newPartialName()]: "x",
  });
  const found = async (...args: string[]) => {
    const result = await ftp(server, "find", ...args, "--json");
    return result.code === 0 ? jsonLines(result).map(({ name }) => name) : result.code;
  };
  assertEquals(await found("*.jpg"), ["a.jpg", "photos/2024/c.jpg", "photos/[x].jpg", "photos/b.jpg"]);
  assertEquals(await found("photos/*.jpg"), ["photos/[x].jpg", "photos/b.jpg"]);
  assertEquals(await found("photos/**/*.{jpg,png}"), [
    "photos/2024/c.jpg",
    "photos/2024/d.png",
    "photos/[x].jpg",
    "photos/b.jpg",
  ]);
  assertEquals(await found("2024"), ["photos/2024"]);
  assertEquals(await found("?.png", "photos"), ["photos/2024/d.png"]);
  assertEquals(await found("?.png", "/photos/"), ["/photos/2024/d.png"]);
  assertEquals(await found("a.*", "/"), ["/a.jpg"]);
  assertEquals(await found("*.nothing"), 1);
  assertEquals(await found("*", "nowhere"), 1);
  assertEquals(await found("/a*"), 2);
  const { stdout } = await ftp(server, "find", "*.png");
  assertMatch(stdout, / photos\/2024\/d\.png\n1 file, 0 folders, 4 B\n$/);
});

Deno.test("du tells what each folder holds, the whole at the end", async () => {
  await using server = await startServer();
  plant(server.dir, { "a/b/x": "12345", "a/y": "123", "z": "1", "empty": null, ".hidden/w": "12" });
  assertEquals(jsonLines(await ftp(server, "du", "--json")), [
    { path: "/.hidden", size: 2 },
    { path: "/a", size: 8 },
    { path: "/a/b", size: 5 },
    { path: "/empty", size: 0 },
    { path: "/", size: 11 },
  ]);
  assertMatch((await ftp(server, "du", "a")).stdout, /^ +5 B {2}\/a\/b\n +8 B {2}\/a\n$/);
  assertMatch((await ftp(server, "du", "a/b/x")).stdout, /^ +5 B {2}\/a\/b\/x\n$/);
  assertEquals((await ftp(server, "du", "nowhere")).code, 1);
});

Deno.test("df tells the room on the disk", async () => {
  await using server = await startServer();
  plant(server.dir, { "a": null });
  const [{ path, size, free }] = jsonLines(await ftp(server, "df", "a", "--json"));
  assertEquals(path, "/a");
  const { stdout } = await new Deno.Command("df", { args: ["--output=size", "-B1", server.dir] }).output();
  assertEquals(size, Number(new TextDecoder().decode(stdout).split("\n")[1]));
  assert(free > 0 && free <= size);
  assertMatch(
    (await ftp(server, "df")).stdout,
    /^Free: [\d.]+ [MGT]iB \(\d+ bytes\)\nOf: {3}[\d.]+ [GT]iB \(\d+ bytes\), \d+% free\n$/,
  );
  assertEquals((await ftp(server, "df", "nowhere")).code, 1);
});
