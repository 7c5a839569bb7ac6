/** `sync` and `verify`, against the built programs. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { newPartialName } from "../disk/names.ts";
import { FrameKind } from "../protocol/frame.ts";
import { namesIn, pattern } from "./support/files.ts";
import { bound, notBound, testUnless } from "./support/machine.ts";
import { assertDone, ftp, type FtpResult, runFtp, startServer, type TestServer } from "./support/programs.ts";
import { Relay } from "./support/relay.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { boundFtp, jsonLines, logged, LONG_AGO, paths, plant, snapshot, touch } from "./support/trees.ts";

/** One direction, with its two ends: `from` becomes what `to` is to be like. */
interface Ends extends AsyncDisposable {
  server: TestServer;
  local: TempFolder;
  from: string;
  to: string;
  sync(...options: string[]): Promise<FtpResult>;
}

async function ends(down: boolean): Promise<Ends> {
  const server = await startServer();
  const local = new TempFolder();
  const [from, to] = down ? [`${server.dir}/tree`, `${local.path}/tree`] : [`${local.path}/tree`, `${server.dir}/tree`];
  Deno.mkdirSync(from);
  return {
    server,
    local,
    from,
    to,
    sync: (...options) =>
      ftp(server, "sync", ...down ? ["--down"] : [], "tree", "tree", ...options, { cwd: local.path }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      local[Symbol.dispose]();
    },
  };
}

/** A source, and a target that differs in every way there is. */
function plantDifferences({ from, to }: Ends): void {
  const names = ["same", "by-size", "by-time", "new", "sub/new", "was-folder", "will-be-folder/x", "renamed-to"];
  plant(from, { ...Object.fromEntries(names.map((name) => [name, `content of ${name}`])), "empty/folder": null });
  for (const name of names) touch(`${from}/${name}`);
  plant(to, {
    "same": "content of same",
    "by-size": "short",
    "by-time": "content of by-time",
    "was-folder/deep/y": "y",
    "will-be-folder": "file",
    "renamed-from": "content of renamed-to",
    "extra": "extra",
    "extras/a/b": "b",
  });
  for (const name of ["same", "by-size", "renamed-from"]) touch(`${to}/${name}`);
  touch(`${to}/by-time`, new Date(LONG_AGO.getTime() + 60_000));
}

for (const down of [false, true]) {
  const direction = down ? "sync --down" : "sync";
  const moves = down ? "download" : "upload";

  Deno.test(`${direction} copies what is new or changed in size or time, keeps the rest, and then does nothing`, async () => {
    await using it = await ends(down);
    const { from, to, server, sync } = it;
    plant(from, { "new": "1", "size": "22", "time": "3", "same": "4", "run": "5", "sub/deep/new": "6", "none": null });
    plant(to, { "size": "2", "time": "x", "same": "4", "run": "5", "extra": "kept" });
    for (const name of ["new", "size", "time", "same", "run"]) touch(`${from}/${name}`);
    for (const name of ["size", "same", "run"]) touch(`${to}/${name}`);
    Deno.chmodSync(`${from}/run`, 0o755);
    const first = await sync();
    assertDone(first);
    assertMatch(first.stdout, /^Copied 4 files, .*, 1 touched, 1 the same\n$/);
    assertEquals(snapshot(to).filter((line) => !line.startsWith("extra ")), snapshot(from));
    assertEquals(Deno.readTextFileSync(`${to}/extra`), "kept");
    const before = snapshot(to);
    assertEquals(logged(server, moves).length, 4);
    const second = await sync();
    assertDone(second);
    assertMatch(second.stdout, /^Copied 0 files, 0 B/);
    assertEquals(logged(server, moves).length, 4);
    assertEquals(snapshot(to), before);
  });

  Deno.test(`${direction} --delete makes the target equal: kinds, renames, extras`, async () => {
    await using it = await ends(down);
    const { from, to, server, sync } = it;
    plantDifferences(it);
    assertDone(await sync("--delete"));
    assertEquals(snapshot(to), snapshot(from));
    const moved = logged(server, moves).map((line) => /path=\/tree\/(\S+)/.exec(line)![1]).sort();
    assertEquals(moved, ["by-size", "by-time", "new", "sub/new", "was-folder", "will-be-folder/x"]);
    const second = jsonLines(await sync("--delete", "--json"));
    assertEquals(second.map(({ summary }) => summary.files), [0]);
    assertEquals(logged(server, moves).length, 6);
  });

  Deno.test(`${direction} --dry-run does nothing, and tells exactly what the run then does`, async () => {
    await using it = await ends(down);
    const { from, to, sync } = it;
    plantDifferences(it);
    const before = [snapshot(from), snapshot(to)];
    const text = await sync("--delete", "--dry-run");
    assertDone(text);
    const planned = jsonLines(await sync("--delete", "--dry-run", "--json"));
    assertEquals([snapshot(from), snapshot(to)], before);
    assertMatch(text.stdout, /^copy {4}by-size \(changed, 18 B\)$/m);
    assertMatch(text.stdout, /^copy {4}new \(new, 14 B\)$/m);
    assertMatch(text.stdout, /^rename {2}renamed-from to renamed-to$/m);
    assertMatch(text.stdout, /^delete {2}extras\/a\/$/m);
    assertMatch(text.stdout, /^make {4}empty\/folder\/$/m);
    const { summary } = planned.pop();
    assertEquals(summary, { steps: planned.length, bytes: summary.bytes, same: 1, failed: 0 });
    assertMatch(text.stdout, new RegExp(`^${planned.length} steps, .* to copy, 1 file the same\n`, "m"));
    const done = jsonLines(await sync("--delete", "--json"));
    // The order of what was under way at once is not fixed.
    const steps = (lines: { step?: string }[]) =>
      lines.filter(({ step }) => step !== undefined).map((line) => JSON.stringify(line)).sort();
    assertEquals(steps(done), steps(planned));
    const { deleted, renamed, same } = done.at(-1).summary;
    const count = (step: string) => planned.filter((line) => line.step === step).length;
    assertEquals([deleted, renamed, same], [count("delete"), count("rename"), 1]);
    assertEquals(snapshot(to), snapshot(from));
    assertDone(await sync("--delete", "--dry-run"));
    const [nothing, ...more] = jsonLines(await sync("--delete", "--dry-run", "--json"));
    assertEquals([nothing, more], [{ summary: { steps: 0, bytes: 0, same: 8, failed: 0 } }, []]);
  });

  Deno.test(`${direction} --verbose tells each step in the words of the plan; without it, and with --quiet, there is none`, async () => {
    const steps = ({ stdout }: FtpResult) => stdout.split("\n").filter((line) => /^[a-z]+ {2}/.test(line)).sort();
    for (const flags of [["-v"], ["--verbose", "--quiet"], []]) {
      await using it = await ends(down);
      plantDifferences(it);
      const planned = steps(await it.sync("--delete", "--dry-run"));
      assert(planned.length > 10);
      const done = await it.sync("--delete", ...flags);
      assertDone(done);
      assertEquals(steps(done), flags.length === 1 ? planned : []);
      assertEquals(/^Copied 6 files/m.test(done.stdout), flags.length < 2);
    }
  });

  Deno.test(`${direction} --checksum finds what size and time do not show`, async () => {
    await using it = await ends(down);
    const { from, to, sync, server } = it;
    plant(from, { "a": "one", "b": "two", "c": "six" });
    plant(to, { "a": "one", "b": "TWO", "c": "six" });
    for (const folder of [from, to]) for (const name of ["a", "b"]) touch(`${folder}/${name}`);
    touch(`${from}/c`);
    touch(`${to}/c`, new Date(LONG_AGO.getTime() + 5000));
    const planned = jsonLines(await sync("--checksum", "--dry-run", "--json"));
    assertEquals(planned, [
      { step: "touch", path: "c", kind: "file", why: "time" },
      { step: "copy", path: "b", size: 3, why: "changed" },
      { summary: { steps: 2, bytes: 3, same: 1, failed: 0 } },
    ]);
    assertDone(await sync("--checksum"));
    assertEquals(Deno.readTextFileSync(`${to}/b`), "two");
    assertEquals(logged(server, moves).length, 1);
  });

  Deno.test(`${direction} sends no content where only time or the right to be executed differ, and knows that by it`, async () => {
    await using it = await ends(down);
    const { from, to, sync, server } = it;
    const later = new Date(LONG_AGO.getTime() + 5000);
    plant(from, { "time": "one", "run": "two", "tool": "3", "both": "44", "same": "5" });
    plant(to, { "time": "one", "run": "two", "tool": "3", "both": "44", "same": "5" });
    for (const name of ["time", "run", "tool", "both", "same"]) touch(`${from}/${name}`);
    for (const name of ["run", "tool", "same"]) touch(`${to}/${name}`);
    for (const name of ["time", "both"]) touch(`${to}/${name}`, later);
    for (const path of [`${from}/run`, `${from}/both`, `${to}/tool`]) Deno.chmodSync(path, 0o755);

    // By the time alone it cannot be known that the content is the same.
    const plain = jsonLines(await sync("--dry-run", "--json")).map(({ step, path }) => [step, path]).slice(0, -1);
    assertEquals(plain, [["touch", "run"], ["touch", "tool"], ["copy", "both"], ["copy", "time"]]);
    const planned = jsonLines(await sync("--checksum", "--dry-run", "--json"));
    const { summary } = planned.pop();
    assertEquals(
      planned.map(({ step, path, why }) => [step, path, why]),
      [["touch", "both", "time"], ["touch", "run", "rights"], ["touch", "time", "time"], ["touch", "tool", "rights"]],
    );
    assertEquals(summary, { steps: 4, bytes: 0, same: 1, failed: 0 });
    const done = await sync("--checksum");
    assertDone(done);
    assertMatch(done.stdout, /^Copied 0 files, .*, 4 touched, 1 the same\n$/);
    assertEquals(snapshot(to), snapshot(from));
    assertEquals(logged(server, moves).length, 0);
    assertMatch((await sync()).stdout, /^Copied 0 files, [^,]*, 5 the same\n$/);
  });

  Deno.test(`${direction}: a file in the place of a folder stays without --delete, and that is said`, async () => {
    await using it = await ends(down);
    const { from, to, sync } = it;
    plant(from, { "a/x": "1", "b": "2", "c": "3" });
    plant(to, { "a": "file", "b/y": "folder" });
    const { code, stdout, stderr } = await sync();
    assertEquals(code, 1);
    assertMatch(stderr, /a.*the target has a file there; --delete replaces it/);
    assertMatch(stderr, /b.*the target has a folder there; --delete replaces it/);
    assertMatch(stdout, /^Copied 1 file, .*2 failed/);
    assertEquals(paths(to), ["a", "b/", "b/y", "c"]);
  });

  Deno.test(`${direction}: the folders above the target are made, too`, async () => {
    await using it = await ends(down);
    plant(it.from, { "a": "1" });
    const args = ["sync", ...down ? ["--down"] : [], "tree", "deep/er/copy"];
    const planned = jsonLines(await ftp(it.server, ...args, "--dry-run", "--json", { cwd: it.local.path }));
    assertEquals(planned.map(({ step, path }) => [step, path]).slice(0, -1), [["make-folder", "."], ["copy", "a"]]);
    assertDone(await ftp(it.server, ...args, { cwd: it.local.path }));
    assertEquals(paths(`${down ? it.local.path : it.server.dir}/deep`), ["er/", "er/copy/", "er/copy/a"]);
  });

  Deno.test(`${direction}: a missing source does not empty its target, an empty one only when asked`, async () => {
    await using it = await ends(down);
    const { from, to, sync } = it;
    plant(to, { "precious": "1", "sub/more": "2" });
    Deno.removeSync(from);
    const missing = await sync("--delete");
    assert(missing.code !== 0);
    assertMatch(missing.stderr, /not a folder|no such file or folder/);
    Deno.writeTextFileSync(from, "a file");
    assert((await sync("--delete")).code !== 0);
    assertEquals(paths(to), ["precious", "sub/", "sub/more"]);
    Deno.removeSync(from);
    Deno.mkdirSync(from);
    assertDone(await sync());
    assertEquals(paths(to), ["precious", "sub/", "sub/more"]);
    for (const dry of [[], ["--dry-run"]]) {
      const refused = await sync("--delete", ...dry);
      assertEquals(refused.code, 2);
      assertMatch(
        refused.stderr,
        /there is no file in the source, and .* all that the target has \(3 names\); --allow-empty/,
      );
    }
    assertEquals(paths(to), ["precious", "sub/", "sub/more"]);
    assertDone(await sync("--delete", "--allow-empty"));
    assertEquals(paths(to), []);
    assertDone(await sync("--delete"));
  });

  Deno.test(`${direction}: several at the same time all succeed, and the target is equal`, async () => {
    await using it = await ends(down);
    const { from, to, sync } = it;
    const files = Array.from({ length: 150 }, (_, at) => [`d${at % 7}/f${at}`, `content ${at}`]);
    plant(from, Object.fromEntries(files));
    plant(to, { "d1/f1": "old", "gone/a": "1", "gone/b/c": "2", "d2": "in the way" });
    for (const at of [7, 14, 21]) {
      plant(to, { [`gone/r${at}`]: `content ${at}` });
      touch(`${from}/d0/f${at}`);
      touch(`${to}/gone/r${at}`);
    }
    for (const result of await Promise.all([1, 2, 3].map(() => sync("--delete")))) assertDone(result);
    assertEquals(snapshot(to), snapshot(from));
  });

  Deno.test(`${direction}: renames are proven by content, in a circle too, and nothing is sent`, async () => {
    await using it = await ends(down);
    const { from, to, sync, server } = it;
    plant(from, { "x/a": "a".repeat(1000), "x/b": "b".repeat(1000) });
    for (const name of ["x/a", "x/b"]) touch(`${from}/${name}`);
    assertDone(await sync());
    Deno.mkdirSync(`${from}/y`);
    Deno.renameSync(`${from}/x/a`, `${from}/y/b`);
    Deno.renameSync(`${from}/x/b`, `${from}/y/a`);
    const steps = jsonLines(await sync("--delete", "--json"));
    assertEquals(steps.filter(({ step }) => step === "rename").length, 2);
    assertEquals(snapshot(to), snapshot(from));
    assertEquals(logged(server, moves).length, 2);
  });

  Deno.test(`${direction}: partials are neither copied nor deleted`, async () => {
    await using it = await ends(down);
    const { from, to, sync } = it;
    const [mine, theirs] = [newPartialName(), newPartialName()];
    plant(from, { "a": "1", [mine]: "source" });
    plant(to, { [theirs]: "target", "extra": "x", [`gone/${theirs}`]: "target", "gone/y": "22" });
    const done = await sync("--delete");
    assertDone(done);
    assertMatch(done.stderr, /^gone\/ stays: there is something in it that was not to be deleted \(.*\)$/m);
    assertMatch(done.stdout, /, 2 deleted$/m);
    assertEquals([namesIn(to), namesIn(`${to}/gone`)], [[theirs, "a", "gone"].sort(), [theirs]]);
  });

  Deno.test(`${direction}: links in the source are skipped or followed, links in the target are not followed`, async () => {
    await using it = await ends(down);
    const { from, to, sync, local } = it;
    plant(from, { "real/f": "1", "sub/g": "new" });
    Deno.symlinkSync("real/f", `${from}/to-file`);
    plant(to, {});
    plant(local.path, { "outside/g": "mine" });
    Deno.mkdirSync(to);
    Deno.symlinkSync(`${local.path}/outside`, `${to}/sub`);
    const skipped = await sync("--delete");
    assertMatch(skipped.stderr, /to-file is left out: it is a symbolic link/);
    assertMatch(skipped.stderr, /sub.*in the target/);
    assertEquals(paths(to).filter((path) => path !== "sub"), ["real/", "real/f"]);
    assertEquals(Deno.readTextFileSync(`${local.path}/outside/g`), "mine");
    assertEquals((await sync("--links", "sideways")).code, 2);
    await sync("--links", "follow");
    assertEquals(Deno.readTextFileSync(`${to}/to-file`), "1");
    assertEquals(Deno.readTextFileSync(`${local.path}/outside/g`), "mine");
  });
}

testUnless(
  notBound,
  "sync: what cannot be read is told, the rest goes on, and --delete does not touch its copy",
  async () => {
    await using it = await ends(false);
    const { from, to, server, local } = it;
    plant(from, { "a": "1", "b": "2", "closed/c": "3" });
    plant(to, { "b": "old copy", "closed/c": "old copy", "extra": "x" });
    Deno.chmodSync(`${from}/b`, 0);
    Deno.chmodSync(`${from}/closed`, 0);
    const plan = await boundFtp(server, ["sync", "tree", "tree", "--delete", "--dry-run"], local.path);
    assertEquals(plan.code, 1);
    assertMatch(plan.stderr, /nothing is deleted, as not all can be looked at and copied/);
    assertEquals(plan.stdout.match(/^delete/m), null);
    const { code, stdout, stderr } = await boundFtp(server, ["sync", "tree", "tree", "--delete"], local.path);
    Deno.chmodSync(`${from}/closed`, 0o700);
    assertEquals(code, 1, stdout + stderr);
    assertMatch(stderr, /b: .*permission denied/);
    assertMatch(stderr, /closed.*permission denied/);
    assertEquals(Deno.readTextFileSync(`${to}/a`), "1");
    assertEquals(Deno.readTextFileSync(`${to}/b`), "old copy");
    assertEquals(Deno.readTextFileSync(`${to}/closed/c`), "old copy");
    assertEquals(Deno.readTextFileSync(`${to}/extra`), "x");
  },
);

testUnless(
  notBound,
  "sync --delete --checksum deletes nothing when it finds only by comparing that a file cannot be read",
  async () => {
    await using it = await ends(false);
    const { from, to, server, local } = it;
    plant(from, { "secret": "1", "clash": "a file", "sub": "a file" });
    plant(to, { "secret": "2", "clash/important": "x", "extra": "y", "old": "a file", "sub": "file a" });
    Deno.chmodSync(`${from}/secret`, 0);
    const args = ["sync", "tree", "tree", "--delete", "--checksum"];
    const before = snapshot(to).filter((line) => !line.includes("sub"));
    const plan = await boundFtp(server, [...args, "--dry-run"], local.path);
    assertMatch(plan.stderr, /nothing is deleted, as not all can be looked at and copied/);
    assertEquals(plan.stdout.match(/^(delete|rename)/m), null, plan.stdout);
    const { code, stderr } = await boundFtp(server, args, local.path);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /clash: the target has a folder there; it stays until all of the source can be copied/,
    );
    assertEquals(snapshot(to).filter((line) => !line.includes("sub")), before);
    assertEquals(Deno.readTextFileSync(`${to}/sub`), "a file");
  },
);

testUnless(
  notBound,
  "sync --delete deletes nothing when a file could not be copied, and says so",
  async () => {
    await using it = await ends(false);
    const { from, to, server, local } = it;
    plant(from, { "moved-to": "precious", "new": "1" });
    plant(to, { "moved-from": "precious" });
    Deno.chmodSync(`${from}/moved-to`, 0);
    const { code, stderr } = await boundFtp(server, ["sync", "tree", "tree", "--delete"], local.path);
    assertEquals(code, 1);
    assertMatch(stderr, /nothing more was deleted, as not all was copied/);
    assertEquals(paths(to), ["moved-from", "new"]);
  },
);

Deno.test("sync --delete says what it does not delete", async () => {
  await using it = await ends(false);
  const { from, to, sync } = it;
  plant(from, { "a": "1" });
  plant(to, { "extra": "2" });
  Deno.symlinkSync("a", `${to}/link`);
  const { code, stderr } = await sync("--delete");
  assertEquals(code, 0);
  assertMatch(
    stderr,
    /^link is left out: in the target: it is a symbolic link that leads out of the served folder, or nowhere$/m,
  );
  assertEquals(paths(to), ["a", "link"]);
});

Deno.test("a link in the target, where the source has a file, is a failure of sync and of verify", async () => {
  await using it = await ends(false);
  const { from, to, server, local, sync } = it;
  plant(from, { "a": "1", "b": "2", "link": "3" });
  plant(to, { "elsewhere": "3" });
  Deno.symlinkSync("elsewhere", `${to}/link`);
  const synced = await sync();
  assertEquals(synced.code, 1);
  assertMatch(synced.stderr, /^ftp: link: in the target: it is a symbolic link/m);
  assertEquals(paths(to), ["a", "b", "elsewhere", "link"]);
  Deno.removeSync(`${to}/elsewhere`);
  const verified = await ftp(server, "verify", "tree", "tree", { cwd: local.path });
  assertEquals(verified.code, 1);
  assertMatch(verified.stderr, /^ftp: link: in the target: it is a symbolic link/m);
  assertEquals(verified.stdout, "2 files the same, 0 differences\n");
});

testUnless(
  notBound,
  "verify compares the rest when a folder cannot be read, and says both",
  async () => {
    await using it = await ends(false);
    const { from, to, server, local } = it;
    plant(from, { "locked/x": "1", "kind": "a file", "same": "2" });
    plant(to, { "locked/x": "1", "kind": null, "same": "2", "extra": "3" });
    Deno.chmodSync(`${from}/locked`, 0);
    const { code, stdout, stderr } = await boundFtp(server, ["verify", "tree", "tree"], local.path);
    Deno.chmodSync(`${from}/locked`, 0o700);
    assertEquals(code, 4);
    assertEquals(stdout, "missing    kind\nextra      extra\nextra      kind\n1 file the same, 3 differences\n");
    assertMatch(stderr, /^ftp: locked: .*permission denied$/m);
  },
);

Deno.test("a source that goes away while the connection is lost does not empty its target", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(server.dir, { "tree/a": "1" });
  plant(local.path, { "tree/precious": "2" });
  let cuts = 0;
  await using relay = new Relay(server, {
    down: ({ kind }) => {
      if (kind !== FrameKind.DATA || cuts++ > 0) return; // in the middle of the listing
      Deno.renameSync(`${server.dir}/tree`, `${server.dir}/elsewhere`);
      throw new Error("the line is cut");
    },
  });
  const { code, stderr } = await ftp(relay.address, "sync", "--down", "--delete", "tree", "tree", { cwd: local.path });
  assertEquals([code, cuts], [1, 1], stderr);
  assertMatch(stderr, /no such file or folder/);
  assertEquals(paths(local.path), ["tree/", "tree/precious"]);
});

Deno.test("verify: 0 when all is the same, 4 with what is missing, extra and different", async () => {
  await using it = await ends(false);
  const { from, to, server, local, sync } = it;
  plant(from, { "same": "1", "other": "two", "sub/x": "3", "missing": "4", "none": null });
  touch(`${from}/other`);
  assertDone(await sync());
  const verify = (...options: string[]) => ftp(server, "verify", "tree", "tree", ...options, { cwd: local.path });
  const same = await verify();
  assertEquals([same.code, same.stdout], [0, "4 files the same, 0 differences\n"]);
  touch(`${to}/same`); // a time is no content
  assertDone(await verify());
  Deno.writeTextFileSync(`${to}/other`, "TWO");
  touch(`${to}/other`);
  Deno.removeSync(`${to}/missing`);
  plant(to, { "extra/file": "long extra" });
  const before = [snapshot(from), snapshot(to)];
  const different = await verify();
  assertEquals(different.code, 4);
  const lines = different.stdout.trimEnd().split("\n");
  assertEquals(lines.slice(0, -1).sort(), [
    "different  other",
    "extra      extra",
    "extra      extra/file",
    "missing    missing",
  ]);
  assertEquals(lines.at(-1), "2 files the same, 4 differences");
  const json = await verify("--json");
  assertEquals(json.code, 4);
  assertEquals(jsonLines(json).filter((line) => !("differences" in line)).map((line) => JSON.stringify(line)).sort(), [
    '{"different":"other"}',
    '{"extra":"extra"}',
    '{"extra":"extra/file"}',
    '{"missing":"missing"}',
  ]);
  assertEquals([snapshot(from), snapshot(to)], before);
  assertEquals([logged(server, "upload").length, logged(server, "download").length], [4, 0]);
  assert((await ftp(server, "verify", "nowhere", "tree", { cwd: local.path })).code !== 0);
});

Deno.test("verify compares two files as well, and a file with that of its name in a folder", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "a": pattern(300_000), "b": "1" });
  plant(server.dir, { "a": pattern(300_000), "c": "2", "to/b": "1" });
  const verify = (...args: string[]) => ftp(server, "verify", ...args, { cwd: local.path });
  for (const args of [["a", "a"], ["a", "."], ["b", "to"]]) {
    const same = await verify(...args);
    assertEquals([same.code, same.stdout], [0, "1 file the same, 0 differences\n"], args.join(" "));
  }
  const different = await verify("b", "c");
  assertEquals([different.code, different.stdout], [4, "different  b\n0 files the same, 1 difference\n"]);
  assertStringIncludes(different.stderr, "the files differ");
  assertEquals((await verify("b", "none")).code, 1);
  assertEquals((await verify("a", "to")).code, 1);
});

testUnless(notBound, "verify does not take what the server cannot read for something else", async () => {
  await using server = await startServer({ prefix: bound });
  const { dir } = server;
  using local = new TempFolder();
  plant(local.path, { "t/a": "1", "t/b": "2" });
  plant(dir, { "t/a": "1", "t/b": "2" });
  Deno.chmodSync(`${dir}/t/b`, 0);
  const { code, stdout, stderr } = await ftp(server, "verify", "t", "t", { cwd: local.path });
  assertEquals([code, stdout], [1, "1 file the same, 0 differences\n"]);
  assertMatch(stderr, /b.*permission denied/);
});

Deno.test("sync tells how much it deleted and renamed, and verify refuses folders that are not there", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(local.path, { "tree/new": "content", "tree/same": "1" });
  plant(server.dir, { "tree/old": "content", "tree/same": "1", "tree/extra/x": "2" });
  for (const name of ["new", "same"]) touch(`${cwd}/tree/${name}`);
  for (const name of ["old", "same"]) touch(`${server.dir}/tree/${name}`);
  const { code, stdout } = await ftp(server, "sync", "tree", "tree", "--delete", { cwd });
  assertEquals(code, 0);
  assertMatch(stdout, /^Copied 0 files, .*, 2 deleted, 1 renamed, 1 the same\n$/);
  for (
    const [args, expected] of [[["nosuch", "tree"], 5], [["tree", "nosuch"], 1], [["tree", "tree/new"], 1]] as const
  ) {
    const result = await ftp(server, "verify", ...args, { cwd });
    assertEquals([result.code, result.stdout], [expected, ""], args.join(" "));
  }
});

Deno.test("a command in the place of the server is told apart from one", async () => {
  const { code, stderr } = await runFtp(["upload", "photos"]);
  assertEquals(code, 2);
  assertMatch(stderr, /the server comes first, as in: ftp HOST upload photos/);
});

testUnless(notBound, "sync --stop-on-error does nothing where a part of the source cannot be copied", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "tree/a": "1", "tree/closed/b": "2" });
  Deno.chmodSync(`${local.path}/tree/closed`, 0);
  const { code, stdout, stderr } = await boundFtp(
    server,
    ["sync", "tree", "tree", "--stop-on-error", "--json"],
    local.path,
  );
  Deno.chmodSync(`${local.path}/tree/closed`, 0o700);
  assertEquals([code, stdout, namesIn(server.dir)], [1, "", []], stderr);
  assertMatch(stderr, /stopped before anything was done/);
});

Deno.test("what was renamed at the source, and somebody else puts there meanwhile, is replaced, and its old name goes", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "t/new": pattern(100_000) });
  plant(server.dir, { "t/old": pattern(100_000) });
  for (const path of [`${local.path}/t/new`, `${server.dir}/t/old`]) touch(path);
  let isTaken = false;
  await using relay = new Relay(server, {
    up: ({ kind, payload }) => {
      if (kind !== FrameKind.REQUEST || !new TextDecoder().decode(payload).includes('"mv"')) return;
      Deno.writeTextFileSync(`${server.dir}/t/new`, "somebody else's");
      isTaken = true;
    },
  });
  assertDone(await ftp(relay.address, "sync", "--delete", "t", "t", { cwd: local.path }));
  assertEquals([isTaken, snapshot(server.dir)], [true, snapshot(local.path)]);
});
