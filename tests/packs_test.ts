/** Many small files in one request: against the built programs. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Client, CommandError, connect, type PackedFile } from "../client/client.ts";
import { isPartialName } from "../disk/names.ts";
import { namesIn, openBelow, partialsIn, pattern } from "./support/files.ts";
import { FLAG_BODY, FrameKind } from "../protocol/frame.ts";
import { packSource } from "../protocol/pack.ts";
import { end } from "./support/cuts.ts";
import { ftp, startFtp, startServer, type TestServer } from "./support/programs.ts";
import { endOf, type RawAnswer, RawClient } from "./support/raw_client.ts";
import { Hold, Relay } from "./support/relay.ts";
import { until } from "./support/until.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { logged, LONG_AGO, paths, plant, snapshot } from "./support/trees.ts";

const MODIFIED = LONG_AGO.getTime();

function connected({ address }: TestServer): Promise<Client> {
  const [hostname, port] = address.split(":");
  return connect({ hostname, port: Number(port) });
}

/** Uploads files by path and content; returns what was unusual, as `path` or the error's code. */
async function upload(
  client: Client,
  files: [string, string][],
  options: Parameters<Client["uploadPack"]>[1] = {},
): Promise<Record<number, string>> {
  const rest = files.map(([path, text]): PackedFile => ({
    path,
    content: new TextEncoder().encode(text),
    modified: MODIFIED,
    mode: path.endsWith(".sh") ? 0o755 : 0o644,
    failed: false,
  })).values();
  const unusual = await client.uploadPack(() => rest.next().value, options);
  return Object.fromEntries([...unusual].map(([at, { path, error }]) => [at, path ?? error!.code]));
}

const textOf = (server: TestServer, name: string) => Deno.readTextFileSync(`${server.dir}/${name}`);

Deno.test("the files of a pack are stored with content, time and executable bit, in the folders that are there", async () => {
  await using server = await startServer();
  plant(server.dir, { "sub/deep": null });
  const client = await connected(server);
  const files: [string, string][] = [["/a", "1"], ["/sub/b.sh", "22"], ["/sub/deep/c", ""], ["/sub/ümlaut \n", "4"]];
  assertEquals(await upload(client, files), {});
  for (const [path, text] of files) {
    assertEquals(textOf(server, path.slice(1)), text);
    const { mtime, mode } = Deno.statSync(server.dir + path);
    assertEquals([mtime?.getTime(), (mode! & 0o100) !== 0], [MODIFIED, path.endsWith(".sh")]);
  }
  assertEquals(partialsIn(server.dir), []);
  await client.close();
  await server.stderr.waitFor("upload_pack");
  assertEquals(logged(server, "upload").length, files.length);
});

Deno.test("a file of a pack that cannot be stored is told, and the others are stored", async () => {
  await using server = await startServer();
  using outside = new TempFolder();
  plant(server.dir, { "folder": null, "file": "x" });
  Deno.symlinkSync(outside.path, `${server.dir}/out`);
  const client = await connected(server);
  const files: [string, string][] = [
    ["/good", "1"],
    ["/missing/x", "2"],
    ["/out/x", "3"],
    ["/folder/../x", "4"],
    ["relative", "5"],
    ["/file/x", "6"],
    ["/.connme-0123456789abcdef0123456789abcdef-0123456789abcdef-0123456789abcdef.partial", "7"],
    [`/${"n".repeat(300)}`, "8"],
    ["/", "9"],
    ["/also good", "0"],
  ];
  assertEquals(await upload(client, files), {
    1: "not_found",
    2: "outside",
    3: "outside",
    4: "bad_path",
    5: "not_folder",
    6: "bad_path",
    7: "name_too_long",
    8: "exists",
  });
  assertEquals(namesIn(server.dir), ["also good", "file", "folder", "good", "out"]);
  assertEquals(namesIn(outside.path), []);
  await client.close();
});

Deno.test("a taken name: both are kept, or it is replaced with its rights, or refused, as asked", async () => {
  await using server = await startServer();
  plant(server.dir, { "a.txt": "old", "a_1.txt": "older", "private": "old", "folder": null });
  Deno.chmodSync(`${server.dir}/private`, 0o600);
  const client = await connected(server);
  const taken: [string, string][] = [["/a.txt", "new"], ["/a.txt", "newer"], ["/folder", "x"]];
  assertEquals(await upload(client, taken), { 0: "/a_2.txt", 1: "/a_3.txt", 2: "/folder_1" });
  assertEquals(["a.txt", "a_1.txt", "a_2.txt", "a_3.txt"].map((name) => textOf(server, name)), [
    "old",
    "older",
    "new",
    "newer",
  ]);
  const over: [string, string][] = [["/a.txt", "over"], ["/private", "over"], ["/folder", "x"]];
  assertEquals(await upload(client, over, { collision: "overwrite" }), { 2: "is_folder" });
  assertEquals([textOf(server, "a.txt"), textOf(server, "private")], ["over", "over"]);
  assertEquals(Deno.statSync(`${server.dir}/private`).mode! & 0o777, 0o600);
  assertEquals(await upload(client, [["/a.txt", "x"], ["/b", "b"]], { collision: "fail" }), { 0: "exists" });
  assertEquals([textOf(server, "a.txt"), textOf(server, "b")], ["over", "b"]);
  assertEquals(partialsIn(server.dir), []);
  await client.close();
});

Deno.test("an attempt after a lost answer stores nothing twice, and nothing in the place of something else", async () => {
  await using server = await startServer();
  const client = await connected(server);
  const files: [string, string][] = [["/a", "mine"], ["/b", "mine"]];
  plant(server.dir, { "b": "another's" });
  assertEquals(await upload(client, files), { 1: "/b_1" });
  assertEquals(await upload(client, files, { again: true }), { 1: "/b_1" });
  assertEquals(namesIn(server.dir), ["a", "b", "b_1"]);
  assertEquals(await upload(client, files, { again: true, collision: "fail" }), { 1: "exists" });
  // Same size and time, other content.
  assertEquals(await upload(client, [["/a", "MINE"]], { again: true }), { 0: "/a_1" });
  assertEquals(["a", "a_1", "b", "b_1"].map((name) => textOf(server, name)), ["mine", "MINE", "another's", "mine"]);
  await client.close();
});

Deno.test("a symbolic link in the place of a file is followed as by an upload of its own", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  using outside = new TempFolder();
  plant(outside.path, { "secret": "untouched" });
  plant(server.dir, { "tree/real": "old" });
  Deno.symlinkSync("real", `${server.dir}/tree/link`);
  Deno.symlinkSync(`${outside.path}/secret`, `${server.dir}/tree/out`);
  plant(local.path, { "tree/link": "new", "tree/out": "new", "tree/plain": "p" });
  const { code, stderr, stdout } = await ftp(server, "upload", "-r", "tree", "--overwrite", { cwd: local.path });
  assertEquals([code, stdout.split(",")[0]], [1, "Sent 2 files"]);
  assertMatch(stderr, /tree\/out: .*outside|tree\/out: .*leads out/);
  assertEquals(textOf(server, "tree/real"), "new");
  assert(Deno.lstatSync(`${server.dir}/tree/link`).isSymlink);
  assertEquals(Deno.readTextFileSync(`${outside.path}/secret`), "untouched");
});

Deno.test("a pack of files that were asked for comes in their order, with what there is none of", async () => {
  await using server = await startServer();
  plant(server.dir, { "a": "1", "sub/b": "22", "large": pattern(200_000), "none": "" });
  const client = await connected(server);
  const paths = ["/sub/b", "/missing", "/a", "/sub", "/large", "/none", "/../x", "/a"];
  const pack = await client.downloadPack(paths);
  const got: string[] = [];
  while (await pack.fill()) {
    for (let file = pack.next(); file; file = pack.next()) {
      got.push(file instanceof CommandError ? file.code : new TextDecoder().decode(file.content));
    }
  }
  assertEquals(got, ["22", "not_found", "1", "is_folder", "changed", "", "outside", "1"]);
  const many = Array.from({ length: 257 }, () => "/a");
  await assertRejects(() => client.downloadPack(many), CommandError, "download_pack");
  assertEquals(await client.size("/a"), { size: 1, files: 1, folders: 0 }); // the connection lives on
  await client.close();
});

Deno.test("a pack of files is copied on the server; one that cannot be is told, and replaces nothing", async () => {
  await using server = await startServer();
  using outside = new TempFolder();
  outside.file("secret", "secret");
  plant(server.dir, { "a": "1", "run.sh": "2", "large": pattern(200_000), "taken": "old", "to": null, "sub/x": "3" });
  Deno.chmodSync(`${server.dir}/run.sh`, 0o755);
  for (const name of ["a", "run.sh"]) Deno.utimeSync(`${server.dir}/${name}`, LONG_AGO, LONG_AGO);
  Deno.symlinkSync(outside.path, `${server.dir}/out`);
  Deno.symlinkSync("a", `${server.dir}/link`);
  const client = await connected(server);
  const files = [
    ["/a", "/to/a"],
    ["/run.sh", "/to/run.sh"],
    ["/large", "/to/large"],
    ["/a", "/taken"],
    ["/none", "/to/none"],
    ["/out/secret", "/to/secret"],
    ["/a", "/out/a"],
    ["/sub", "/to/sub"],
    ["/link", "/to/link"],
    ["/a", "/to/../../a"],
    ["/a", "/to/a"],
  ].map(([from, to]) => ({ from, to }));
  const unusual = await client.copyPack(files);
  assertEquals(Object.fromEntries([...unusual].map(([at, { path, error }]) => [at, path ?? error!.code])), {
    2: "changed",
    3: "exists",
    4: "not_found",
    5: "outside",
    6: "outside",
    7: "is_folder",
    9: "outside",
    10: "exists",
  });
  assertEquals(paths(server.dir).filter((path) => path.startsWith("to/")), ["to/", "to/a", "to/link", "to/run.sh"]);
  assertEquals(["taken", "to/a", "to/link"].map((name) => textOf(server, name)), ["old", "1", "1"]);
  assertEquals(namesIn(outside.path), ["secret"]);
  const { mtime, mode } = Deno.statSync(`${server.dir}/to/run.sh`);
  assertEquals([mtime?.getTime(), mode! & 0o100], [MODIFIED, 0o100]);
  assertEquals(partialsIn(server.dir), []);
  await client.close();
  await server.stderr.waitFor("cp_pack");
  assertEquals(logged(server, "cp").length, files.length);
});

Deno.test("cp -r copies small files in packs, however long their paths, and large ones by themselves", async () => {
  await using server = await startServer();
  const deep = Array.from({ length: 6 }, () => "ü".repeat(100)).join("/");
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`t/${deep}/f${at}`, `${at}`]));
  plant(server.dir, { ...files, "t/large": pattern(300_000), "t/empty": "" });
  assertEquals((await ftp(server, "cp", "-r", "t", "copy")).code, 0);
  assertEquals(snapshot(`${server.dir}/copy`), snapshot(`${server.dir}/t`));
  assertEquals(logged(server, "cp_pack").length > 2, true);
});

Deno.test("files that grew beyond a pack since they were listed arrive all the same, both ways", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const files = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`tree/${at}`, pattern(at * 400, at + 1)]));
  plant(local.path, files); // from 0 to 240 kB: both sides of the limit
  assertEquals((await ftp(server, "upload", "-r", "tree", { cwd: local.path })).code, 0);
  assertEquals(snapshot(server.dir), snapshot(local.path));
  assertEquals((await ftp(server, "download", "-r", "tree", "copy", { cwd: local.path })).code, 0);
  assertEquals(snapshot(`${local.path}/copy`), snapshot(`${local.path}/tree`));
  assertEquals(namesIn(`${local.path}/copy`).filter(isPartialName), []);
});

Deno.test("a server for reading only says so for each file, and --stop-on-error and --sha256 do without packs", async () => {
  await using server = await startServer({ args: ["--read-only"] });
  await using writable = await startServer();
  using local = new TempFolder();
  plant(local.path, { "a": "1", "b": "2", "c": "3" });
  const refused = await ftp(server, "mput", "a", "b", "c", { cwd: local.path });
  assertEquals(refused.code, 1);
  assertEquals(refused.stderr.match(/reading only/g)?.length, 3);
  const stopped = await ftp(server, "mput", "a", "b", "c", "--stop-on-error", { cwd: local.path });
  assertEquals([stopped.code, stopped.stderr.match(/reading only/g)?.length], [1, 1]);
  assertEquals((await ftp(writable, "mput", "a", "b", "--sha256", { cwd: local.path })).code, 0);
  assertEquals([logged(writable, "upload").length, logged(writable, "upload_pack").length], [2, 0]);
});

/** Begins a pack of two files in a folder, and does something when the server has the first and waits for the second. */
async function pauseBetween(
  server: TestServer,
  folder: string,
  pause: () => void | Promise<void>,
  { partials = folder, collision = "overwrite" } = {},
): Promise<RawAnswer> {
  using client = await RawClient.greet(server);
  const packed: Uint8Array[] = [];
  for (const name of ["first", "second"]) {
    const file = {
      path: `${folder}/${name}`,
      content: new Uint8Array([1]),
      modified: 1000,
      mode: 0o644,
      failed: false,
    };
    const files = [file];
    const bytes = new Uint8Array(200);
    packed.push(bytes.subarray(0, await packSource(() => files.shift()).read(bytes)));
  }
  await client.frame(FrameKind.REQUEST, 1, { command: "upload_pack", collision }, FLAG_BODY);
  await client.frame(FrameKind.DATA, 1, packed[0]);
  await until(() => partialsIn(server.dir + partials).length === 1, "the first file's partial");
  await pause();
  await client.frame(FrameKind.DATA, 1, packed[1]);
  await client.frame(FrameKind.END, 1, endOf(new Uint8Array([...packed[0], ...packed[1]])));
  return await client.answer(1);
}

Deno.test("a new folder that became a link out in the middle of a pack leads nowhere", async () => {
  using top = new TempFolder();
  const [dir, outside] = [`${top.path}/served`, `${top.path}/outside`];
  plant(outside, { "second": "untouched" });
  plant(dir, { "outside/x": "harmless", "deep/x": "x" });
  Deno.symlinkSync("../outside", `${dir}/deep/link`); // moved up one level, it leads out
  await using server = await startServer({ dir });
  for (const collision of ["rename", "overwrite", "fail"]) {
    const other = await connected(server);
    await other.makeFolder("/new");
    const { body } = await pauseBetween(server, "/new", async () => {
      await other.removeFolder("/new");
      await other.move("/deep/link", "/new");
    }, { partials: "/", collision });
    const codes = new TextDecoder().decode(body).trim().split("\n").map((line) => JSON.parse(line).error?.code);
    assertEquals(codes, ["changed", "outside"]);
    assertEquals([namesIn(outside), namesIn(`${dir}/outside`), partialsIn(dir)], [["second"], ["x"], []]);
    assertEquals(Deno.readTextFileSync(`${outside}/second`), "untouched");
    Deno.renameSync(`${dir}/new`, `${dir}/deep/link`);
    await other.close();
  }
});

Deno.test("a folder that is exchanged in the middle of a pack leads nowhere else", async () => {
  await using server = await startServer();
  using outside = new TempFolder();
  plant(outside.path, { "second": "untouched" });
  plant(server.dir, { "d/t": null, "f": null });
  Deno.symlinkSync(outside.path, `${server.dir}/f/t`);
  // All that a second client could do as well.
  await pauseBetween(server, "/d/t", () => {
    Deno.renameSync(`${server.dir}/d`, `${server.dir}/d2`);
    Deno.renameSync(`${server.dir}/f`, `${server.dir}/d`);
  });
  assertEquals(namesIn(outside.path), ["second"]);
  assertEquals(Deno.readTextFileSync(`${outside.path}/second`), "untouched");
});

Deno.test("a pipe that takes the place of a folder in the middle of a pack holds up nobody", async () => {
  await using server = await startServer();
  const other = await connected(server);
  for (const [folder, partials] of [["/old", "/old"], ["/new", "/"]]) {
    if (folder === "/old") Deno.mkdirSync(server.dir + folder); // not by the server, which does as with any other
    else await other.makeFolder(folder);
    new Deno.Command("mkfifo", { args: [`${server.dir}/pipe`] }).outputSync();
    const { body } = await pauseBetween(server, folder, async () => {
      await other.move(folder, `${folder}-moved`);
      await other.move("/pipe", folder);
    }, { partials });
    assertMatch(new TextDecoder().decode(body), /"code"/);
    assertEquals((await other.stat(folder)).kind, "other");
  }
  assertEquals(partialsIn(server.dir), []);
  await other.close();
});

Deno.test("packs that are canceled leave no folder open", async () => {
  await using server = await startServer({ args: ["--no-fsync"] });
  plant(server.dir, Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index % 10}/${index}`, "x"])));
  const files = Array.from({ length: 100 }, (_, index) => `/f${index % 10}/${index}`);
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.greet(server)));
    for (const [at, client] of clients.entries()) {
      for (let id = 1; id <= 20; id++) {
        await client.frame(FrameKind.REQUEST, id, { command: "download_pack", paths: files });
      }
      if (at % 2 === 0) { for (let id = 1; id <= 20; id++) await client.frame(FrameKind.CANCEL, id); }
    }
    await Promise.all(clients.map((client) => client.next()));
    for (const client of clients) client[Symbol.dispose]();
  }
  await until(() => openBelow(server.dir, server.pid) === 0, "all folders are closed");
});

Deno.test("a path that no file system takes, and a file that says that it is none, are refused within bounds", async () => {
  await using server = await startServer();
  const client = await connected(server);
  const long = `/${"\u0001".repeat(60_000)}`;
  assertEquals(await upload(client, [[long, "x"], ["/good", "1"]]), { 0: "name_too_long" });
  const file = { path: "/bad", content: new Uint8Array(1), modified: 0, mode: 0o644, failed: true };
  const files = [file];
  const error = await assertRejects(() => client.uploadPack(() => files.shift()), CommandError);
  assertEquals(error.code, "bad_request");
  assertEquals(namesIn(server.dir), ["good"]);
  await client.close();
});

Deno.test("what could not be asked for any more is not stored, and what just can be is removed with its folder", async () => {
  await using server = await startServer();
  const client = await connected(server);
  // The root, a slash, parts of 200 and a slash, and a name: 4096 bytes with the zero behind it.
  const root = Deno.realPathSync(server.dir).length + 1;
  const parts = Array.from({ length: Math.floor((4096 - root - 10) / 201) }, (_, at) => `${at % 10}`.repeat(200));
  for (let depth = 1; depth <= parts.length; depth++) await client.makeFolder(`/${parts.slice(0, depth).join("/")}`);
  const folder = `/${parts.join("/")}`;
  const longest = "n".repeat(4096 - 1 - root - folder.length);
  const [fits, long] = [`${folder}/${longest}`, `${folder}/${longest}n`];
  assertEquals(await upload(client, [[fits, "1"], [long, "2"]]), { 1: "name_too_long" });
  const source = { size: 1, read: () => 1 };
  for (
    const refused of [
      () => client.upload(long, source),
      () => client.makeFolder(long),
      () => client.copy(fits, long),
      () => client.move(fits, long),
    ]
  ) {
    assertEquals((await assertRejects(refused, CommandError)).code, "name_too_long");
  }
  assertEquals((await client.list(folder, { hidden: true })).map(({ name }) => name), [longest]);
  const removed = await client.remove(`/${parts[0]}`, { recursive: true });
  assertEquals(removed, { files: 1, folders: parts.length - 1 });
  assertEquals(namesIn(server.dir), []);
  await client.close();
});

for (const down of [false, true]) {
  const name = down ? "download -r" : "upload -r";
  Deno.test(`Ctrl-C in the middle of a pack of ${name}: what is there is whole, and the next run has the rest`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    const files = Object.fromEntries(
      Array.from({ length: 600 }, (_, at) => [`tree/${at}`, pattern(16 * 1024, at + 1)]),
    );
    const [from, to] = down ? [server.dir, local.path] : [local.path, server.dir];
    plant(from, files);
    // In the eighth pack: more is left then than the buffers of the system take before the signal is there.
    const hold = new Hold(3_850_000);
    // ftp is faster with the rest than with the signal: it gets no more of the server's before it has said that it cancels.
    const canceled = Promise.withResolvers<void>();
    let killed = false;
    await using relay = new Relay(server, {
      up: async (frame) => {
        if (frame.kind === FrameKind.CANCEL) canceled.resolve();
        if (!down) await hold.meddle(frame);
      },
      down: async (frame) => {
        if (down) await hold.meddle(frame);
        if (killed) await canceled.promise;
      },
    });
    const child = startFtp([relay.address, ...name.split(" "), "tree"], { cwd: local.path });
    await hold.reached;
    await until(() => {
      const partials = paths(to).filter((path) => path.endsWith(".partial")).length;
      return partials > 0 && paths(to).length - partials > 200;
    }, "seven packs, and a part of the eighth");
    child.kill("SIGINT");
    killed = true;
    hold.release();
    const { code, stdout, stderr } = await end(child);
    assertEquals([code, stdout.split(" ")[0]], [130, down ? "Fetched" : "Sent"]);
    assertMatch(stderr, /^\d+ of 600 files were done; sync moves what is missing, and nothing twice\nftp: canceled\n$/);
    await server.stderr.waitFor(/ left client=/);
    const whole = new Set(snapshot(from));
    assertEquals(snapshot(to).filter((line) => !whole.has(line)), []);
    const missing = whole.size - snapshot(to).length;
    assert(missing > 100 && missing < 500, `${missing} files are missing`);
    const args = down ? ["sync", "--down", "tree", "tree"] : ["sync", "tree", "tree"];
    const { code: done, stdout: summary } = await ftp(server, ...args, { cwd: local.path });
    assertEquals(done, 0);
    assertMatch(summary, new RegExp(`Copied ${missing} files`));
    assertEquals(snapshot(to), snapshot(from));
  });
}

Deno.test("a pack whose answer was lost, and which is refused the second time, leaves no file there twice", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(local.path, { a: "1", b: "22", c: "333" });
  let [packs, answers, spoilt] = [0, 0, 0];
  await using relay = new Relay(server, {
    up: ({ kind, payload }) => {
      if (kind === FrameKind.REQUEST && new TextDecoder().decode(payload).includes("upload_pack")) packs++;
      if (kind === FrameKind.DATA && packs === 2 && ++spoilt === 1) payload[payload.length - 1] ^= 1;
    },
    down: ({ kind }) => {
      if (kind === FrameKind.REPLY && packs === 1 && ++answers === 1) throw new Error("the line is cut");
    },
  });
  const { code, stdout, stderr } = await ftp(relay.address, "mput", "a", "b", "c", { cwd: local.path });
  assertEquals([code, packs], [0, 2], stderr);
  assertMatch(stdout, /^Sent 3 files, /);
  assertEquals(namesIn(server.dir), ["a", "b", "c"]);
});
