/** `ftp` as a program: its own options, scripts, signals, pipes and exit codes. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { VERSION } from "../protocol/version.ts";
import { hasUnnoticedEnd, listenersOf, noLibc, testUnless } from "./support/machine.ts";
import { FTP, ftp, runFtp, startFtp, startServer } from "./support/programs.ts";
import { Key, openTerminal } from "./support/pty.ts";
import { Relay } from "./support/relay.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { Transcript } from "./support/transcript.ts";
import { until } from "./support/until.ts";

Deno.test("--help and --version need no server", async () => {
  const help = await runFtp(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertMatch(help.stdout, /Usage: ftp \[OPTIONS\][^]*--timeout SECONDS[^]*download[^]*Exit codes/);
  assertEquals((await runFtp(["-V"])).stdout, `ftp ${VERSION}\n`);
});

Deno.test("wrong usage exits 2, says how it goes, and needs no server to be found out", async () => {
  for (
    const [args, message] of [
      [["--tmieout", "5"], "unknown option --tmieout, did you mean --timeout?; usage: ftp [OPTIONS]"],
      [["--timeout", "soon", "127.0.0.1:1"], "--timeout takes a number of seconds"],
      [["127.0.0.1:99999", "ls"], '"127.0.0.1:99999" is no address'],
      [["bad:bad:bad", "ls"], '"bad:bad:bad" is no address'],
      [["::1]/", "ls"], '"::1]/" is no address'],
      [["[127.0.0.1]:1", "ls"], '"[127.0.0.1]:1" is no address'],
      [
        ["ftp://localhost:1", "ls"],
        '"ftp://localhost:1": connme has a protocol of its own; write HOST:PORT without ftp://',
      ],
      [["localhost:1", "upload", "a", "--retries", "3"], "the option --retries stands before the command; usage: ftp "],
      [["localhost:1", "ls", "--timeout=3"], "the option --timeout stands before the command; usage: ftp "],
      [["me@localhost", "ls"], '"me@localhost": a server has no users; write HOST alone'],
      [["127.0.0.1:1", "size"], "size: an argument is missing; usage: size FILE"],
      [["127.0.0.1:1", "ls", "--lnog"], "ls: unknown option --lnog, did you mean --long?; usage: ls "],
      [["127.0.0.1:1", "-f", "x", "ls"], "there is a file of commands and a command"],
      [["--limit-rate", "fast", "127.0.0.1:1", "ls"], "--limit-rate takes bytes a second, such as 500K or 2M"],
      [["localhost", "2121", "ls"], 'there is no command "2121"; a port goes behind the host, as in localhost:2121'],
      [["--limit-rate", "15KiB", "127.0.0.1:1", "ls"], "and at least 16K"],
    ] as const
  ) {
    const { code, stdout, stderr } = await runFtp([...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^ftp: [^\n]+\n$/);
    assertStringIncludes(stderr, message);
    const json = await runFtp([...args, "--json"]);
    assertEquals([json.code, json.stdout], [2, ""]);
    assertEquals(JSON.parse(json.stderr).error.code, "usage");
  }
});

Deno.test("--timeout gives up a server that does not answer: exit code 3", async () => {
  await using server = await startServer();
  server.kill("SIGSTOP");
  const { code, stderr } = await runFtp(["--timeout", "0.5", server.address, "ls"]);
  assertEquals(code, 3);
  assertStringIncludes(stderr, `cannot connect to ${server.address}: no answer within 0.5 s`);
});

Deno.test("a server that is down at the start is waited for where --retries says so, and only there", async () => {
  await using server = await startServer();
  // A tunnel takes connections while the far end is down, and closes them at once.
  await using tunnel = new Relay(server, {}, 4);
  const impatient = await runFtp([tunnel.address, "pwd"]);
  assertEquals([impatient.code, impatient.stdout], [3, ""]);
  const { code, stdout, stderr } = await runFtp([tunnel.address, "--retries", "4", "pwd"]);
  assertEquals([code, stdout, stderr], [0, "/\n", ""]);
  await using shut = new Relay(server, {}, 2);
  assertEquals((await runFtp([shut.address, "--retries", "2", "pwd"])).code, 3);
  assertEquals((await runFtp([shut.address, "pwd"])).code, 0);
});

Deno.test("a script whose connection is lost between two lines connects again, and is where it was", async () => {
  await using server = await startServer();
  Deno.mkdirSync(`${server.dir}/sub`);
  const child = startFtp([server.address], { stdin: "" });
  const [out, errors] = [new Transcript(child.stdout), new Transcript(child.stderr)];
  const writer = child.stdin.getWriter();
  const say = (line: string) => writer.write(new TextEncoder().encode(`${line}\n`));
  await say("cd sub");
  await out.waitFor("/sub\n");
  server.kill("SIGKILL");
  await server.stopped;
  await until(() => !hasUnnoticedEnd(server.port), "ftp to notice");
  await say("mkdir made"); // there is nobody yet
  await errors.waitFor("connecting again");
  await using _again = await startServer({ dir: server.dir, port: server.port });
  await out.waitFor("Made /sub/made");
  await writer.close();
  assertEquals((await child.status).code, 0);
  await Promise.all([out.ended, errors.ended]);
  assertMatch(errors.text, /^The connection was lost \([^\n]+\); connecting again\nConnected again\n$/);
});

Deno.test("who waits for a server that does not come back is told why, once", async () => {
  const server = await startServer();
  const child = startFtp(["--retries", "5", server.address], { stdin: "" });
  const [out, errors] = [new Transcript(child.stdout), new Transcript(child.stderr)];
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("pwd\n"));
  await out.waitFor("/\n");
  server.kill("SIGKILL");
  await server.stopped;
  await until(() => !hasUnnoticedEnd(server.port), "ftp to notice");
  await writer.write(new TextEncoder().encode("ls\n"));
  assertEquals((await child.status).code, 3);
  await writer.close().catch(() => {});
  await Promise.all([out.ended, errors.ended]);
  assertMatch(
    errors.text,
    /^The connection was lost \([^\n]+\); connecting again\ncannot connect to [^\n]+; still trying\nftp: [^\n]+\n$/,
  );
});

testUnless(noLibc, "who runs for long lets nobody debug it by SIGUSR1", async () => {
  await using server = await startServer();
  const child = startFtp([server.address], { stdin: "" });
  const out = new Transcript(child.stdout);
  const errors = new Transcript(child.stderr);
  const ignored = () =>
    BigInt(`0x${/^SigIgn:\s+(\S+)$/m.exec(Deno.readTextFileSync(`/proc/${child.pid}/status`))![1]}`);
  await until(() => (ignored() & 0x200n) !== 0n, "SIGUSR1 to be ignored");
  child.kill("SIGUSR1");
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("pwd\n"));
  await out.waitFor("/\n");
  assertEquals(listenersOf(child.pid), 0);
  await writer.close();
  assertEquals((await child.status).code, 0);
  await Promise.all([out.ended, errors.ended]);
});

Deno.test("help needs no server", async () => {
  const { code, stdout } = await runFtp(["help", "download"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^download FILE/);
  assertEquals((await runFtp(["download", "--help"])).stdout, stdout);
  const { code: wrong, stderr } = await runFtp(["help", "downlaod"]);
  assertEquals([wrong, stderr], [2, 'ftp: there is no command "downlaod"; did you mean download?\n']);
});

Deno.test("-f runs the commands of a file, with comments and quotes, and tells the line of a failure", async () => {
  using folder = new TempFolder();
  await using server = await startServer();
  const file = folder.file("commands", "# make a folder\n\nmkdir 'a b'\r\ncd a\\ b\npwd\nsize nothing\nmkdir never\n");
  const { code, stdout, stderr } = await runFtp([server.address, "-f", file]);
  assertEquals(code, 1);
  assertMatch(stdout, /^\/a b$/m);
  assertStringIncludes(stderr, `ftp: ${file}, line 6: "/a b/nothing": `);
  assertEquals([...Deno.readDirSync(`${server.dir}/a b`)], []);
  const open = await runFtp([server.address], { stdin: 'pwd\nls "\n' });
  assertEquals([open.code, open.stdout], [2, "/\n"]);
  assertStringIncludes(open.stderr, 'line 2: the quote " is not closed');
});

Deno.test("a script that cannot be read is exit code 5, one that is not text exit code 2", async () => {
  using folder = new TempFolder();
  const missing = await runFtp(["-f", `${folder.path}/missing`]);
  assertEquals(missing.code, 5);
  assertStringIncludes(missing.stderr, "there is no such file");
  const binary = await runFtp([], { stdin: new Uint8Array([0x6c, 0x73, 0x0a, 0xff, 0xfe, 0x0a]) });
  assertEquals(binary.code, 2);
  assertStringIncludes(binary.stderr, "not valid UTF-8");
});

Deno.test("a script from standard input cannot upload it as well", async () => {
  await using server = await startServer();
  const { code, stderr } = await ftp(server, { stdin: "upload - name\nnot a command\n" });
  assertEquals(code, 2);
  assertStringIncludes(stderr, "line 1: upload - reads standard input, which the commands come from");
  assertEquals([...Deno.readDirSync(server.dir)], []);
});

Deno.test("byebye ends a script; without a connection its commands say so", async () => {
  await using server = await startServer();
  const ended = await ftp(server, { stdin: "byebye\nnonsense\n" });
  assertEquals([ended.code, ended.stderr], [0, "Server connection ended\n"]);
  const alone = await runFtp([], { stdin: "lpwd\nls\n" });
  assertEquals(alone.code, 3);
  assertStringIncludes(alone.stderr, "line 2: not connected; type connme to connect");
});

Deno.test("a reader that goes away ends ftp quietly", async () => {
  await using server = await startServer();
  for (let number = 0; number < 3000; number++) Deno.writeTextFileSync(`${server.dir}/file-${number}`, "");
  for (const command of [["ls"], ["cat", ...Array(50).fill("big")]]) {
    Deno.writeFileSync(`${server.dir}/big`, new Uint8Array(1024 * 1024));
    const child = startFtp([server.address, ...command]);
    const errors = new Transcript(child.stderr);
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    await child.status;
    await errors.ended;
    assertEquals(errors.text, "");
  }
});

Deno.test("SIGINT ends a script that waits for its next line: exit code 130", async () => {
  await using server = await startServer();
  const child = startFtp([server.address], { stdin: "" });
  const [out, errors] = [new Transcript(child.stdout), new Transcript(child.stderr)];
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("pwd\n"));
  await out.waitFor("/\n");
  child.kill("SIGINT");
  assertEquals((await child.status).code, 130);
  await writer.close().catch(() => {});
  await Promise.all([out.ended, errors.ended]);
  assertEquals(errors.text, "");
});

Deno.test("one command on a terminal asks, and is exit code 130 when the answer is Ctrl-C", async () => {
  await using server = await startServer();
  Deno.writeTextFileSync(`${server.dir}/a.txt`, "");
  const command = [FTP, server.address, "rm", "a.txt"];
  {
    await using terminal = openTerminal(command);
    await terminal.waitFor("delete a.txt? (Y/N) ");
    await terminal.type(Key.CTRL_C);
    assertEquals(await terminal.exited, 130);
  }
  {
    await using terminal = openTerminal(command);
    await terminal.waitFor("(Y/N) ");
    await terminal.enter("N");
    await terminal.waitFor("a.txt was kept");
    assertEquals(await terminal.exited, 0);
  }
  await using terminal = openTerminal(command);
  await terminal.waitFor("(Y/N) ");
  await terminal.enter("y");
  await terminal.waitFor("Deleted a.txt");
  assertEquals(await terminal.exited, 0);
  assertEquals([...Deno.readDirSync(server.dir)], []);
});
