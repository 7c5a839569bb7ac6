/** `--exclude`: what it means is none of the tree, for whoever copies, compares or deletes. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { excluder } from "../client/transfer/selection.ts";
import { bound, notBound, testUnless } from "./support/machine.ts";
import { ftp, startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { boundFtp, jsonLines, paths, plant, snapshot } from "./support/trees.ts";

const TREE = {
  "a.txt": "a",
  ".hidden.tmp": "h",
  "build": "a file",
  "src/main.ts": "m",
  "src/x.tmp": "x",
  "src/build/out": "o",
  "src/node_modules/deep/er": "n",
  "docs/a.pdf": "p",
  "old/docs/a.pdf": "q",
};
const EXCLUDE = ["--exclude", "*.tmp", "--exclude=node_modules", "--exclude", "build/", "--exclude", "/docs/*.pdf"];
const LEFT = ["a.txt", "build", "docs/", "old/", "old/docs/", "old/docs/a.pdf", "src/", "src/main.ts"];

Deno.test("names anywhere, paths from the top, folders only", () => {
  const meant = (pattern: string, ...files: string[]) => {
    const excludes = excluder([pattern]);
    return files.filter((path) => excludes(path, false));
  };
  assertEquals(meant("a", "a", "x/a", "ab", "a/b", "x/a/b"), ["a", "x/a", "a/b", "x/a/b"]);
  assertEquals(meant("a/", "a", "x/a", "a/b", "x/a/b"), ["a/b", "x/a/b"]);
  assertEquals(meant("/a", "a", "x/a", "a/b"), ["a", "a/b"]);
  assertEquals(meant("x/a", "x/a", "y/x/a", "x/a/b"), ["x/a", "x/a/b"]);
  assertEquals(meant("**/a?", "ab", "x/y/ac", "a"), ["ab", "x/y/ac"]);
  assertEquals(meant("*", ".a", "b"), [".a", "b"]);
  assertEquals(meant("{a,b}.[ch]", "a.c", "x/b.h", "c.c"), ["a.c", "x/b.h"]);
});

Deno.test("upload -r and download -r take nothing of what is excluded", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(cwd, Object.fromEntries(Object.entries(TREE).map(([path, content]) => [`t/${path}`, content])));
  const sent = await ftp(server, "upload", "-r", "t", ...EXCLUDE, { cwd });
  assertEquals([sent.code, sent.stderr], [0, ""]);
  assertMatch(sent.stdout, /^Sent 4 files/);
  assertEquals(paths(`${server.dir}/t`), LEFT);

  plant(`${server.dir}/t`, TREE);
  const got = await ftp(server, "download", "-r", "t", "got", ...EXCLUDE, { cwd });
  assertEquals([got.code, got.stderr], [0, ""]);
  assertEquals(paths(`${cwd}/got`), LEFT);
});

Deno.test("of several names, and of what a pattern means, too", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(cwd, { "a.txt": "a", "b.txt": "b", "c.tmp": "c", "d/e.txt": "e", "d/f.tmp": "f" });
  const sent = await ftp(server, "mput", "-r", "a.txt", "c.tmp", "d", "--exclude", "*.tmp", { cwd });
  assertEquals(sent.code, 0, sent.stderr);
  assertEquals(paths(server.dir), ["a.txt", "d/", "d/e.txt"]);
  const more = await ftp(server, "upload", "*", "--exclude", "a*", "--exclude", "c.*", { cwd });
  assertEquals(more.code, 0, more.stderr);
  assertEquals(paths(server.dir), ["a.txt", "b.txt", "d/", "d/e.txt"]);
});

for (const down of [false, true]) {
  Deno.test(`sync ${down ? "down" : "up"} --delete neither copies nor deletes what is excluded`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    const { path: cwd } = local;
    const [from, to] = down ? [`${server.dir}/t`, `${cwd}/t`] : [`${cwd}/t`, `${server.dir}/t`];
    const sync = async (...args: string[]) =>
      await ftp(server, "sync", ...down ? ["--down"] : [], "t", "t", "--delete", ...EXCLUDE, ...args, { cwd });
    plant(from, TREE);
    plant(to, {
      "mine.tmp": "kept",
      "src/node_modules/x": "kept",
      "extra": "goes",
      "gone/a": "goes",
      "gone/b.tmp": "kept",
    });
    const first = await sync();
    assertEquals([first.code, first.stderr], [0, ""]);
    const kept = ["gone/", "gone/b.tmp", "mine.tmp", "src/node_modules/", "src/node_modules/x"];
    assertEquals(paths(to), [...LEFT, ...kept].sort());
    assertEquals(Deno.readTextFileSync(`${to}/src/node_modules/x`), "kept");

    const before = snapshot(to);
    const { ms: _, ...second } = jsonLines(await sync("--json")).at(-1).summary;
    assertEquals([second.files, second.same, second.left], [0, 4, 0]);
    assertEquals(snapshot(to), before);
    const verified = await ftp(server, "verify", "t", "t", ...EXCLUDE, "--exclude", "gone", { cwd });
    assertEquals(verified.code, 0, `${verified.stdout}${verified.stderr}`);
    assertMatch(verified.stdout, /^4 files the same, 0 differences$/m);
    assertEquals((await ftp(server, "verify", "t", "t", { cwd })).code, 4);
  });
}

testUnless(notBound, "what is excluded may be unreadable", async () => {
  await using server = await startServer({ prefix: bound });
  using local = new TempFolder();
  const { path: cwd } = local;
  for (const top of [cwd, server.dir]) plant(top, { "t/a": "1", "t/closed/b": "2", "t/extra": "x" });
  Deno.removeSync(`${cwd}/t/extra`);
  for (const top of [cwd, server.dir]) Deno.chmodSync(`${top}/t/closed`, 0);
  const args = ["sync", "t", "t", "--delete", "--checksum", "--exclude", "closed"];
  const { code, stdout, stderr } = await boundFtp(server, args, cwd);
  for (const top of [cwd, server.dir]) Deno.chmodSync(`${top}/t/closed`, 0o700);
  assertEquals([code, stderr], [0, ""], stdout);
  assertEquals(paths(`${server.dir}/t`), ["a", "closed/", "closed/b"]);
});

Deno.test("a folder that holds what is excluded stays, and nothing of it makes room for a file of its name", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(cwd, { "t/d": "a file now", "t/a": "1" });
  plant(server.dir, { "t/d/y": "y", "t/d/deep/x.o": "x", "t/gone/z": "z", "t/gone/x.o": "x" });
  const args = ["sync", "t", "t", "--delete", "--exclude", "*.o"];
  const before = snapshot(`${server.dir}/t/d`);
  for (const more of [["--dry-run"], []]) {
    const { code, stdout, stderr } = await ftp(server, ...args, ...more, { cwd });
    assertEquals(code, 1);
    assertMatch(stderr, /^ftp: d: the target has a folder there, and in it what is excluded$/m);
    assertEquals(/delete|copy {4}d /.test(stdout), false, stdout);
    assertEquals(snapshot(`${server.dir}/t/d`), before);
  }
  Deno.removeSync(`${cwd}/t/d`);
  const plan = await ftp(server, ...args, "--dry-run", { cwd });
  assertEquals(plan.stdout.match(/^delete .*$/gm), ["delete  gone/z", "delete  d/y"]);
  const { code, stderr } = await ftp(server, ...args, { cwd });
  assertEquals([code, stderr], [0, ""]);
  assertEquals(paths(`${server.dir}/t`), ["a", "d/", "d/deep/", "d/deep/x.o", "gone/", "gone/x.o"]);
});

Deno.test("a link is no folder, and is left where it stands", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(server.dir, { "t/cache": "a file", "t/a": "1" });
  plant(cwd, { "t/a": "old", "elsewhere/x": "x" });
  Deno.symlinkSync("../elsewhere", `${cwd}/t/cache`);
  const { code, stderr } = await ftp(server, "sync", "--down", "t", "t", "--exclude", "cache/", { cwd });
  assertEquals(code, 1);
  assertMatch(stderr, /^ftp: cache: in the target: it is a symbolic link/m);
  assertEquals(Deno.readLinkSync(`${cwd}/t/cache`), "../elsewhere");
});

Deno.test("a pattern that means nothing is refused", async () => {
  await using server = await startServer();
  for (const pattern of ["/", "//", ""]) {
    const { code, stderr } = await ftp(server, "sync", ".", ".", "--exclude", pattern);
    assertEquals(code, 2, stderr);
    assert(stderr.includes("--exclude"), stderr);
  }
});
