/** Names that are not valid Unicode, which neither a message nor Deno can carry: nothing is done without them in silence. */

import { assertEquals, assertMatch } from "@std/assert";
import { namesIn } from "./support/files.ts";
import { ftp, runFtp, startServer, type TestServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { jsonLines, paths, plant } from "./support/trees.ts";

/** Makes a file, or with `folder` a folder, called `bad-` and a byte that begins no character. */
function plantLossy(top: string, kind: "file" | "folder" = "file"): void {
  const make = kind === "file" ? `printf content > "$name"` : `mkdir "$name" && printf content > "$name/inside"`;
  const script = `name="$1/$(printf 'bad-\\377')"; ${make}`;
  const { success } = new Deno.Command("sh", { args: ["-c", script, "sh", top] }).outputSync();
  assertEquals(success, true);
}

/** Runs a command that has to leave what cannot be named, to say so, and to count it as a failure. */
async function assertSaysLeft(server: TestServer, call: string[], cwd: string): Promise<void> {
  const { code, stderr } = await ftp(server, ...call, { cwd });
  assertMatch(
    stderr,
    /^ftp: (tree\/)?bad-\ufffd: (in the target: )?its name is not valid Unicode$/m,
    call.join(" "),
  );
  assertEquals(code, 1, call.join(" "));
}

Deno.test("a listing shows what has a name that is not valid Unicode, as far as it can be shown", async () => {
  await using server = await startServer();
  plant(server.dir, { "tree/a": "1" });
  plantLossy(`${server.dir}/tree`);
  plantLossy(server.dir, "folder");
  const shown = jsonLines(await ftp(server, "ls", "-R", "--json")).filter(({ lossy }) => lossy);
  const others = shown.map(({ name, kind }) => [name, kind]).sort();
  assertEquals(others, [["bad-\ufffd", "other"], ["tree/bad-\ufffd", "other"]]);
  assertEquals((await ftp(server, "find", "bad*")).code, 0);
  const here = jsonLines(await ftp(server, "lls", `${server.dir}/tree`, "--json"));
  assertEquals(here.map(({ name, kind, lossy }) => [name, kind, lossy]), [
    ["a", "file", undefined],
    ["bad-\ufffd", "other", true],
  ]);
});

Deno.test("a name of U+FFFD itself is one like any other", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(server.dir, { "tree/really \ufffd": "1" });
  const { code, stdout } = await ftp(server, "cat", "tree/really*");
  assertEquals([code, stdout], [0, "1"]);
  const calls = [["sync", "--down", "tree", "tree"], ["verify", "tree", "tree"], ["upload", "-r", "tree", "copy"]];
  for (const call of [...calls, ...calls]) {
    const { code, stderr } = await ftp(server, ...call, { cwd });
    assertEquals(code, 0, stderr);
  }
  assertEquals((await ftp(server, "rm", "-r", "--yes", "tree")).stdout, "Deleted tree\n");
});

Deno.test("of two names that look the same one leads somewhere, and rm -r takes neither for the other", async () => {
  await using server = await startServer();
  plant(server.dir, { "files/bad-\ufffd": "1", "folders/bad-\ufffd/x": "2", "folders/y": "3" });
  plantLossy(`${server.dir}/files`);
  plantLossy(`${server.dir}/folders`, "folder");
  const shown = jsonLines(await ftp(server, "ls", "files", "--json"));
  const told = shown.map(({ name, kind, size, lossy }) => [name, kind, size, lossy]).sort();
  assertEquals(told, [["bad-\ufffd", "file", 1, undefined], ["bad-\ufffd", "other", 0, true]]);
  assertEquals((await ftp(server, "rm", "-r", "--yes", "folders")).code, 1);
  assertEquals(namesIn(`${server.dir}/folders`).filter((name) => name === "y"), ["y"]);
  assertEquals((await ftp(server, "rm", "-r", "--yes", "files")).stdout, "Deleted files (2 files, 0 folders in it)\n");
});

Deno.test("a deep pattern says that something was left that could not be looked into", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  for (const top of [server.dir, local.path]) {
    plant(top, { "p/sub/x.txt": "1" });
    plantLossy(`${top}/p`, "folder");
  }
  for (const call of [["upload", "p/**/*.txt"], ["download", "p/*/x.txt", "./"]]) {
    const { code, stderr } = await ftp(server, ...call, { cwd: local.path });
    assertEquals(code, 1);
    assertMatch(stderr, /^ftp: bad-\ufffd: its name is not valid Unicode$/m);
  }
});

for (const kind of ["file", "folder"] as const) {
  Deno.test(`downloads, sync --down and verify say that a ${kind} was left that cannot be named`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    plant(server.dir, { "tree/a": "1" });
    plantLossy(`${server.dir}/tree`, kind);
    plant(local.path, { "copy/old": "2" });
    const calls = [
      ["download", "-r", "tree", "fresh"],
      ["download", "tree/*", "./"],
      ["sync", "--down", "tree", "copy", "--delete"],
      ["sync", "--down", "tree", "copy", "--dry-run"],
      ["verify", "fresh", "tree"],
    ];
    for (const call of calls) {
      await assertSaysLeft(server, call, local.path);
    }
    // What can be done is done; but what is to go may be all that there is of what cannot be named.
    assertEquals(paths(local.path), ["a", "copy/", "copy/a", "copy/old", "fresh/", "fresh/a"]);
  });

  Deno.test(`uploads and sync say that a ${kind} was left that cannot be named`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    plant(local.path, { "tree/a": "1" });
    plantLossy(`${local.path}/tree`, kind);
    for (const call of [["upload", "-r", "tree"], ["upload", "tree/*"], ["sync", "tree", "copy"]]) {
      await assertSaysLeft(server, call, local.path);
    }
    assertEquals(paths(server.dir), ["a", "copy/", "copy/a", "tree/", "tree/a"]);
  });
}

Deno.test("a pattern of rm, cat and checksum that means what cannot be named does nothing, and says so", async () => {
  await using server = await startServer();
  plant(server.dir, { "a": "1" });
  plantLossy(server.dir);
  for (const call of [["rm", "--yes", "*"], ["cat", "*"], ["checksum", "*"]]) {
    const { code, stdout, stderr } = await ftp(server, ...call);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /"bad-\ufffd" matches, and cannot be named: it is not valid Unicode/);
  }
  assertEquals(namesIn(server.dir), ["a", "bad-\ufffd"]);
});

Deno.test("rm -r removes files that cannot be named with their folder", async () => {
  await using server = await startServer();
  plant(server.dir, { "tree/a": "1", "tree/sub/b": "2", "kept": "3" });
  plantLossy(`${server.dir}/tree`);
  plantLossy(`${server.dir}/tree/sub`);
  const { code, stdout } = await ftp(server, "rm", "-r", "--yes", "tree");
  assertEquals([code, stdout], [0, "Deleted tree (4 files, 1 folder in it)\n"]);
  assertEquals(paths(server.dir), ["kept"]);
});

Deno.test("rm -r removes nothing where it would come upon a folder that cannot be named", async () => {
  await using server = await startServer();
  plant(server.dir, { "tree/a": "1", "tree/sub/b": "2" });
  plantLossy(`${server.dir}/tree/sub`, "folder");
  const { code, stderr } = await runFtp([server.address, "rm", "-r", "--yes", "tree"]);
  assertEquals(code, 1);
  assertMatch(stderr, /nothing was removed: the name of a folder in it is not valid Unicode, "bad-\ufffd"/);
  assertEquals([namesIn(`${server.dir}/tree`), namesIn(`${server.dir}/tree/sub`)], [["a", "sub"], ["b", "bad-\ufffd"]]);
});
