/** Rights of files and folders are kept, as far as the umask of who makes them lets them. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { pattern } from "./support/files.ts";
import { ftp, type FtpResult, startServer, withUmask } from "./support/programs.ts";
import { RawClient } from "./support/raw_client.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { jsonLines, logged, paths, plant } from "./support/trees.ts";

const LARGE = 9 * 1024 * 1024;
const RIGHTS = { "t/": 0o750, "t/a": 0o600, "t/b": 0o640, "t/large": 0o600, "t/run": 0o700, "t/secret/": 0o700 };
/** Whoever makes something can go on with it. */
const POOR = { "t/none": [0o040, 0o640], "t/read": [0o444, 0o644], "t/folder/": [0o500, 0o700] } as const;

function plantRights(top: string): void {
  plant(top, { "t/a": "1", "t/b": "2", "t/large": pattern(LARGE), "t/run": "3", "t/secret": null });
  for (const [path, mode] of Object.entries(RIGHTS)) Deno.chmodSync(`${top}/${path}`, mode);
}

function rightsOf(top: string): Record<string, number> {
  return Object.fromEntries(paths(top).map((path) => [path, Deno.statSync(`${top}/${path}`).mode! & 0o777]));
}

function assertDone({ code, stderr }: FtpResult): void {
  assertEquals([code, stderr], [0, ""]);
}

for (const command of ["-r", "sync"]) {
  Deno.test(`${command} keeps rights both ways, of small files, large ones and folders`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    using back = new TempFolder();
    plantRights(local.path);
    const [up, down] = command === "sync"
      ? [["sync", "t", "t"], ["sync", "--down", "t", "t"]]
      : [["upload", "-r", "t"], ["download", "-r", "t"]];
    assertDone(await ftp(server, ...up, { cwd: local.path }));
    assertEquals(rightsOf(server.dir), RIGHTS);
    assertDone(await ftp(server, ...down, { cwd: back.path }));
    assertEquals(rightsOf(back.path), RIGHTS);
  });
}

Deno.test("rights are kept of a single file, in patterns, and by cp on the server", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  using back = new TempFolder();
  plantRights(local.path);
  for (const name of ["a", "large"]) assertDone(await ftp(server, "upload", `t/${name}`, { cwd: local.path }));
  assertDone(await ftp(server, "cp", "a", "copy"));
  assertDone(await ftp(server, "mput", "-r", "*/secret", { cwd: local.path }));
  assertEquals(rightsOf(server.dir), { "a": 0o600, "copy": 0o600, "large": 0o600, "t/": 0o750, "t/secret/": 0o700 });
  for (const name of ["a", "large"]) assertDone(await ftp(server, "download", "--no-show", name, { cwd: back.path }));
  assertEquals(rightsOf(back.path), { "a": 0o600, "large": 0o600 });
  assertEquals(jsonLines(await ftp(server, "stat", "--json", "a"))[0].mode, "0600");
  assertMatch((await ftp(server, "stat", "t")).stdout, /^Mode: 0750$/m);
});

Deno.test("what takes rights away from its owner leaves enough to go on with it", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { "t/none": "1", "t/read": "2", "t/folder": null });
  for (const [path, [mode]] of Object.entries(POOR)) Deno.chmodSync(`${local.path}/${path}`, mode);
  const { stderr } = await ftp(server, "sync", "t", "t", { cwd: local.path });
  const made = rightsOf(server.dir);
  for (const [path, [, mode]] of Object.entries(POOR)) {
    // Only who may do anything can read a file without any rights for its owner.
    if (made[path] === undefined) assertMatch(stderr, /t\/none: .*permission denied/);
    else assertEquals(made[path], mode, path);
  }
  assert(made["t/read"] !== undefined);
});

Deno.test("where the umask takes rights away, a second sync does not begin anew", async () => {
  await using server = await startServer({ prefix: withUmask("077") });
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(cwd, { "t/a": "1", "t/run": "2", "t/sub": null });
  for (const [path, mode] of [["a", 0o644], ["run", 0o755], ["sub", 0o755]] as const) {
    Deno.chmodSync(`${cwd}/t/${path}`, mode);
  }
  assertDone(await ftp(server, "sync", "t", "t", { cwd }));
  assertEquals(rightsOf(server.dir), { "t/": 0o700, "t/a": 0o600, "t/run": 0o700, "t/sub/": 0o700 });
  const sent = logged(server, "upload_pack").length;
  assertEquals(sent, 1);
  assertMatch((await ftp(server, "sync", "t", "t", { cwd })).stdout, /, 2 the same$/m);
  assertEquals(logged(server, "upload_pack").length, sent);
});

Deno.test("touch sets the time of a file and its right to be executed, where its time is the one that the client knows of", async () => {
  await using server = await startServer();
  using client = await RawClient.greet(server);
  const file = `${server.dir}/file`;
  Deno.writeTextFileSync(file, "content");
  Deno.chmodSync(file, 0o640);
  Deno.utimeSync(file, 5, 5);
  Deno.mkdirSync(`${server.dir}/folder`);
  Deno.symlinkSync("file", `${server.dir}/link`);
  const seen = () => {
    const { mtime, mode } = Deno.statSync(file);
    return [mtime!.getTime(), mode! & 0o777];
  };
  const set = async (path: string, before: number, modified: number, mode: number) =>
    (await client.ask("touch", { path, before, modified, mode })).code;
  assertEquals([await set("/file", 4999, 7000, 0o777), seen()], ["changed", [5000, 0o640]]);
  assertEquals([await set("/file", 5000, 7000, 0o777), seen()], [undefined, [7000, 0o750]]);
  // Asked again, as when the answer was lost.
  assertEquals([await set("/file", 5000, 7000, 0o644), seen()], [undefined, [7000, 0o640]]);
  assertEquals([await set("/link", 7000, 9500, 0o600), seen()], [undefined, [9500, 0o600]]);
  Deno.chmodSync(`${server.dir}/folder`, 0o775);
  const rights = () => Deno.statSync(`${server.dir}/folder`).mode! & 0o777;
  assertEquals([await set("/folder", 0, 1, 0o755), rights()], [undefined, 0o775]);
  assertEquals([await set("/folder", 0, 1, 0o750), rights()], [undefined, 0o770]);
  assertEquals([await set("/folder", 0, 1, 0o711), rights()], [undefined, 0o710]);
  assertEquals(await set("/", 0, 1, 0o700), "denied");
  new Deno.Command("mkfifo", { args: [`${server.dir}/pipe`] }).outputSync();
  assertEquals(await set("/pipe", 0, 1, 0o700), "denied"); // and the server lives
  assertEquals(await set("/missing", 0, 1, 0o755), "not_found");
  assertEquals(await set("/file", 0, 9e15, 0o755), "bad_request");
  assertEquals(await set("/file", 9500, 1, 0o1777), "bad_request");
});

Deno.test("what replaces another file keeps its rights, but for who may not read the source", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  const cases = {
    "t/private": [0o644, 0o600, 0o600],
    "t/shared": [0o664, 0o644, 0o664],
    "t/run": [0o640, 0o755, 0o750],
  };
  for (const [path, [there, here]] of Object.entries(cases)) {
    plant(server.dir, { [path]: "the former" });
    plant(cwd, { [path]: "new" });
    Deno.chmodSync(`${server.dir}/${path}`, there);
    Deno.chmodSync(`${cwd}/${path}`, here);
  }
  assertDone(await ftp(server, "sync", "t", "t", { cwd }));
  for (const [path, [, , expected]] of Object.entries(cases)) {
    assertEquals([path, rightsOf(server.dir)[path]], [path, expected]);
    assertEquals(Deno.readTextFileSync(`${server.dir}/${path}`), "new");
  }
});

Deno.test("sync takes the right to read from who has lost it at the source, sends nothing, and finds nothing to do then", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const { path: cwd } = local;
  plant(cwd, { "t/a": "1", "t/b": "2", "t/sub/c": "3" });
  const sync = async (...args: string[]) => await ftp(server, "sync", ...args, "t", "t", { cwd });
  assertDone(await sync());
  Deno.chmodSync(`${cwd}/t/sub/c`, 0o600);
  Deno.chmodSync(`${cwd}/t/a`, 0o640);
  Deno.chmodSync(`${cwd}/t/b`, 0o666); // what others may do more is not given to them
  assertEquals(jsonLines(await sync("--json", "--dry-run")).map(({ step, path }) => [step, path]).slice(0, -1), [
    ["touch", "a"],
    ["touch", "sub/c"],
  ]);
  assertMatch((await sync()).stdout, /^Copied 0 files, [^,]*, 2 touched, 1 the same\n$/);
  const { "t/a": a, "t/b": b, "t/sub/c": c } = rightsOf(server.dir);
  assertEquals([a, b, c], [0o640, 0o644, 0o600]);
  assertMatch((await sync()).stdout, /^Copied 0 files, [^,]*, 3 the same\n$/);
});

for (const down of [false, true]) {
  Deno.test(`sync ${down ? "down" : "up"}: a folder that was closed is closed in the copy, too`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    const { path: cwd } = local;
    const [from, to] = down ? [`${server.dir}/t`, `${cwd}/t`] : [`${cwd}/t`, `${server.dir}/t`];
    plant(from, { "pay/old": "1", "shared/a": "2", "sub/deep/b": "3" });
    for (const path of ["pay", "shared", "sub", "sub/deep"]) Deno.chmodSync(`${from}/${path}`, 0o755);
    const sync = async (...args: string[]) =>
      await ftp(server, "sync", ...down ? ["--down"] : [], "t", "t", ...args, { cwd });
    assertEquals((await sync()).code, 0);
    const rights = () => ["pay", "shared", "sub/deep"].map((path) => Deno.statSync(`${to}/${path}`).mode! & 0o777);
    Deno.chmodSync(`${from}/pay`, 0o700);
    Deno.chmodSync(`${to}/shared`, 0o775); // what others may do more is not taken from them
    Deno.chmodSync(`${to}/sub/deep`, 0o700);
    Deno.writeTextFileSync(`${from}/pay/new`, "4");
    assertMatch((await sync("--dry-run")).stdout, /^touch {3}pay\/ \(rights\)$/m);
    assertEquals(rights(), [0o755, 0o775, 0o700]);
    const done = await sync();
    assertEquals([done.code, done.stderr, rights()], [0, "", [0o700, 0o775, 0o700]]);
    assertMatch(done.stdout, /^Copied 1 file, .*, 1 touched, 3 the same$/m);
    assertMatch((await sync()).stdout, /^Copied 0 files, [^,]*, 4 the same$/m);
  });
}
