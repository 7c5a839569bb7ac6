/** Folders that the server may not look into: they keep nothing else from being done, and nobody takes them for empty. */

import { assertEquals, assertMatch } from "@std/assert";
import { bound, notBound, testUnless } from "./support/machine.ts";
import { ftp, startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { jsonLines, paths, plant, touch } from "./support/trees.ts";

/** To list a folder and to look at what is in it are two rights: without both, or without the second. */
const RIGHTS = { "neither read nor entered": 0, "read, but not entered": 0o400 };

function texts(top: string): Record<string, string> {
  const files = paths(top).filter((path) => !path.endsWith("/"));
  return Object.fromEntries(files.map((path) => [path, Deno.readTextFileSync(`${top}/${path}`)]));
}

for (const [name, rights] of Object.entries(RIGHTS)) {
  testUnless(notBound, `a folder of the server that can be ${name}: sync and verify do with the rest`, async () => {
    await using server = await startServer({ prefix: bound });
    using local = new TempFolder();
    const { path: cwd } = local;
    plant(server.dir, { "t/a": "1", "t/closed/b": "2", "t/open/c": "3" });
    plant(cwd, { "t/a": "old", "t/closed/b": "mine", "t/extra": "x" });
    Deno.chmodSync(`${server.dir}/t/closed`, rights);

    const down = await ftp(server, "sync", "--down", "--delete", "t", "t", { cwd });
    assertEquals(down.code, 1, down.stderr);
    assertMatch(down.stderr, /^ftp: closed(\/b)?: .*permission denied$/m);
    assertEquals(texts(`${cwd}/t`), { "a": "1", "closed/b": "mine", "extra": "x", "open/c": "3" });

    plant(cwd, { "t/a": "newer" });
    plant(server.dir, { "t/surplus": "x" });
    const up = await ftp(server, "sync", "--delete", "t", "t", { cwd });
    assertEquals(up.code, 1, up.stderr);
    assertMatch(up.stderr, /^ftp: closed(\/b)?: in the target: .*permission denied$/m);
    assertEquals(Deno.readTextFileSync(`${server.dir}/t/surplus`), "x");

    Deno.removeSync(`${server.dir}/t/surplus`);
    const verified = await ftp(server, "verify", "t", "t", { cwd });
    assertEquals(verified.code, 1, verified.stderr);
    assertMatch(verified.stderr, /^ftp: closed(\/b)?: .*permission denied$/m);

    Deno.chmodSync(`${server.dir}/t/closed`, 0o700);
    assertEquals(texts(`${server.dir}/t`), {
      "a": "newer",
      "closed/b": "2",
      "extra": "x",
      "open/c": "3",
    });
  });

  testUnless(
    notBound,
    `a folder of the server that can be ${name}: what else is there is listed and fetched`,
    async () => {
      await using server = await startServer({ prefix: bound });
      using local = new TempFolder();
      const { path: cwd } = local;
      plant(server.dir, { "t/a": "1", "t/closed/a": "22", "t/open/a": "333", "t/open/deep/b": "4444" });
      Deno.chmodSync(`${server.dir}/t/closed`, rights);
      const run = async (...args: string[]) => await ftp(server, ...args, { cwd });
      const told = /^ftp: closed(\/a)?: the server cannot read it: permission denied$/m;
      const toldOfAll = /^ftp: t\/closed(\/a)?: the server cannot read it: permission denied$/m;

      const got = await run("download", "-r", "t");
      assertEquals(got.code, 1, got.stderr);
      assertMatch(got.stderr, /^ftp: t\/closed(\/a)?: .*permission denied$/m);
      assertEquals(texts(`${cwd}/t`), { "a": "1", "open/a": "333", "open/deep/b": "4444" });

      for (
        const [args, names] of [
          [["ls", "-R", "t"], ["a", "closed", "open", "open/a", "open/deep", "open/deep/b"]],
          [["find", "a", "t"], ["t/a", "t/open/a"]],
        ] as const
      ) {
        const listed = await run(...args, "--json");
        assertEquals(listed.code, 1, listed.stderr);
        assertEquals(jsonLines(listed).map(({ name }) => name), [...names]);
        assertMatch((await run(...args)).stderr, args[0] === "find" ? toldOfAll : told);
      }
      const sums = await run("du", "--json", "t");
      assertEquals([sums.code, jsonLines(sums).find(({ path }) => path === "/t").size], [1, 8]);
      assertMatch((await run("du", "t")).stderr, told);

      for (
        const args of [["download", "t/*/a"], ["ls", "t/*/a"], ["cat", "t/*/a"], ["checksum", "t/*/a"], [
          "rm",
          "--yes",
          "t/**/b",
        ]]
      ) {
        const { code, stdout, stderr } = await run(...args);
        assertEquals([code, stdout !== ""], [1, true], `${args}: ${stderr}`);
        assertMatch(stderr, /^ftp: (t\/)?closed(\/a)?: the server cannot read it: permission denied$/m);
      }
      assertEquals(Deno.readTextFileSync(`${cwd}/open/a`), "333");
      const { code, stderr } = await run("size", "t");
      assertEquals(code, 1);
      assertMatch(stderr, /t\/closed.*permission denied/);
      Deno.chmodSync(`${server.dir}/t/closed`, 0o700);
    },
  );

  testUnless(notBound, `the folder itself can be ${name}: that is refused, and changes nothing`, async () => {
    await using server = await startServer({ prefix: bound });
    using local = new TempFolder();
    const { path: cwd } = local;
    plant(server.dir, { "t/b": "1" });
    plant(cwd, { "t/b": "mine", "t/extra": "x" });
    Deno.chmodSync(`${server.dir}/t`, rights);
    for (
      const args of [["ls", "-R", "t"], ["sync", "--down", "--delete", "t", "t"], ["sync", "--delete", "t", "t"], [
        "download",
        "-r",
        "t",
      ]]
    ) {
      const { code, stderr } = await ftp(server, ...args, { cwd });
      assertEquals([code, /permission denied/.test(stderr)], [1, true], `${args}: ${stderr}`);
    }
    Deno.chmodSync(`${server.dir}/t`, 0o700);
    assertEquals([texts(`${server.dir}/t`), texts(`${cwd}/t`)], [{ "b": "1" }, { "b": "mine", "extra": "x" }]);
  });
}

testUnless(
  notBound,
  "a folder of the server that may be read only: sync does with the rest, and tells all in its summary",
  async () => {
    await using server = await startServer({ prefix: bound });
    using local = new TempFolder();
    const { path: cwd } = local;
    plant(cwd, { "t/a": "1", "t/locked/new/b": "2", "t/locked/new/deep/c": "3", "t/locked/d": "4" });
    plant(server.dir, { "t/locked/d": "4", "t/extra": "x", "t/locked/extra": "x", "t/sub/extra": "x" });
    const sync = async (...args: string[]) =>
      await ftp(server, "sync", "--checksum", "--json", ...args, "t", "t", { cwd });
    Deno.chmodSync(`${server.dir}/t/locked`, 0o500);

    const run = await sync("--delete");
    assertEquals(run.code, 1);
    assertMatch(run.stderr, /locked\/new: .*permission denied/);
    assertMatch(run.stderr, /locked\/new\/deep\/c: its folder cannot be made/);
    const { ms: _, ...summary } = jsonLines(run).at(-1).summary;
    // The two folders, and what was to be in them.
    assertEquals([summary.files, summary.failed, summary.deleted], [1, 4, 0]);
    assertEquals(texts(`${server.dir}/t`), {
      "a": "1",
      "extra": "x",
      "locked/d": "4",
      "locked/extra": "x",
      "sub/extra": "x",
    });

    Deno.removeSync(`${cwd}/t/locked/new`, { recursive: true });
    const { code, stdout, stderr } = await sync("--delete");
    assertEquals(code, 1);
    assertMatch(stderr, /locked\/extra.*permission denied/);
    assertEquals(jsonLines({ code, stdout, stderr, bytes: run.bytes }).at(-1).summary.deleted, 3);
    assertEquals(jsonLines({ code, stdout, stderr, bytes: run.bytes }).at(-1).summary.failed, 1);
    Deno.chmodSync(`${server.dir}/t/locked`, 0o700);
    assertEquals(texts(`${server.dir}/t`), { "a": "1", "locked/d": "4", "locked/extra": "x" });
  },
);

testUnless(notBound, "mv: what may not be taken away keeps its name, and gets no second one", async () => {
  await using server = await startServer({ prefix: bound });
  plant(server.dir, { "locked/a": "1", "b": "2" });
  Deno.chmodSync(`${server.dir}/locked`, 0o500);
  const moved = await ftp(server, "mv", "locked/a", "a");
  Deno.chmodSync(`${server.dir}/locked`, 0o700);
  assertEquals(moved.code, 1);
  assertMatch(moved.stderr, /taking the old name "a" away: permission denied$/m);
  assertEquals(texts(server.dir), { "b": "2", "locked/a": "1" });
});

testUnless(notBound, "a file that may not be moved on the server is copied, and its old name stays", async () => {
  await using server = await startServer({ prefix: bound });
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(cwd, { "t/new": "as before", "t/b": "2" });
  plant(server.dir, { "t/locked/old": "as before" });
  touch(`${cwd}/t/new`);
  touch(`${server.dir}/t/locked/old`);
  Deno.chmodSync(`${server.dir}/t/locked`, 0o500);
  const { code, stderr } = await ftp(server, "sync", "--delete", "t", "t", { cwd });
  Deno.chmodSync(`${server.dir}/t/locked`, 0o700);
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /locked\/old.*permission denied$/m);
  assertEquals(texts(`${server.dir}/t`), { "b": "2", "locked/old": "as before", "new": "as before" });
});

Deno.test("what has a longer path than the system takes is told, and not taken for gone", async () => {
  await using server = await startServer();
  const deep = (top: string) => `${top}${`/${"q".repeat(250)}`.repeat(11)}`;
  Deno.mkdirSync(deep(`${server.dir}/t`), { recursive: true });
  Deno.mkdirSync(deep(`${server.dir}/u`), { recursive: true });
  Deno.writeTextFileSync(`${deep(`${server.dir}/u`)}/file`, "1");
  Deno.renameSync(`${server.dir}/u`, `${deep(`${server.dir}/t`)}/u`);
  const { code, stderr } = await ftp(server, "ls", "-R");
  assertEquals(code, 1);
  assertMatch(stderr, /^ftp: .*q: the server's system cannot tell of it$/m);
  assertEquals((await ftp(server, "size", "t")).code, 1);
});
