/** Every command as a person or a script would use it, against the built programs. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertDone, assertFails, FTP, ftp, type FtpResult, runFtp, startServer, STATE } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { jsonLines, logged, paths, plant } from "./support/trees.ts";

/** Runs commands from standard input, as a script does. */
function script(address: string, lines: string[], cwd?: string): Promise<FtpResult> {
  return runFtp([address], { stdin: lines.join("\n") + "\n", cwd });
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("connme connects, and a second connme changes server", async () => {
  await using one = await startServer();
  await using two = await startServer();
  Deno.writeTextFileSync(`${one.dir}/in-one.txt`, "1");
  Deno.writeTextFileSync(`${two.dir}/in-two.txt`, "2");
  const { code, stdout, stderr } = await runFtp([], {
    stdin: `connme ${one.address}\nls\nCONNME ${two.address}\nls\n`,
  });
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /in-one\.txt[^]*in-two\.txt/);
  await one.stderr.waitFor(/left client=\S+ reason=goodbye/);
});

Deno.test("connme to a port where nobody listens says so and exits 3", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, stdout, stderr } = await ftp(`127.0.0.1:${port}`, "ls");
  assertEquals([code, stdout], [3, ""]);
  assertStringIncludes(stderr, `cannot connect to 127.0.0.1:${port}: connection refused`);
});

Deno.test("ls shows files and folders with size and time, sorted, then the sums", async () => {
  await using server = await startServer();
  Deno.writeFileSync(`${server.dir}/b.bin`, new Uint8Array(1536));
  Deno.writeTextFileSync(`${server.dir}/a.txt`, "hello");
  Deno.mkdirSync(`${server.dir}/folder`);
  Deno.writeTextFileSync(`${server.dir}/folder/inner.txt`, "x");
  Deno.writeTextFileSync(`${server.dir}/.hidden`, "secret");
  const plain = await ftp(server, "ls");
  assertDone(plain);
  const lines = plain.stdout.trimEnd().split("\n");
  assertEquals(lines.map((line) => line.split(/ +/).at(-1)), ["a.txt", "b.bin", "folder/", "KiB"]);
  assertMatch(lines[0], /5 B +\d{4}-\d\d-\d\d \d\d:\d\d +a\.txt$/);
  assertMatch(lines[3], /^2 files, 1 folder, 1\.5\d? KiB$/);
  assertStringIncludes((await ftp(server, "ls", "-a")).stdout, ".hidden");
  assertMatch((await ftp(server, "ls", "-l")).stdout, /file +1536 .* b\.bin/);
  assertStringIncludes((await ftp(server, "ls", "-R")).stdout, "folder/inner.txt");
  assertStringIncludes((await ftp(server, "LS", "folder")).stdout, "inner.txt");
  assertStringIncludes((await ftp(server, "ls", "a.txt")).stdout, "a.txt");
});

Deno.test("ls and lls show the newest or the largest first, and what is equal by name", async () => {
  await using server = await startServer();
  const files: [string, number, number][] = [["b", 9, 30], ["a", 9, 20], ["c", 10, 10], ["d", 1, 20]];
  for (const [name, size, time] of files) {
    Deno.writeFileSync(`${server.dir}/${name}`, new Uint8Array(size));
    Deno.utimeSync(`${server.dir}/${name}`, time, time);
  }
  for (const [option, names] of [["-l", "abcd"], ["-t", "badc"], ["-S", "cabd"], ["-lS", "cabd"]]) {
    for (const command of ["ls", "lls"]) {
      const { stdout } = await ftp(server, command, option, { cwd: server.dir });
      assertEquals(stdout.split("\n").slice(0, 4).map((line) => line.at(-1)).join(""), names, `${command} ${option}`);
    }
  }
});

Deno.test("where nobody reads the output any more, nothing is said, and the exit code is that of SIGPIPE", async () => {
  await using server = await startServer();
  for (let at = 0; at < 3000; at++) Deno.writeTextFileSync(`${server.dir}/${"n".repeat(100)}${at}`, "");
  const pipe = new Deno.Command("bash", {
    args: ["-c", '"$0" "$1" ls | head -1 >/dev/null; echo "${PIPESTATUS[0]}"', FTP, server.address],
    env: STATE,
  });
  const { stdout, stderr } = await pipe.output();
  assertEquals([new TextDecoder().decode(stdout), new TextDecoder().decode(stderr)], ["141\n", ""]);
});

Deno.test("ls --json prints one object an entry", async () => {
  await using server = await startServer();
  const modified = new Date("2024-02-03T04:05:06.000Z");
  Deno.writeTextFileSync(`${server.dir}/a.txt`, "hello");
  Deno.utimeSync(`${server.dir}/a.txt`, modified, modified);
  Deno.mkdirSync(`${server.dir}/z`);
  const { stdout } = await ftp(server, "ls", "--json");
  const entries = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(entries.map(({ name, kind, size }) => [name, kind, size]), [["a.txt", "file", 5], ["z", "folder", 0]]);
  assertEquals(entries[0].modified, modified.toISOString());
});

Deno.test("ls, size, stat and du take several names and patterns", async () => {
  await using server = await startServer();
  plant(server.dir, { "a.txt": "1", "d/b.txt": "22", "d/in/c.txt": "333", "e/.f": "4444", "e/g.txt": "55555" });
  const listed = async (...args: string[]) =>
    jsonLines(await ftp(server, "ls", "--json", ...args)).map(({ name, error }) => name ?? error.code);
  assertEquals(await listed("d"), ["b.txt", "in"]);
  assertEquals(await listed("d/b.txt"), ["d/b.txt"]);
  assertEquals(await listed("d", "e/", "/a.txt"), ["/a.txt", "d/b.txt", "d/in", "e/g.txt"]);
  assertEquals(await listed("-R", "-a", "d", "e"), ["d/b.txt", "d/in", "d/in/c.txt", "e/.f", "e/g.txt"]);
  assertEquals(await listed("?"), ["d", "e"]);
  assertEquals(await listed("-R", "?"), ["d", "d/b.txt", "d/in", "d/in/c.txt", "e", "e/g.txt"]);
  assertEquals(await listed("-R", "**"), ["a.txt", "d", "d/b.txt", "d/in", "d/in/c.txt", "e", "e/g.txt"]);
  const some = await ftp(server, "ls", "nowhere", "a.txt", "*.none");
  assertEquals([some.code, some.stdout.match(/\S+$/gm)], [1, ["a.txt", "B"]]);
  assertMatch(some.stderr, /^ftp: "\/nowhere": .*\nftp: nothing matches "\*\.none"\nftp: 2 of 3 names failed\n$/);
  assertEquals((await ftp(server, "ls", "nowhere")).stdout, "");

  assertMatch((await ftp(server, "size", "a.txt", "d")).stdout, /^a\.txt: .* \(1 byte\)\nd: .* \(5 bytes\)\n$/);
  assertEquals(jsonLines(await ftp(server, "stat", "?", "--json")).map(({ path, kind }) => [path, kind]), [
    ["/d", "folder"],
    ["/e", "folder"],
  ]);
  const sums = jsonLines(await ftp(server, "du", "d", "e/*", "--json"));
  assertEquals(sums, [{ path: "/d/in", size: 3 }, { path: "/d", size: 5 }, { path: "/e/g.txt", size: 5 }]);
});

Deno.test("ls escapes control characters in names", async () => {
  await using server = await startServer();
  Deno.writeTextFileSync(`${server.dir}/evil\x1b[2J\nname`, "");
  const { stdout } = await ftp(server, "ls");
  assertStringIncludes(stdout, "evil\\x1b[2J\\nname");
  assertEquals(stdout.includes("\x1b"), false);
});

Deno.test("rm --yes deletes files, rm -r folders, and neither the root", async () => {
  await using server = await startServer();
  for (const name of ["a", "b", "d"]) Deno.writeTextFileSync(`${server.dir}/${name}`, "");
  Deno.mkdirSync(`${server.dir}/folder/deep`, { recursive: true });
  Deno.writeTextFileSync(`${server.dir}/folder/deep/x`, "");
  assertDone(await ftp(server, "rm", "a", "b", "--yes"));
  const folder = await ftp(server, "rm", "folder", "--yes");
  assertEquals(folder.code, 1);
  assertStringIncludes(folder.stderr, "is a folder");
  assertDone(await ftp(server, "rm", "-r", "folder", "--yes"));
  assertEquals(names(server.dir), ["d"]);
  const root = await ftp(server, "rm", "-r", "/", "--yes");
  assertEquals(root.code, 1);
  assertEquals(names(server.dir), ["d"]);
});

Deno.test("rm -f asks nobody, and does not mind what is not there; nothing else is forgiven", async () => {
  await using server = await startServer();
  plant(server.dir, { "a": "1", "b": "2", "d/e": "3" });
  const done = await ftp(server, "rm", "-f", "none", "*.none", "a", "/no/where");
  assertDone(done);
  assertEquals([done.stdout, done.stderr], ["Deleted a\n", ""]);
  assertEquals(logged(server, "rm").length, 3); // one request for each that is no pattern
  assertFails(await ftp(server, "rm", "-f", "d"), 1, /is a folder; rm -r deletes it/);
  assertFails(await ftp(server, "rm", "--yes", "none"), 1, /no such file/);
  assertFails(await ftp(server, "rm", "-f", "d*"), 1, /what matches "d\*" is a folder/);
  assertDone(await ftp(server, "rm", "-rf", "d"));
  assertEquals(paths(server.dir), ["b"]);
  const many = Array.from({ length: 5000 }, (_, at) => `many/f${at}`);
  plant(server.dir, Object.fromEntries(many.map((name) => [name, ""])));
  const removing = ftp(server, "rm", "-rf", "many");
  for (const name of many) await Deno.remove(`${server.dir}/${name}`).catch(() => {}); // somebody else does the same
  assertDone(await removing);
  assertEquals(paths(server.dir), ["b"]);
});

Deno.test("of several names one that fails is told, and the rest goes on", async () => {
  await using server = await startServer();
  const text = (name: string, content: string) => Deno.writeTextFileSync(`${server.dir}/${name}`, content);
  text("a", "1");
  text("c", "3");
  const calls: [string[], string, RegExp][] = [
    [["cat", "a", "b", "c"], "13", /^ftp: "\/b": .*\nftp: 1 of 3 names failed\n$/],
    [["checksum", "a", "b", "c", "--crc32"], "83dcefb7  a\n6dd28e9b  c\n", /^ftp: "\/b": .*\nftp: 1 of 3/],
    [["mkdir", "a", "d", "e"], "Made /d\nMade /e\n", /^ftp: "\/a": .*\nftp: 1 of 3/],
    [["rmdir", "d", "a", "b", "e"], "Removed /d\nRemoved /e\n", /^ftp: "\/a" is .*\nftp: "\/b": .*\nftp: 2 of 4/],
    [["rm", "--yes", "a", "b", "c"], "Deleted a\nDeleted c\n", /^ftp: "\/b": .*\nftp: 1 of 3/],
  ];
  for (const [call, shown, told] of calls) {
    const { code, stdout, stderr } = await ftp(server, ...call);
    assertEquals([code, stdout], [1, shown], call.join(" "));
    assertMatch(stderr, told);
  }
  assertEquals(names(server.dir), []);
});

Deno.test("an empty name deletes nothing", async () => {
  await using server = await startServer();
  Deno.mkdirSync(`${server.dir}/folder`);
  Deno.writeTextFileSync(`${server.dir}/folder/precious`, "1");
  const script = await ftp(server, { stdin: "cd folder\nrm -r --yes ''\n" });
  assertEquals(script.code, 2);
  assertStringIncludes(script.stderr, "an argument is empty; . is the current folder");
  for (const args of [["rm", "-r", "--yes", ""], ["sync", ".", "", "--delete"], ["sync", "", ".", "--delete"]]) {
    assertEquals((await ftp(server, ...args)).code, 2, args.join(" "));
  }
  assertEquals(names(`${server.dir}/folder`), ["precious"]);
});

Deno.test("rm without a terminal and without --yes refuses and deletes nothing", async () => {
  await using server = await startServer();
  Deno.writeTextFileSync(`${server.dir}/a`, "");
  const { code, stderr } = await ftp(server, "rm", "a");
  assertEquals(code, 2);
  assertStringIncludes(stderr, "--yes");
  assertEquals(names(server.dir), ["a"]);
});

Deno.test("download saves a file and shows it when it is text", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.writeTextFileSync(`${server.dir}/poem.txt`, "roses are red\nviolets \x1b[31mare blue\n");
  const first = await ftp(server, "download", "poem.txt", { cwd: local.path });
  assertDone(first);
  assertStringIncludes(first.stdout, "Saved as poem.txt");
  assertStringIncludes(first.stdout, "roses are red\n");
  assertEquals(first.stdout.includes("\x1b"), false);
  assertEquals(Deno.readTextFileSync(`${local.path}/poem.txt`), "roses are red\nviolets \x1b[31mare blue\n");
  const second = await ftp(server, "download", "poem.txt", "--no-show", { cwd: local.path });
  assertStringIncludes(second.stdout, "Saved as poem_1.txt");
  assertEquals(second.stdout.includes("roses"), false);
  assertEquals(names(local.path), ["poem.txt", "poem_1.txt"]);
});

Deno.test("download shows a screenful of a long text, says how much more there is, and describes what is no text", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.writeTextFileSync(`${server.dir}/long.txt`, Array.from({ length: 500 }, (_, i) => `line ${i}`).join("\n"));
  Deno.writeFileSync(`${server.dir}/image.bin`, crypto.getRandomValues(new Uint8Array(2048)));
  const long = await ftp(server, "download", "long.txt", { cwd: local.path });
  assertStringIncludes(long.stdout, "line 10\n");
  assertEquals(long.stdout.includes("line 100\n"), false);
  assertMatch(long.stdout, /more/);
  const binary = await ftp(server, "download", "image.bin", { cwd: local.path });
  assertMatch(binary.stdout, /image\.bin is not text: 2\.0 KiB \(2048 bytes\)/);
});

Deno.test("download --overwrite replaces, download FILE LOCAL renames, and a folder means into it", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.writeTextFileSync(`${server.dir}/a.txt`, "new");
  local.file("a.txt", "old");
  Deno.mkdirSync(`${local.path}/sub`);
  assertDone(await ftp(server, "download", "a.txt", "--overwrite", { cwd: local.path }));
  assertDone(await ftp(server, "download", "a.txt", "other.txt", { cwd: local.path }));
  assertDone(await ftp(server, "download", "a.txt", "sub", { cwd: local.path }));
  for (const name of ["a.txt", "other.txt", "sub/a.txt"]) {
    assertEquals(Deno.readTextFileSync(`${local.path}/${name}`), "new");
  }
});

Deno.test("download FILE - and cat write the bytes alone to standard output", async () => {
  await using server = await startServer();
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  Deno.writeFileSync(`${server.dir}/raw`, content);
  assertEquals((await ftp(server, "download", "raw", "-")).bytes, content);
  assertEquals((await ftp(server, "cat", "raw")).bytes, content);
});

Deno.test("upload stores a file, keeps both when the name is taken, and tells name, size, time and rate", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const file = local.file("report.pdf", "one");
  assertMatch((await ftp(server, "upload", file)).stdout, /^Stored as \/report\.pdf \(3 B in .+, .+\/s\)\n$/);
  Deno.writeTextFileSync(file, "two");
  assertStringIncludes((await ftp(server, "upload", file)).stdout, "/report_1.pdf");
  Deno.writeTextFileSync(file, "three");
  const refused = await ftp(server, "upload", file, "--fail-if-exists");
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "taken");
  assertDone(await ftp(server, "upload", file, "--overwrite"));
  assertEquals(names(server.dir), ["report.pdf", "report_1.pdf"]);
  assertEquals(Deno.readTextFileSync(`${server.dir}/report.pdf`), "three");
  assertEquals(Deno.readTextFileSync(`${server.dir}/report_1.pdf`), "two");
});

Deno.test("upload takes a local file by any path, and a command's --help tells about it", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  local.file("here/a.txt", "1");
  Deno.mkdirSync(`${local.path}/there`);
  assertDone(await ftp(server, "upload", "../here/a.txt", { cwd: `${local.path}/there` }));
  assertEquals(names(server.dir), ["a.txt"]);
  const { code, stdout } = await ftp(server, "upload", "--help");
  assertEquals(code, 0);
  assertStringIncludes(stdout, "--fail-if-exists");
});

Deno.test("standard output on a full disk is a local problem", async () => {
  await using server = await startServer();
  const script = `exec "$0" ${server.address} ls >/dev/full`;
  const { code, stderr } = await new Deno.Command("sh", { args: ["-c", script, FTP], env: STATE, stderr: "piped" })
    .output();
  assertEquals(code, 5);
  assertStringIncludes(new TextDecoder().decode(stderr), "writing to standard output: the disk is full");
});

Deno.test("upload - NAME reads standard input, and a folder as REMOTE means into it", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.mkdirSync(`${server.dir}/in`);
  assertDone(await ftp(server, "upload", "-", "piped.txt", { stdin: "from a pipe" }));
  assertDone(await ftp(server, "upload", local.file("x", "1"), "in"));
  assertDone(await ftp(server, "upload", local.file("x", "1"), "in/y"));
  assertEquals(Deno.readTextFileSync(`${server.dir}/piped.txt`), "from a pipe");
  assertEquals(names(`${server.dir}/in`), ["x", "y"]);
  assertEquals((await ftp(server, "upload", "-", { stdin: "?" })).code, 2);
  Deno.mkdirSync(`${server.dir}/docs`);
  for (const folder of ["docs", "docs/", "nowhere/"]) {
    const { code, stderr } = await ftp(server, "upload", "-", folder, { stdin: "?" });
    assertEquals(code, 2);
    assertStringIncludes(stderr, "is a folder; upload - needs a name in it");
  }
  assertEquals(names(`${server.dir}/docs`), []);
});

Deno.test("size shows megabytes of 1024 * 1024 and the bytes, for a folder the sum", async () => {
  await using server = await startServer();
  Deno.mkdirSync(`${server.dir}/d`);
  Deno.writeFileSync(`${server.dir}/d/f`, new Uint8Array(1572864));
  Deno.writeFileSync(`${server.dir}/d/.g`, new Uint8Array(1048576));
  Deno.writeTextFileSync(`${server.dir}/small`, "hello");
  assertEquals((await ftp(server, "size", "d/f")).stdout, "File size: 1.50 MB (1572864 bytes)\n");
  assertEquals((await ftp(server, "size", "d")).stdout, "File size: 2.50 MB (2621440 bytes)\n");
  assertEquals((await ftp(server, "size", "small")).stdout, "File size: 0.0000048 MB (5 bytes)\n");
  const missing = await ftp(server, "size", "nothing");
  assertEquals([missing.code, missing.stdout], [1, ""]);
  assertStringIncludes(missing.stderr, "no such file");
});

Deno.test("byebye tells the server, ends, and says so", async () => {
  await using server = await startServer();
  const { code, stdout, stderr } = await script(server.address, ["byebye", "ls"]);
  assertEquals([code, stdout], [0, ""]);
  assertStringIncludes(stderr, "Server connection ended");
  await server.stderr.waitFor(/left client=\S+ reason=goodbye/);
});

Deno.test("cd, pwd, mkdir, rmdir, mv and stat work on remote folders", async () => {
  await using server = await startServer();
  Deno.writeTextFileSync(`${server.dir}/f.txt`, "hello");
  const lines = ["mkdir a a/b", "cd a/b", "pwd", "cd ..", "pwd", "mv /f.txt g.txt", "mv g.txt b", "stat b/g.txt"];
  const { code, stdout, stderr } = await script(server.address, lines);
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^\/a\/b\n[^]*^\/a\n/m);
  assertMatch(stdout, /Path: \/a\/b\/g\.txt\nKind: file\nSize: 5 bytes\nModified: \d{4}/);
  assertEquals(Deno.readTextFileSync(`${server.dir}/a/b/g.txt`), "hello");
  assertEquals((await ftp(server, "rmdir", "a")).code, 1);
  assertDone(await ftp(server, "rm", "--yes", "a/b/g.txt"));
  assertDone(await ftp(server, "rmdir", "a/b", "a"));
  assertEquals(names(server.dir), []);
  assertEquals((await script(server.address, ["cd nowhere"])).code, 1);
});

Deno.test("what is refused for want of an option names it", async () => {
  await using server = await startServer();
  plant(server.dir, { "full/a": "1" });
  const advice: [string[], RegExp][] = [
    [["mkdir", "no/sub"], /"\/no": there is no such file or folder; -p makes the folders above it, too\n$/],
    [["rmdir", "full"], /not empty; rm -r removes it with everything in it\n$/],
    [["rm", "--yes", "full"], /"\/full" is a folder; rm -r deletes it with everything in it\n$/],
    [["cp", "full", "copy"], /"\/full" is a folder; cp -r copies it with everything in it\n$/],
  ];
  for (const [args, says] of advice) {
    const { code, stderr } = await ftp(server, ...args);
    assertEquals(code, 1);
    assertMatch(stderr, says);
  }
});

Deno.test("mv never replaces", async () => {
  await using server = await startServer();
  Deno.writeTextFileSync(`${server.dir}/a`, "a");
  Deno.writeTextFileSync(`${server.dir}/b`, "b");
  assertEquals((await ftp(server, "mv", "a", "b")).code, 1);
  assertEquals([Deno.readTextFileSync(`${server.dir}/a`), Deno.readTextFileSync(`${server.dir}/b`)], ["a", "b"]);
});

Deno.test("a target that ends with a slash is a folder: a transfer makes it, and a copy of a file does not", async () => {
  using local = new TempFolder();
  await using server = await startServer();
  Deno.writeTextFileSync(`${server.dir}/a`, "a");
  local.file("b", "b");
  for (const command of ["mv", "cp"]) {
    const { code, stderr } = await ftp(server, command, "a", "none/");
    assertEquals([code, stderr], [1, 'ftp: there is no remote folder "none/"\n']);
  }
  assertEquals(paths(server.dir), ["a"]);
  const cwd = local.path;
  for (const [command, name] of [["download", "a"], ["upload", "b"]]) {
    for (let times = 0; times < 2; times++) assertDone(await ftp(server, command, name, "some/", { cwd }));
    assertEquals((await ftp(server, command, name, "no/where/", { cwd })).code, command === "upload" ? 1 : 5);
  }
  assertFails(await ftp(server, "upload", "nothing", "new/", { cwd }), 5, /the local file "nothing": there is no such/);
  assertFails(await ftp(server, "download", "nothing", "new/", { cwd }), 1, /"\/nothing": there is no such/);
  assertFails(await ftp(server, "download", "a", "b/", { cwd }), 5, /the local folder "b"/);
  assertFails(await ftp(server, "upload", "b", "a/", { cwd }), 1, /"\/a": the name is taken/);
  assertEquals(paths(cwd), ["b", "some/", "some/a", "some/a_1"]);
  assertEquals(paths(`${server.dir}/some`), ["b", "b_1"]);
  assertDone(await ftp(server, "cp", "-r", "some", "copy/"));
  assertDone(await ftp(server, "mv", "copy/", "moved/"));
  assertEquals(paths(`${server.dir}/moved`), paths(`${server.dir}/some`));
  Deno.mkdirSync(`${server.dir}/there`);
  assertDone(await ftp(server, "mv", "a", "there/"));
  assertEquals(names(`${server.dir}/there`), ["a"]);
});

Deno.test("lcd, lls and lpwd work on local folders, without a connection", async () => {
  using local = new TempFolder();
  local.file("sub/here.txt", "1");
  const { code, stdout, stderr } = await runFtp([], { stdin: "lpwd\nlcd sub\nlpwd\nlls\n", cwd: local.path });
  assertEquals(code, 0, stderr);
  assertMatch(stdout, new RegExp(`^${local.path}\n[^]*^${local.path}/sub\n[^]*here\\.txt`, "m"));
});

Deno.test("help lists every command, and help COMMAND its options", async () => {
  const all = await runFtp([], { stdin: "help\n" });
  for (const name of ["connme", "ls", "rm", "download", "upload", "size", "byebye", "cd", "lls"]) {
    assertMatch(all.stdout, new RegExp(`^  ${name} `, "m"));
  }
  assertStringIncludes((await runFtp([], { stdin: "help download\n" })).stdout, "--no-show");
});

Deno.test("an unknown command suggests the nearest one and exits 2 without connecting", async () => {
  const { code, stderr } = await ftp("127.0.0.1:1", "donwload", "x");
  assertEquals(code, 2);
  assertStringIncludes(stderr, "download");
});

Deno.test("a script stops at its first failure with the failure's exit code", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const file = local.file("commands", "mkdir one\nsize missing\nmkdir two\n");
  const fromFile = await runFtp(["-f", file, server.address]);
  assertEquals(fromFile.code, 1);
  assertStringIncludes(fromFile.stderr, "missing");
  assertEquals(names(server.dir), ["one"]);
  assertEquals((await script(server.address, ["frobnicate"])).code, 2);
});

Deno.test("--json prints errors as objects on standard error; --quiet leaves out confirmations", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const failed = await ftp(server, "size", "missing", "--json");
  assertEquals(failed.code, 1);
  assertEquals(JSON.parse(failed.stderr).error.code, "not_found");
  const one = await ftp(server, "size", "missing", "/", "--json");
  const { code, path } = JSON.parse(one.stderr.split("\n")[0]).error;
  assertEquals([one.code, code, path], [1, "not_found", "/missing"]);
  const stored = JSON.parse((await ftp(server, "upload", local.file("a b", "xyz"), "--json")).stdout);
  assertEquals([stored.stored, stored.size], ["/a b", 3]);
  const quiet = await ftp(server, "upload", local.file("q", "xyz"), "--quiet");
  assertEquals([quiet.code, quiet.stdout, quiet.stderr], [0, "", ""]);
  const early = await runFtp(["--quiet", "--json", server.address, "size", "q"]);
  assertEquals(JSON.parse(early.stdout).size, 3);
});

Deno.test("names with spaces, quotes, dashes and other scripts go up and come down", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const hard = ["with space", 'it\'s "quoted"', "-dash", "日本語.txt", "back\\slash", "new\nline", "\u{1f600}.txt"];
  for (const name of hard) {
    local.file(name, name);
    assertDone(await ftp(server, "upload", "--", name, { cwd: local.path }));
    assertEquals(Deno.readTextFileSync(`${server.dir}/${name}`), name);
    assertEquals((await ftp(server, "cat", "--", name)).stdout, name);
  }
});
