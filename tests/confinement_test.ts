/**
 * Nobody gets out of the served folder: raw requests as an attacker would send them, and the real `ftp`.
 */

import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { type Client, CommandError, connect } from "../client/client.ts";
import { DiskError } from "../disk/errors.ts";
import { exists } from "../disk/exists.ts";
import { newPartialName } from "../disk/names.ts";
import { FrameKind } from "../protocol/frame.ts";
import { LocalStorage } from "../server/storage/local.ts";
import { namesIn } from "./support/files.ts";
import { testUnless } from "./support/machine.ts";
import { ftp, startServer } from "./support/programs.ts";
import { endOf, type RawAnswer, RawClient, utf8 } from "./support/raw_client.ts";
import { TempFolder } from "./support/temp_folder.ts";

const TOKEN = "0123456789abcdef".repeat(2);
const RUN = "fedcba9876543210";
const PARTIAL = newPartialName({ token: TOKEN, run: RUN });
const SECRET = "nobody may read this";

/** A served folder with something outside that is worth stealing. */
class Area extends TempFolder {
  readonly root = `${this.path}/root`;
  readonly outside = `${this.path}/outside`;

  constructor() {
    super();
    this.file("outside/secret.txt", SECRET);
    this.file("outside/folder/deep.txt", SECRET);
    this.file("root/plain.txt", "plain");
    this.file("root/sub/in.txt", "inside");
  }

  /** Makes a symbolic link in the served folder. */
  link(name: string, target: string): void {
    Deno.symlinkSync(target, `${this.root}/${name}`);
  }

  /** Everything outside the served folder, the names beside it included, as one value. */
  beyond(): string[] {
    return tree(this.path).filter((line) => !line.startsWith("root/"));
  }
}

Deno.test("a path that is not one inside the served folder is refused by every command", async () => {
  using area = new Area();
  const paths: Record<string, string | string[]> = {
    "/..": "outside",
    "/../outside/secret.txt": "outside",
    "/../root/plain.txt": "outside",
    "/sub/../../outside/secret.txt": "outside",
    "/sub/..": "outside",
    "/sub/../plain.txt": "outside",
    "/missing/../../outside": "outside",
    "": "bad_path",
    ".": "bad_path",
    "..": "bad_path",
    "plain.txt": "bad_path",
    "../outside/secret.txt": "bad_path",
    "C:\\plain.txt": "bad_path",
    "\\plain.txt": "bad_path",
    "~/plain.txt": "bad_path",
    "file:///etc/passwd": "bad_path",
    "//": "bad_path",
    "//etc/passwd": "bad_path",
    "/sub//in.txt": "bad_path",
    "/sub/": "bad_path",
    "/.": "bad_path",
    "/./plain.txt": "bad_path",
    "/sub/./in.txt": "bad_path",
    "/\0": "bad_path",
    "/plain.txt\0.png": "bad_path",
    "/sub\0/in.txt": "bad_path",
    "/\ud800": "bad_path",
    "/plain.txt\udc00": "bad_path",
    [`/${PARTIAL}`]: "bad_path",
    [`/sub/${PARTIAL}`]: "bad_path",
    [`/${PARTIAL}/in.txt`]: "bad_path",
    [`/${"n".repeat(256)}`]: "name_too_long",
    [`/sub/${"ü".repeat(128)}`]: "name_too_long",
    [`/${"n".repeat(256)}/in.txt`]: "name_too_long",
    ["/sub".repeat(1100)]: ["name_too_long", "not_found"],
    [`/${"n".repeat(60_000)}`]: "name_too_long",
    [`/${'"\x1b'.repeat(8_000)}`]: "name_too_long",
  };
  await refusedEverywhere(area, paths);
});

Deno.test("a link that leads out is refused by every command, as the thing itself and as a folder on the way", async () => {
  using area = new Area();
  area.link("file", `${area.outside}/secret.txt`);
  area.link("folder", area.outside);
  area.link("relative-file", "../outside/secret.txt");
  area.link("relative-folder", "../outside");
  area.link("sub/up", "../..");
  area.link("parent", "..");
  area.link("chain", "link-2");
  area.link("link-2", "sub/link-3");
  area.link("sub/link-3", "../file");
  area.link("folder-chain", "sub/folder-link");
  area.link("sub/folder-link", "../folder");
  area.link("filesystem", "/");
  area.link("process", "/proc/self");
  area.link("null", "/dev/null");
  area.link("sibling", `${area.root}-2`);
  Deno.mkdirSync(`${area.root}-2`);
  const paths = [
    ...["/file", "/folder", "/relative-file", "/relative-folder", "/sub/up", "/parent", "/chain", "/folder-chain"],
    ...["/filesystem", "/process", "/null", "/sibling", "/folder/secret.txt", "/relative-folder/secret.txt"],
    ...["/folder/folder", "/folder/folder/deep.txt", "/sub/up/outside/secret.txt", "/parent/outside/secret.txt"],
    ...["/folder-chain/secret.txt", "/filesystem/etc/passwd", "/process/environ", "/process/root/etc/passwd"],
    ...["/parent/root/plain.txt/..", "/sibling/new.txt", "/file/x", "/null/x"],
  ];
  await refusedEverywhere(area, Object.fromEntries(paths.map((path) => [path, "outside"])));
});

Deno.test("whether something exists behind a link that leads out is not given away", async () => {
  using area = new Area();
  area.link("folder", "../outside");
  area.link("sub/up", "../..");
  const paths = ["/folder/secret.txt", "/folder/nothing", "/folder/nothing/at/all", "/folder/secret.txt/x"];
  paths.push("/sub/up/outside", "/sub/up/nothing", `/folder/${"n".repeat(256)}`);
  await refusedEverywhere(area, Object.fromEntries(paths.map((path) => [path, "outside"])));
});

Deno.test("a link that leads nowhere or in a circle is refused by every command", async () => {
  using area = new Area();
  area.link("dangling-out", "../outside/missing");
  area.link("dangling-in", "missing");
  area.link("circle", "circle-2");
  area.link("circle-2", "circle");
  area.link("itself", "itself");
  const circles = ["/circle", "/itself", "/circle/x", "/itself/x"];
  await refusedEverywhere(area, Object.fromEntries(circles.map((path) => [path, "outside"])));
  for (const path of ["/dangling-out", "/dangling-in", "/dangling-out/x", "/dangling-in/x"]) {
    await refusedEverywhere(area, { [path]: ["outside", "not_found"] });
  }
  assert(!exists(`${area.outside}/missing`) && !exists(`${area.root}/missing`));
});

Deno.test("a listing shows links that lead out as links, and nothing of what they lead to", async () => {
  using area = new Area();
  area.file("outside/big", "x".repeat(4711));
  area.link("file", "../outside/big");
  area.link("folder", "../outside");
  area.link("dangling", "missing");
  area.link("circle", "circle");
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  const { body } = await client.ask("ls", { path: "/", recursive: true, hidden: true });
  const entries = lines(body);
  assertEquals(entries.map(({ name }) => name).sort(), [
    ...["circle", "dangling", "file", "folder", "plain.txt", "sub", "sub/in.txt"],
  ]);
  for (const { name, kind, size, link } of entries) {
    if (["circle", "dangling", "file", "folder"].includes(name)) {
      assertEquals({ kind, size, link }, { kind: "link", size: 0, link: true }, name);
    }
  }
  const shown = await ftp(server, "ls", "-l");
  assertEquals(shown.code, 0);
  assertMatch(shown.stdout, /^link .* file@$/m);
  assert(!shown.stdout.includes("4711"));
  const { reply } = await client.ask("size", { path: "/" });
  assertEquals(reply, { size: "plain".length + "inside".length, files: 6, folders: 1 });
});

Deno.test("rm -r of a folder deletes the links in it and nothing behind them", async () => {
  using area = new Area();
  area.file("root/doomed/deep/file.txt", "x");
  area.link("doomed/out-file", "../../outside/secret.txt");
  area.link("doomed/deep/out-folder", area.outside);
  area.link("doomed/in-folder", "../sub");
  area.link("doomed/dangling", "nothing");
  area.link("doomed/circle", "circle");
  const before = area.beyond();
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  const { reply } = await client.ask("rm", { path: "/doomed", recursive: true });
  assertEquals(reply, { files: 6, folders: 1 });
  assertEquals(tree(area.root), ["plain.txt plain", "sub/", "sub/in.txt inside"]);
  assertEquals(area.beyond(), before);
});

Deno.test("only of a link whose target is missing it is said that it leads nowhere", async () => {
  using area = new Area();
  area.link("dangling", "nothing");
  area.link("long", "n".repeat(300));
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  const { code, message } = await client.ask("stat", { path: "/dangling" });
  assertEquals([code, message], ["outside", '"/dangling" is a symbolic link that leads nowhere']);
  assertEquals((await client.ask("stat", { path: "/long" })).code, "name_too_long");
});

Deno.test("a link is removed, and moved, itself, wherever it leads", async () => {
  using area = new Area();
  const links = {
    file: "../outside/secret.txt",
    folder: area.outside,
    parent: "..",
    dangling: "nothing",
    circle: "circle",
  };
  for (const [name, to] of Object.entries(links)) {
    area.link(name, to);
    area.link(`sub/${name}`, to);
  }
  const before = area.beyond();
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  for (const name of Object.keys(links)) {
    assertEquals((await client.ask("rmdir", { path: `/${name}` })).code, "not_folder");
    await succeeds(client.ask("mv", { from: `/${name}`, to: `/moved-${name}` }), { path: `/moved-${name}` });
    await succeeds(client.ask("rm", { path: `/moved-${name}`, recursive: true }), { files: 1, folders: 0 });
    await succeeds(client.ask("rm", { path: `/sub/${name}` }), { files: 1, folders: 0 });
  }
  assertEquals(tree(area.root), ["plain.txt plain", "sub/", "sub/in.txt inside"]);
  assertEquals(area.beyond(), before);
});

Deno.test("links that stay inside work for every command", async () => {
  using area = new Area();
  area.link("file", "sub/in.txt");
  area.link("absolute", `${area.root}/sub/in.txt`);
  area.link("there-and-back", "../root/sub/in.txt");
  area.link("chain", "file");
  area.link("folder", "sub");
  await using server = await startServer({ dir: area.root, args: ["--no-fsync"] });
  using client = await RawClient.greet(server);
  const text = async (path: string) => decode((await client.ask("download", { path })).body);

  for (const path of ["/file", "/absolute", "/there-and-back", "/chain", "/folder/in.txt"]) {
    assertEquals(await text(path), "inside", path);
    const { entry } = (await client.ask("stat", { path })).reply;
    assertEquals([entry.kind, entry.size, entry.link], ["file", 6, path !== "/folder/in.txt"], path);
  }
  assertEquals(lines((await client.ask("ls", { path: "/folder" })).body).map(({ name }) => name), ["in.txt"]);
  assertEquals((await client.ask("size", { path: "/folder" })).reply, { size: 6, files: 1, folders: 0 });

  await succeeds(client.ask("upload", { path: "/folder/new.txt" }, utf8("new")), { path: "/folder/new.txt", size: 3 });
  assertEquals(Deno.readTextFileSync(`${area.root}/sub/new.txt`), "new");
  await succeeds(client.ask("upload", { path: "/chain", collision: "overwrite" }, utf8("through")));
  assertEquals(Deno.readTextFileSync(`${area.root}/sub/in.txt`), "through");
  assert(Deno.lstatSync(`${area.root}/chain`).isSymlink && Deno.lstatSync(`${area.root}/file`).isSymlink);
  const { code } = await client.ask("upload", { path: "/chain", collision: "fail" }, utf8("no"));
  assertEquals(code, "exists");
  for (const path of ["/file", "/folder"]) {
    const { reply } = await client.ask("upload", { path, collision: "rename" }, utf8(`beside ${path}`));
    assertNotEquals(reply.path, path);
    assertEquals(await text(reply.path), `beside ${path}`, "the path in the answer is where the file is");
  }
  assertEquals((await client.ask("upload", { path: "/folder", collision: "overwrite" }, utf8("no"))).code, "is_folder");

  await succeeds(client.ask("mkdir", { path: "/folder/made" }));
  assert(Deno.statSync(`${area.root}/sub/made`).isDirectory);
  await succeeds(client.ask("rmdir", { path: "/folder/made" }));
  assertEquals((await client.ask("rmdir", { path: "/folder" })).code, "not_folder");
  assertEquals((await client.ask("mkdir", { path: "/folder" })).code, "exists");
  assertEquals((await client.ask("mv", { from: "/plain.txt", to: "/file" })).code, "exists");
  assertEquals((await client.ask("mv", { from: "/sub", to: "/folder" })).code, "exists");
  await succeeds(client.ask("mv", { from: "/chain", to: "/moved" }));
  assertEquals(await text("/moved"), "through");

  await succeeds(client.ask("rm", { path: "/file" }), { files: 1, folders: 0 });
  await succeeds(client.ask("rm", { path: "/folder", recursive: true }), { files: 1, folders: 0 });
  assertEquals(Deno.readTextFileSync(`${area.root}/sub/in.txt`), "through");
});

Deno.test("the served folder itself cannot be removed, moved or replaced", async () => {
  using area = new Area();
  const before = tree(area.path);
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  const codes: Record<string, string | undefined> = {};
  for (const [name, operation] of Object.entries(OPERATIONS)) codes[name] = (await operation(client, "/")).code;
  assertEquals(codes, {
    stat: undefined,
    ls: undefined,
    "ls -R": undefined,
    size: undefined,
    download: "is_folder",
    "upload rename": "exists",
    "upload overwrite": "exists",
    "upload fail": "exists",
    rm: "denied",
    "rm -r": "denied",
    mkdir: "exists",
    rmdir: "denied",
    "mv from": "denied",
    "mv to": "exists",
    "download offset": "is_folder",
    "upload offset": "exists",
    resume: "exists",
    blocks: "is_folder",
    "checksum sha256": "is_folder",
    "checksum crc32": "is_folder",
    "cp from": "is_folder",
    "cp to": "exists",
    df: undefined,
    folder_digests: undefined,
    touch: "denied",
  });
  assertEquals(tree(area.path), before);
});

Deno.test("a link to the served folder itself is no way to put anything beside it", async () => {
  using area = new Area();
  area.link("self", ".");
  area.link("root", "../root");
  area.link("sub/top", "..");
  area.file("root/other/x");
  const before = area.beyond();
  await using server = await startServer({ dir: area.root, args: ["--no-fsync"] });
  using client = await RawClient.greet(server);
  for (const path of ["/self", "/root", "/sub/top", "/self/self", "/sub/top/root"]) {
    for (const collision of ["rename", "overwrite", "fail"]) {
      const { reply } = await client.ask("upload", { path, collision }, utf8("beside"));
      assertEquals(area.beyond(), before, `${path} ${collision}`);
      if (reply) assertEquals(decode((await client.ask("download", { path: reply.path })).body), "beside");
    }
    assertEquals((await client.ask("mkdir", { path })).code, "exists");
    assertEquals((await client.ask("mv", { from: "/plain.txt", to: path })).code, "exists");
    assertEquals((await client.ask("mv", { from: "/other", to: path })).code, "exists");
    assert((await client.ask("rmdir", { path })).code);
  }
  const { body } = await client.ask("ls", { path: "/", recursive: true });
  assert(lines(body).length < 50, "a listing does not walk in circles");
  await succeeds(client.ask("rm", { path: "/sub/top", recursive: true }), { files: 1, folders: 0 });
  assertEquals(Deno.readTextFileSync(`${area.root}/plain.txt`), "plain");
  assertEquals(area.beyond(), before);
});

Deno.test("a backslash is a character like any other", async () => {
  using area = new Area();
  const before = area.beyond();
  await using server = await startServer({ dir: area.root, args: ["--no-fsync"] });
  using client = await RawClient.greet(server);
  for (const path of ["/..\\outside\\secret.txt", "/sub\\in.txt", "/sub/..\\..\\outside"]) {
    assertEquals((await client.ask("download", { path })).code, "not_found");
    await succeeds(client.ask("upload", { path }, utf8("x")), { path, size: 1 });
    assert(Deno.lstatSync(`${area.root}${path}`).isFile);
  }
  assertEquals(area.beyond(), before);
});

Deno.test("the real path of something outside names nothing inside", async () => {
  using area = new Area();
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  for (const path of [`${area.outside}/secret.txt`, `${area.root}/plain.txt`, "/etc/passwd", "/etc"]) {
    assertEquals((await client.ask("stat", { path })).code, "not_found", path);
    assertEquals((await client.ask("download", { path })).code, "not_found", path);
    assertEquals((await client.ask("upload", { path: `${path}/x` }, utf8("x"))).code, "not_found", path);
  }
});

Deno.test("an error never tells where on the disk the served folder is", async () => {
  using area = new Area();
  area.link("out", "../outside");
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  for (const path of ["/out", "/missing", "/plain.txt/x", "/sub", `/${"n".repeat(300)}`, "/", "/plain.txt"]) {
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      if (["/plain.txt", "/out"].includes(path) && name.startsWith("rm")) continue;
      const { message } = await operation(client, path);
      assert(!message?.includes(area.path), message);
      if (name === "mv from" && !message) await client.ask("mv", { from: "/moved", to: path });
      if (name === "cp from" && !message) await client.ask("rm", { path: "/copied" });
    }
  }
});

Deno.test("partial files are not listed, not counted and cannot be asked for", async () => {
  using area = new Area();
  area.file(`root/${PARTIAL}`, "left behind");
  area.file(`root/sub/${PARTIAL}`, "left behind");
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  await refusedEverywhere(area, { [`/${PARTIAL}`]: "bad_path", [`/sub/${PARTIAL}`]: "bad_path" });
  const listed = () => client.ask("ls", { path: "/", recursive: true, hidden: true });
  const names = ["plain.txt", "sub", "sub/in.txt"];
  assertEquals(lines((await listed()).body).map(({ name }) => name).sort(), names);
  assertEquals((await client.ask("size", { path: "/" })).reply.files, 2);

  // And so is one that is being written.
  using uploader = await RawClient.greet(server);
  await uploader.frame(FrameKind.REQUEST, 1, { command: "upload", path: "/new.txt" }, 1);
  await uploader.frame(FrameKind.DATA, 1, utf8("half"));
  await uploader.frame(FrameKind.PING, 0);
  assertEquals((await uploader.next())?.kind, FrameKind.PONG);
  assertEquals([...Deno.readDirSync(area.root)].filter(({ name }) => name.startsWith(".connme-")).length, 2);
  assertEquals(lines((await listed()).body).map(({ name }) => name).sort(), names);
  await uploader.frame(FrameKind.END, 1, endOf(utf8("half")));
  assertEquals((await uploader.answer(1)).reply, { path: "/new.txt", size: 4 });
  assertEquals(lines((await listed()).body).map(({ name }) => name).sort(), ["new.txt", ...names]);
});

Deno.test("pipes, sockets and devices are shown and can be deleted, but are never opened", async () => {
  using area = new Area();
  await new Deno.Command("mkfifo", { args: [`${area.root}/pipe`] }).output();
  using _socket = Deno.listen({ transport: "unix", path: `${area.root}/socket` });
  const names = ["pipe", "socket"];
  // Only root may make a device.
  const device = await new Deno.Command("mknod", { args: [`${area.root}/device`, "c", "1", "5"] }).output();
  if (device.success) names.push("device");
  area.link("to-pipe", "pipe");
  await using server = await startServer({ dir: area.root, args: ["--no-fsync"] });
  using client = await RawClient.greet(server);
  const kinds = new Map(lines((await client.ask("ls", { path: "/" })).body).map(({ name, kind }) => [name, kind]));
  for (const name of [...names, "to-pipe"]) {
    const path = `/${name}`;
    assertEquals(kinds.get(name), "other");
    assertEquals((await client.ask("stat", { path })).reply.entry.kind, "other", name);
    assertEquals((await client.ask("size", { path })).reply, { size: 0, files: 1, folders: 0 }, name);
    assertEquals((await client.ask("download", { path })).code, "denied", name);
    assertEquals((await client.ask("ls", { path })).code, "not_folder", name);
    assertEquals((await client.ask("ls", { path: `${path}/x` })).code, "not_folder", name);
    assertEquals((await client.ask("upload", { path, collision: "fail" }, utf8("x"))).code, "exists", name);
    const { reply } = await client.ask("upload", { path }, utf8("beside"));
    assertNotEquals(reply.path, path);
  }
  const run = await ftp(server, "download", "pipe", { cwd: area.outside });
  assertEquals(run.code, 1);
  assertMatch(run.stderr, /^ftp: .*neither a file nor a folder\n$/);
  // Overwriting puts a file in its place and writes nothing into it.
  await succeeds(client.ask("upload", { path: "/pipe", collision: "overwrite" }, utf8("now a file")));
  assertEquals(Deno.readTextFileSync(`${area.root}/pipe`), "now a file");
  await succeeds(client.ask("rm", { path: "/socket" }));
});

const noSystem = Deno.build.os === "linux" ? undefined : "there are no /dev/shm and /proc";
testUnless(
  noSystem,
  "where all of a machine is served, what its system shows of itself is not, nor through links",
  async () => {
    using area = new TempFolder();
    // Of the folders out of bounds the only one that anybody may write to.
    using system = new TempFolder("/dev/shm");
    system.file("secret.txt", SECRET);
    area.file("in.txt", "inside");
    Deno.symlinkSync(system.path, `${area.path}/link`);
    Deno.symlinkSync("/proc/self", `${area.path}/process`);
    const storage = new LocalStorage("/", { sync: false });
    const path = (text: string) => text.split("/").slice(1);
    const into = new Uint8Array(1000);
    const options = { modified: 0, mode: 0o644 };
    const { signal } = new AbortController();
    for (const folder of [system.path, `${area.path}/link`]) {
      const [there, fresh] = [path(`${folder}/secret.txt`), path(`${folder}/new`)];
      const refused: Record<string, () => unknown> = {
        stat: () => storage.stat(there),
        open: () => storage.open(there),
        read: () => storage.reader().read(there, into),
        list: () => Array.fromAsync(storage.list(path(folder), { recursive: false, hidden: true })),
        usage: () => storage.usage(path(folder), signal),
        create: () => storage.create(fresh, { collision: "rename", offset: 0 }),
        store: () => storage.store({ collision: "overwrite", again: false }).add(fresh, utf8("x"), options),
        makeFolder: () => storage.makeFolder(fresh),
        move: () => storage.move(path(`${area.path}/in.txt`), fresh),
        "move away": () => storage.move(there, path(`${area.path}/stolen`)),
        copy: () => storage.copy(there, path(`${area.path}/stolen`), signal),
        remove: () => storage.remove(there, { recursive: false, signal }),
        touch: () => storage.touch(there, { before: 0, modified: 0, mode: 0o600 }),
        room: () => storage.room(there),
      };
      for (const [what, work] of Object.entries(refused)) {
        const error = await assertRejects(async () => void await work(), DiskError, "out of bounds");
        assertEquals([what, error.code], [what, "denied"]);
      }
    }
    await assertRejects(() => storage.remove(["dev"], { recursive: true, signal }), DiskError, "out of bounds");
    // Not under another name either, nor beside it.
    const beside = Promise.resolve().then(() => storage.create(["proc"], { collision: "rename", offset: 0 }));
    await assertRejects(() => beside, DiskError, "out of bounds");
    const pack = storage.store({ collision: "rename", again: false });
    assertThrows(() => pack.add(["proc"], utf8("x"), options), DiskError, "out of bounds");
    assertThrows(() => storage.open(path(`${area.path}/process/environ`)), DiskError, "out of bounds");
    const listed = (await Array.fromAsync(storage.list(path(area.path), { recursive: true, hidden: true }))).flat();
    assertEquals(listed.map(({ name, kind }) => `${name}: ${kind}`).sort(), [
      "in.txt: file",
      "link: link",
      "process: link",
    ]);
    assertEquals([namesIn(system.path), Deno.readTextFileSync(`${system.path}/secret.txt`)], [["secret.txt"], SECRET]);
    // What is not out of bounds is served.
    const reader = storage.reader();
    const file = reader.read(path(`${area.path}/in.txt`), into);
    reader.close();
    assertEquals(file === "too large" ? file : decode(file.content), "inside");
  },
);

Deno.test("a listing that waits for its reader does not follow a folder that became a link out", async () => {
  using area = new Area();
  area.file("root/outside/harmless.txt", "x");
  // A path so long that some names below it fill all socket buffers: each of its bytes is six in JSON.
  const deep = `/${"\x01".repeat(250)}`.repeat(10);
  for (let i = 0; i < 800; i++) area.file(`root${deep}/${i}`);
  const victims = Array.from({ length: 20 }, (_, at) => `${deep}/victim-${at}`);
  for (const [at, path] of victims.entries()) {
    area.file(`root${path}/harmless.txt`);
    // It leads to the folder in the served one; moved up one level, to the one beside that.
    area.file(`root${deep}/links/x`);
    area.link(`${deep}/links/${at}`, `${"../".repeat(11)}outside`);
  }
  await using server = await startServer({ dir: area.root });
  using slow = await RawClient.greet(server);
  await slow.frame(FrameKind.REQUEST, 1, { command: "ls", path: "/", recursive: true });
  assertEquals((await slow.next())?.kind, FrameKind.REPLY);
  using client = await RawClient.greet(server);
  for (const [at, path] of victims.entries()) {
    await succeeds(client.ask("mv", { from: path, to: `/was-${at}` }));
    await succeeds(client.ask("mv", { from: `${deep}/links/${at}`, to: path }));
  }
  const names = decode((await slow.answer(1)).body);
  assert(names.includes("outside/harmless.txt"), "the listing went to its end");
  assert(!names.includes("secret.txt"));
});

Deno.test("an upload whose folder became a link out is refused and leaves nothing there", async () => {
  using area = new Area();
  area.file("root/outside/harmless.txt", "x");
  area.file("root/victim/harmless.txt", "x");
  area.file("root/deep/x", "x");
  area.link("deep/link", "../outside");
  const before = area.beyond();
  await using server = await startServer({ dir: area.root });
  for (const collision of ["rename", "overwrite", "fail"]) {
    using slow = await RawClient.greet(server);
    await slow.frame(FrameKind.REQUEST, 1, { command: "upload", path: "/victim/new.txt", collision }, 1);
    await slow.frame(FrameKind.DATA, 1, utf8("x"));
    await slow.frame(FrameKind.PING, 0);
    assertEquals((await slow.next())?.kind, FrameKind.PONG);
    using client = await RawClient.greet(server);
    await succeeds(client.ask("mv", { from: "/victim", to: "/elsewhere" }));
    await succeeds(client.ask("mv", { from: "/deep/link", to: "/victim" }));
    await slow.frame(FrameKind.END, 1, endOf(utf8("x")));
    assert((await slow.answer(1)).code, "it is refused");
    assertEquals(area.beyond(), before);
    Deno.renameSync(`${area.root}/victim`, `${area.root}/deep/link`);
    Deno.renameSync(`${area.root}/elsewhere`, `${area.root}/victim`);
  }
});

for (const workers of [1, 3]) {
  const threads = workers > 1 ? `, with ${workers} threads` : "";
  Deno.test(`packs and folders that are asked for while a link out takes a folder's place stay inside${threads}`, async () => {
    using area = new Area();
    area.file("root/outside/secret.txt", "harmless");
    area.file("root/deep/up/secret.txt", "harmless");
    area.file("root/sub/deep/x", "x");
    area.link("sub/deep/up", "../../outside"); // inside; moved up one level, it leads out
    const before = area.beyond();
    await using server = await startServer({ dir: area.root, args: ["--no-fsync", "--workers", `${workers}`] });
    const clients = await Promise.all(
      Array.from({ length: workers }, () => connect({ hostname: "127.0.0.1", port: server.port })),
    );
    const [mover] = clients;
    let got = 0;
    const ask = async (client: Client, name: string) => {
      const content = new Uint8Array([1]);
      const files = [{ path: `/deep/up/${name}`, content, modified: 0, mode: 0o644, failed: false }];
      const pack = await client.downloadPack(["/deep/up/secret.txt"]);
      while (await pack.fill()) {
        for (let file = pack.next(); file !== undefined; file = pack.next()) {
          if (file instanceof CommandError) continue;
          got++;
          assertNotEquals(new TextDecoder().decode(file.content), SECRET);
        }
      }
      await Promise.allSettled([
        client.uploadPack(() => files.pop()),
        client.makeFolder(`/deep/up/${name}-folder`),
      ]);
    };
    const swap = (from: string, to: string, back: string) => [
      mover.move(from, to).catch(() => {}),
      mover.move(back, from).catch(() => {}),
    ];
    for (let round = 0; round < 150; round++) {
      const asked = (when: string) => clients.map((client, at) => ask(client, `${round}-${when}-${at}`));
      await Promise.all([
        ...asked("before"),
        ...swap("/deep", "/away", "/sub/deep"),
        ...asked("during"),
        ...swap("/deep", "/sub/deep", "/away"),
        ...asked("after"),
      ]);
    }
    assert(got > 0);
    assertEquals(area.beyond(), before);
    await Promise.all(clients.map((client) => client.close()));
  });
}

Deno.test("a nest of folders too deep for any path cannot bring the server down", async () => {
  using area = new Area();
  using _nest = new Nest(`${area.root}/nest`, 3000);
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  // Of what has a longer path than the system takes nobody knows how large it is.
  assertEquals((await client.ask("size", { path: "/nest" })).code, "denied");
  // Whatever needs stack for each level succeeds here, and takes the process with it where it is deep enough.
  assertEquals((await client.ask("rm", { path: "/nest", recursive: true })).code, "name_too_long");
  assertEquals(decode((await client.ask("download", { path: "/plain.txt" })).body), "plain");
});

Deno.test("ftp is refused what leads out, says so in one line, and leaves nothing behind", async () => {
  using area = new Area();
  area.link("file", "../outside/secret.txt");
  area.link("folder", "../outside");
  area.file("here/local.txt", "local");
  const before = area.beyond();
  await using server = await startServer({ dir: area.root });
  const cwd = `${area.path}/here`;
  const commands = [
    ["download", "file"],
    ["download", "folder/secret.txt"],
    ["download", "../outside/secret.txt"],
    ["cat", "file"],
    ["ls", "folder"],
    ["ls", ".."],
    ["size", "folder"],
    ["stat", "file"],
    ["upload", "local.txt", "folder/local.txt"],
    ["upload", "local.txt", "file", "--overwrite"],
    ["rm", "--yes", "folder/secret.txt"],
    ["rm", "-r", "--yes", "folder/folder"],
    ["mkdir", "folder/new"],
    ["rmdir", "folder/folder"],
    ["mv", "plain.txt", "folder/plain.txt"],
    ["mv", "folder/secret.txt", "renamed"],
  ];
  const runs = await Promise.all(commands.map((args) => ftp(server, ...args, { cwd })));
  for (const [at, { code, stdout, stderr }] of runs.entries()) {
    const what = commands[at].join(" ");
    assertEquals([code, stdout], [1, ""], what);
    assertMatch(stderr, /^ftp: [^\n]*lead[^\n]*\n$/, what);
  }
  assertEquals(area.beyond(), before);
  assertEquals(Deno.readTextFileSync(`${area.root}/plain.txt`), "plain");
});

/** Every way to reach for something. */
const OPERATIONS: Record<string, (client: RawClient, path: string) => Promise<RawAnswer>> = {
  stat: (client, path) => client.ask("stat", { path }),
  ls: (client, path) => client.ask("ls", { path, hidden: true }),
  "ls -R": (client, path) => client.ask("ls", { path, recursive: true }),
  size: (client, path) => client.ask("size", { path }),
  download: (client, path) => client.ask("download", { path }),
  "upload rename": (client, path) => client.ask("upload", { path, collision: "rename" }, utf8("evil")),
  "upload overwrite": (client, path) => client.ask("upload", { path, collision: "overwrite" }, utf8("evil")),
  "upload fail": (client, path) => client.ask("upload", { path, collision: "fail" }, utf8("evil")),
  rm: (client, path) => client.ask("rm", { path }),
  "rm -r": (client, path) => client.ask("rm", { path, recursive: true }),
  mkdir: (client, path) => client.ask("mkdir", { path }),
  rmdir: (client, path) => client.ask("rmdir", { path }),
  "mv from": (client, path) => client.ask("mv", { from: path, to: "/moved" }),
  "mv to": (client, path) => client.ask("mv", { from: "/plain.txt", to: path }),
  "download offset": (client, path) => client.ask("download", { path, offset: 1 }),
  "upload offset": (client, path) =>
    client.ask("upload", { path, token: TOKEN, run: RUN, offset: 1, collision: "overwrite" }, utf8("evil")),
  resume: (client, path) => client.ask("resume", { path, token: TOKEN, run: RUN }),
  blocks: (client, path) => client.ask("blocks", { path, size: 100 }),
  "checksum sha256": (client, path) => client.ask("checksum", { path, algorithm: "sha256" }),
  "checksum crc32": (client, path) => client.ask("checksum", { path, algorithm: "crc32" }),
  "cp from": (client, path) => client.ask("cp", { from: path, to: "/copied" }),
  "cp to": (client, path) => client.ask("cp", { from: "/plain.txt", to: path }),
  df: (client, path) => client.ask("df", { path }),
  folder_digests: (client, path) => client.ask("folder_digests", { path }),
  touch: (client, path) => client.ask("touch", { path, before: 0, modified: 1000, mode: 0o777 }),
};

/** What is done to a link itself, wherever it leads. */
const ON_ITSELF = new Set(["rm", "rm -r", "rmdir", "mv from"]);

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/** Tries every operation on every path; each is to be refused with the code, and to change nothing anywhere. */
async function refusedEverywhere(area: Area, paths: Record<string, string | string[]>): Promise<void> {
  const before = tree(area.path);
  await using server = await startServer({ dir: area.root });
  using client = await RawClient.greet(server);
  for (const [path, expected] of Object.entries(paths)) {
    const what = JSON.stringify(path).slice(0, 60);
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      if (ON_ITSELF.has(name) && isLink(area.root + path)) continue;
      const { code, message, body } = await operation(client, path);
      assert([expected].flat().includes(code!), `${name} ${what}: ${code}, not ${expected}: ${message}`);
      assert(message!.length > 10, `${name} ${what}: "${message}" is no sentence`);
      assertEquals(body.length, 0, `${name} ${what} sent something`);
    }
  }
  assertEquals(tree(area.path), before);
  assert(!server.log().includes(" fault "), server.log());
}

async function succeeds(answer: Promise<RawAnswer>, reply?: unknown): Promise<void> {
  const { code, message, reply: got } = await answer;
  assertEquals(code, undefined, message);
  if (reply) assertEquals(got, reply);
}

/** Every name below a folder, with what a file contains and where a link leads. */
function tree(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1).flatMap((entry) => {
    const [path, name] = [`${folder}/${entry.name}`, prefix + entry.name];
    if (entry.isDirectory) return [`${name}/`, ...tree(path, `${name}/`)];
    if (entry.isSymlink) return [`${name} -> ${Deno.readLinkSync(path)}`];
    return [entry.isFile ? `${name} ${Deno.readTextFileSync(path)}` : name];
  });
}

/** A folder in a folder in a folder ..., deeper than a path can say. */
class Nest implements Disposable {
  readonly #top: string;

  constructor(top: string, depth: number) {
    this.#top = top;
    const chain = "/d".repeat(1000);
    Deno.mkdirSync(`${top}${chain}`, { recursive: true });
    for (let made = 1000; made < depth; made += 1000) {
      Deno.mkdirSync(`${top}-new${chain}`, { recursive: true });
      Deno.renameSync(top, `${top}-new${chain}/d`);
      Deno.renameSync(`${top}-new`, top);
    }
  }

  /** `Deno.removeSync` could not. */
  [Symbol.dispose](): void {
    new Deno.Command("rm", { args: ["-rf", this.#top] }).outputSync();
  }
}

// deno-lint-ignore no-explicit-any
function lines(body: Uint8Array): any[] {
  return decode(body).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
