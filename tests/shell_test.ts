/** The interactive shell, in a real terminal, against the built programs. */

import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { RESUME_BYTES } from "../client/transfer/blocks.ts";
import { FrameKind } from "../protocol/frame.ts";
import { FakeServer } from "./support/fake_server.ts";
import { namesIn, partialsIn, pattern, sha256OfFile } from "./support/files.ts";
import { hasUnnoticedEnd, noLibc, testUnless } from "./support/machine.ts";
import { FTP, startServer } from "./support/programs.ts";
import { COLUMNS, Key, openShell, openTerminal, PROMPT } from "./support/pty.ts";
import { Hold, type Meddle, Relay } from "./support/relay.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { plant } from "./support/trees.ts";
import { until } from "./support/until.ts";

/** What Tab answers the first time when there is more than one way to go on. */
const BELL = "\x07";
const BIG_BYTES = 64 * 1024 * 1024;

/** A server with some files to work with. */
async function serverWithFiles() {
  const server = await startServer();
  for (const name of ["report.txt", "report.pdf", "my file.txt", ".hidden", "sub folder/inner.txt"]) {
    const folder = name.includes("/") ? `${server.dir}/${name.split("/")[0]}` : server.dir;
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(`${server.dir}/${name}`, "12345");
  }
  return server;
}

function sparse(path: string, bytes = BIG_BYTES): void {
  using file = Deno.openSync(path, { write: true, create: true });
  file.truncateSync(bytes);
}

Deno.test("the shell starts with a menu and shows whether and where it is connected", async () => {
  await using server = await serverWithFiles();
  await using shell = await openShell();
  assertMatch(shell.screen.text, /connme +connect to a server\n[^]*byebye +leave/);
  assertMatch(shell.screen.text, /ftp \(not connected\)> $/);
  await shell.enter("ls");
  await shell.waitFor("not connected; type connme to connect");
  await shell.waitFor("ftp (not connected)> ");
  await shell.enter(`connme ${server.address}`);
  await shell.waitFor(`Connected to ${server.address} (connme/`);
  await shell.waitFor(`ftp ${server.address}:/> `);
  await shell.enter("cd 'sub folder'");
  await shell.waitFor(`ftp ${server.address}:/sub folder> `);
  await shell.enter("byebye");
  await shell.waitFor("Server connection ended");
  assertEquals(await shell.exited, 0);
});

Deno.test("a server given at the start that is not there leaves one in the shell, not connected", async () => {
  await using shell = await openShell(["127.0.0.1:1"]);
  assertMatch(shell.screen.text, /cannot connect to 127\.0\.0\.1:1: connection refused[^]*ftp \(not connected\)> $/);
});

Deno.test("cat of a file whose last line does not end leaves it on the screen", async () => {
  await using server = await startServer();
  Deno.writeTextFileSync(`${server.dir}/open`, "one\ntwo");
  Deno.writeTextFileSync(`${server.dir}/closed`, "three\n");
  await using shell = await openShell([server.address]);
  await shell.enter("cat open closed");
  await shell.waitFor(/one\r?\ntwo\r?\nthree\r?\nftp [^\n>]+> /);
});

Deno.test("rm asks before it deletes a link that leads nowhere, or out", async () => {
  await using server = await startServer();
  const links = { nowhere: "nothing", out: "/etc", gone: "/nothing/there" };
  for (const [name, to] of Object.entries(links)) Deno.symlinkSync(to, `${server.dir}/${name}`);
  await using shell = await openShell([server.address]);
  for (const name of Object.keys(links)) {
    await shell.enter(`rm ${name}`);
    await shell.waitFor(`delete ${name}? (Y/N)`);
    await shell.enter("y");
    await shell.waitFor(`Deleted ${name}`);
  }
  await shell.enter("rm nowhere");
  await shell.waitFor("there is no such file");
});

Deno.test("Ctrl-D leaves as byebye does", async () => {
  await using server = await serverWithFiles();
  await using shell = await openShell([server.address]);
  await shell.type(Key.CTRL_D);
  await shell.waitFor("Server connection ended");
  assertEquals(await shell.exited, 0);
  await server.stderr.waitFor("reason=goodbye");
});

Deno.test("an unknown command suggests the nearest one", async () => {
  await using shell = await openShell();
  await shell.enter("downlaod x");
  await shell.waitFor('there is no command "downlaod"; did you mean download?');
  await shell.waitFor(PROMPT);
  await shell.enter('ls "open');
  await shell.waitFor('the quote " is not closed');
  await shell.waitFor(PROMPT);
});

Deno.test("of two remote names that are typed, the second is not taken for a target", async () => {
  await using server = await serverWithFiles();
  using local = new TempFolder();
  await using shell = await openShell([server.address], { cwd: local.path });
  await shell.enter("download report.txt report.pdf");
  await shell.waitFor('"report.pdf" is a remote name, too. mget fetches both');
  await shell.waitFor(PROMPT);
  assertEquals(namesIn(local.path), []);
});

Deno.test("history is kept between runs, in a file of one's own, without answers to questions", async () => {
  await using server = await serverWithFiles();
  using state = new TempFolder();
  const env = { XDG_STATE_HOME: state.path };
  {
    await using shell = await openShell([server.address], { env });
    await shell.enter("size report.txt");
    await shell.waitFor(PROMPT);
    await shell.enter("rm report.txt");
    await shell.waitFor("(Y/N) ");
    await shell.enter("no");
    await shell.waitFor(PROMPT);
    await shell.type(Key.CTRL_D);
    await shell.exited;
  }
  const file = `${state.path}/connme/history`;
  assertEquals(Deno.readTextFileSync(file), "size report.txt\nrm report.txt\n");
  assertEquals(Deno.statSync(file).mode! & 0o777, 0o600);
  await using shell = await openShell([], { env });
  await shell.type(Key.UP);
  await shell.waitFor("rm report.txt");
  await shell.type(Key.UP);
  await shell.waitFor("size report.txt");
});

Deno.test("a history that cannot be written disturbs nobody", async () => {
  await using shell = await openShell([], { env: { XDG_STATE_HOME: "/dev/null/nowhere" } });
  await shell.enter("lpwd");
  await shell.waitFor(Deno.cwd());
  await shell.waitFor(PROMPT);
});

Deno.test("Tab completes commands and options", async () => {
  await using shell = await openShell();
  await shell.type(`dow${Key.TAB}`);
  await shell.waitFor("download ");
  await shell.type(`--no${Key.TAB}`);
  await shell.waitFor("-show ");
  await shell.type(Key.CTRL_C);
  await shell.waitFor(PROMPT);
  await shell.type(`l${Key.TAB}`);
  await shell.waitFor(BELL);
  await shell.type(Key.TAB);
  await shell.waitFor(/lcd +lls +lpwd +ls/);
});

Deno.test("Tab completes remote paths, quoted as needed, hidden ones only when asked for", async () => {
  await using server = await serverWithFiles();
  await using shell = await openShell([server.address]);
  await shell.type(`size my${Key.TAB}`);
  await shell.waitFor("my\\ file.txt ");
  await shell.enter("");
  await shell.waitFor("(5 bytes)");
  await shell.waitFor(PROMPT);
  await shell.type(`size "my${Key.TAB}`);
  await shell.waitFor('"my file.txt" ');
  await shell.enter("");
  await shell.waitFor("(5 bytes)");
  await shell.waitFor(PROMPT);
  await shell.type(`size sub${Key.TAB}`);
  await shell.waitFor("sub\\ folder/");
  await shell.type(Key.TAB);
  await shell.waitFor("inner.txt ");
  await shell.type(Key.CTRL_C);
  await shell.waitFor(PROMPT);
  await shell.type(`size ${Key.TAB}`);
  await shell.waitFor(BELL);
  await shell.type(Key.TAB);
  const [shown] = await shell.waitFor(/my.*\n[^]*ftp .*> size /);
  assertNotMatch(shown, /hidden/);
  await shell.type(`.h${Key.TAB}`);
  await shell.waitFor(".hidden ");
  await shell.type(Key.CTRL_C);
  await shell.waitFor(PROMPT);
  await shell.type(`cd ${Key.TAB}`); // there is but one folder
  await shell.waitFor("sub\\ folder/");
});

Deno.test("Tab completes also where other keys arrive with it", async () => {
  await using server = await serverWithFiles();
  await using shell = await openShell([server.address]);
  await shell.type(`size my${Key.TAB}\r`);
  await shell.waitFor("(5 bytes)");
  await shell.waitFor(PROMPT);
  await shell.type(`l${Key.TAB}${Key.TAB}`);
  await shell.waitFor(/lcd +lls +lpwd +ls/);
  await shell.type(`${Key.CTRL_C}cd sub${Key.TAB}\r`);
  await shell.waitFor("/sub folder> ");
});

Deno.test("a second Tab shows what there is, of paths the names alone, and the line goes on", async () => {
  await using server = await startServer();
  plant(server.dir, { "photos/2024/a.jpg": "12345", "photos/2024/b c.jpg": "", "photos/2024/日本/x": "" });
  await using shell = await openShell([server.address]);
  await shell.type(`size photos/2024/${Key.TAB}`);
  await shell.waitFor(BELL);
  await shell.type(Key.TAB);
  await shell.waitFor("\na.jpg    b c.jpg  日本/\n");
  await shell.waitFor(/ftp [^\n]*> size photos\/2024\/$/);
  await shell.type(`a${Key.TAB}\r`);
  await shell.waitFor("(5 bytes)");
});

Deno.test("~ is the home folder, for commands and for Tab", async () => {
  using home = new TempFolder();
  home.file("photos/a.jpg");
  await using server = await startServer();
  await using shell = await openShell([server.address], { env: { HOME: home.path } });
  await shell.enter("lcd ~/photos");
  await shell.waitFor(`${home.path}/photos`);
  await shell.waitFor(PROMPT);
  await shell.type(`upload ~/pho${Key.TAB}`);
  await shell.waitFor(`upload ${home.path}/photos/`);
  await shell.type(Key.TAB);
  await shell.waitFor("a.jpg ");
  await shell.enter("");
  await shell.waitFor("Stored as /a.jpg");
  await shell.waitFor(PROMPT);
  await shell.enter("download a.jpg ~ --no-show");
  await shell.waitFor(`Saved as ${home.path}/a.jpg`);
  await shell.waitFor(PROMPT);
  await shell.enter("upload '~/photos/a.jpg'");
  await shell.waitFor('the local file "~/photos/a.jpg"');
});

Deno.test("Tab completes local paths where a command wants one", async () => {
  using folder = new TempFolder();
  folder.file("local file.txt", "local");
  folder.file("photos/cat.jpg");
  await using server = await startServer();
  await using shell = await openShell([server.address], { cwd: folder.path });
  await shell.type(`upload lo${Key.TAB}`);
  await shell.waitFor("local\\ file.txt ");
  await shell.enter("");
  await shell.waitFor("Stored as /local file.txt");
  await shell.waitFor(PROMPT);
  await shell.type(`lcd ${Key.TAB}`);
  await shell.waitFor("photos/");
  await shell.enter("");
  await shell.waitFor(`${folder.path}/photos`);
});

Deno.test("Tab does not wait long for a server that does not answer", async () => {
  await using server = await serverWithFiles();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const up: Meddle = async ({ kind }) => {
    if (kind !== FrameKind.REQUEST) return;
    asked.resolve();
    await answer.promise;
  };
  await using relay = new Relay(server, { up });
  await using shell = await openShell([relay.address]);
  await shell.type(`size my${Key.TAB}`);
  await asked.promise;
  await shell.waitFor(BELL);
  await shell.type("\\ file.txt");
  await shell.waitFor("\\ file.txt");
  answer.resolve();
  await shell.enter("");
  await shell.waitFor("(5 bytes)");
});

Deno.test("Ctrl-C at the prompt clears the line; without a shell to return to, Ctrl-Z does nothing", async () => {
  await using shell = await openShell();
  await shell.type(`${Key.CTRL_Z}nonsense`);
  await shell.waitFor("nonsense");
  await shell.type(Key.CTRL_C);
  await shell.waitFor(PROMPT);
  await shell.enter("lpwd");
  await shell.waitFor(`${Deno.cwd()}\n`);
});

const stopsOnCtrlZ = (wrapper: string) => async () => {
  using folder = new TempFolder();
  await using server = await startServer();
  sparse(`${server.dir}/big.bin`);
  const hold = new Hold(BIG_BYTES / 2);
  await using relay = new Relay(server, { down: hold.meddle });
  await using terminal = openTerminal(["bash", "--norc", "-i"], { cwd: folder.path, env: { PS1: "bash> " } });
  await terminal.waitFor("bash> ");
  await terminal.enter(`${wrapper}'${FTP}' ${relay.address}`);
  const prompt = `ftp ${relay.address}:/> `;
  await terminal.waitFor(prompt);
  await terminal.type(`pw${Key.CTRL_Z}`);
  await terminal.waitFor(/Stopped[^]*bash> /);
  await terminal.enter("stty -a; echo $((6 * 7))");
  await terminal.waitFor(/ icanon [^]* echo [^]*\n42\n/);
  await terminal.enter("fg");
  await terminal.waitFor(`${prompt}pw`);
  await terminal.enter("d");
  await terminal.waitFor("\n/\n");
  await terminal.waitFor(prompt);
  await terminal.enter("download --no-show big.bin");
  await hold.reached;
  await terminal.type(Key.CTRL_Z);
  await terminal.waitFor(/Stopped[^]*bash> /);
  await terminal.enter("fg");
  hold.release();
  await terminal.waitFor("Saved as big.bin");
  await terminal.waitFor(prompt);
};

testUnless(
  noLibc,
  "Ctrl-Z stops the shell, at the prompt and within a command, and fg goes on with it",
  stopsOnCtrlZ(""),
);
testUnless(noLibc, "Ctrl-Z stops what the shell was started by, too", stopsOnCtrlZ(`sh -c '"$0" "$1"; :' `));

/** Bytes of a file that is not worth going on with. */
const SMALL_BYTES = RESUME_BYTES - 1;

Deno.test("Ctrl-C cancels the download of a smaller file, leaves nothing of it, and keeps the connection", async () => {
  using folder = new TempFolder();
  await using server = await startServer();
  sparse(`${server.dir}/big.bin`, SMALL_BYTES);
  const hold = new Hold(SMALL_BYTES / 2);
  await using relay = new Relay(server, { down: hold.meddle });
  await using shell = await openShell([relay.address], { cwd: folder.path });
  await shell.enter("download big.bin");
  await hold.reached;
  await shell.type(Key.CTRL_C);
  await shell.waitFor("ftp: canceled");
  await shell.waitFor(`ftp ${relay.address}:/> `);
  assertEquals([...Deno.readDirSync(folder.path)], []);
  hold.release();
  await shell.enter("size big.bin");
  await shell.waitFor(`(${SMALL_BYTES} bytes)`);
  assertEquals(server.log().match(/connected/g)?.length, 1, server.log());
});

Deno.test("Ctrl-C cancels a large download and hides what is there, with which the next attempt goes on", async () => {
  using folder = new TempFolder();
  await using server = await startServer();
  Deno.writeFileSync(`${server.dir}/big.bin`, pattern(BIG_BYTES));
  const hold = new Hold(BIG_BYTES / 2);
  await using relay = new Relay(server, { down: hold.meddle });
  await using shell = await openShell([relay.address], { cwd: folder.path });
  await shell.enter("download big.bin --no-show");
  await hold.reached;
  await shell.type(Key.CTRL_C);
  await shell.waitFor(
    /big\.bin: [\d.]+ MiB of [\d.]+ MiB were fetched; the same command again goes on with what has arrived/,
  );
  await shell.waitFor("ftp: canceled");
  await shell.waitFor(`ftp ${relay.address}:/> `);
  const partials = partialsIn(folder.path);
  assertEquals([namesIn(folder.path), partials.length], [partials, 1]);
  const { size } = Deno.statSync(`${folder.path}/${partials[0]}`);
  assert(size > 0 && size < BIG_BYTES);
  hold.release();
  await shell.enter("lls");
  await shell.waitFor("0 files, 0 folders");
  await shell.enter("download big.bin --no-show");
  await shell.waitFor(`big.bin: going on at ${size} of ${BIG_BYTES} bytes`);
  await shell.waitFor("Saved as big.bin");
  assertEquals(namesIn(folder.path), ["big.bin"]);
  assertEquals(sha256OfFile(`${folder.path}/big.bin`), sha256OfFile(`${server.dir}/big.bin`));
  assertEquals(server.log().match(/connected/g)?.length, 1, server.log());
});

Deno.test("Ctrl-C cancels a large upload and hides what is there, with which the next attempt goes on", async () => {
  using folder = new TempFolder();
  folder.file("big.bin", pattern(BIG_BYTES));
  await using server = await startServer();
  const hold = new Hold(BIG_BYTES / 8); // more than the buffers of sockets take is to come
  await using relay = new Relay(server, { up: hold.meddle });
  await using shell = await openShell([relay.address], { cwd: folder.path });
  await shell.enter("upload big.bin");
  await hold.reached;
  await shell.type(Key.CTRL_C);
  await shell.waitFor("^C"); // else all of it may be there before the key is
  hold.release();
  await shell.waitFor("ftp: canceled");
  await shell.waitFor(`ftp ${relay.address}:/> `);
  await shell.enter("ls -a");
  await shell.waitFor("0 files, 0 folders");
  const partials = partialsIn(server.dir);
  assertEquals([namesIn(server.dir), partials.length], [partials, 1]);
  const { size } = Deno.statSync(`${server.dir}/${partials[0]}`);
  assert(size > 0 && size < BIG_BYTES);
  await shell.enter("upload big.bin");
  await shell.waitFor(`big.bin: going on at ${size} of ${BIG_BYTES} bytes`);
  await shell.waitFor("Stored as /big.bin");
  assertEquals(namesIn(server.dir), ["big.bin"]);
  assertEquals(sha256OfFile(`${server.dir}/big.bin`), sha256OfFile(`${folder.path}/big.bin`));
});

Deno.test("Ctrl-C and Ctrl-D at a question cancel the command", async () => {
  await using server = await serverWithFiles();
  await using shell = await openShell([server.address]);
  for (const key of [Key.CTRL_C, Key.CTRL_D]) {
    await shell.enter("rm report.txt");
    await shell.waitFor("Are you sure you want to delete report.txt? (Y/N) ");
    await shell.type(key);
    await shell.waitFor("ftp: canceled");
    await shell.waitFor(PROMPT);
  }
  assert(Deno.statSync(`${server.dir}/report.txt`).isFile);
  await shell.enter("rm report.txt");
  await shell.waitFor("(Y/N) ");
  await shell.enter("perhaps");
  await shell.waitFor("(Y/N) ");
  await shell.enter("YES");
  await shell.waitFor("Deleted report.txt");
  await shell.enter("rm *.pdf .hidden");
  await shell.waitFor("Are you sure you want to delete report.pdf? (Y/N/A/Q) ");
  await shell.type(Key.CTRL_C); // all of it, not this file alone
  await shell.waitFor("ftp: canceled");
  await shell.waitFor(PROMPT);
  await shell.enter("rm *.pdf .hidden");
  await shell.waitFor("(Y/N/A/Q) ");
  await shell.enter("q");
  await shell.waitFor("ftp: canceled");
  await shell.waitFor(PROMPT);
  assert(namesIn(server.dir).includes("report.pdf") && namesIn(server.dir).includes(".hidden"));
  await shell.enter("rm *.pdf .hidden");
  await shell.waitFor("(Y/N/A/Q) ");
  await shell.enter("all");
  await shell.waitFor("Deleted report.pdf");
  await shell.waitFor("Deleted .hidden");
  await shell.waitFor(PROMPT);
  await shell.enter("rm -r 'sub folder'");
  await shell.waitFor("Are you sure you want to delete sub folder with everything in it? (Y/N) ");
  await shell.enter("n");
  await shell.waitFor("sub folder was kept");
});

Deno.test("a second Ctrl-C gets one out of a command whose server has stopped answering", async () => {
  await using server = await serverWithFiles();
  const asked = Promise.withResolvers<void>();
  const up: Meddle = ({ kind }) => {
    if (kind === FrameKind.REQUEST) asked.resolve();
  };
  await using relay = new Relay(server, { up });
  await using shell = await openShell([relay.address]);
  server.kill("SIGSTOP");
  await shell.enter("size report.txt");
  await asked.promise;
  await shell.type(Key.CTRL_C);
  await shell.waitFor("Ctrl-C again closes the connection");
  await shell.type(Key.CTRL_C);
  await shell.waitFor("ftp (not connected)> ");
});

Deno.test("lines that are pasted run in order, and answer questions", async () => {
  await using server = await serverWithFiles();
  await using shell = await openShell([server.address]);
  await shell.type("rm report.txt\ry\rmkdir one\rmkdir two\rls\r");
  await shell.waitFor("Deleted report.txt");
  await shell.waitFor("Made /one");
  await shell.waitFor("Made /two");
  await shell.waitFor(/one\/[^]*two\//);
});

Deno.test("when the server is gone, the next command tries once to get it back, and connects to the folder where it was", async () => {
  await using server = await serverWithFiles();
  await using shell = await openShell([server.address]);
  await shell.enter("mkdir kept");
  await shell.enter("cd kept");
  await shell.waitFor(`ftp ${server.address}:/kept> `);
  server.kill("SIGKILL");
  await server.stopped;
  await until(() => !hasUnnoticedEnd(server.port), "ftp to notice");
  await shell.enter("ls");
  await shell.waitFor(/The connection was lost \([^)]+\); connecting again/);
  await shell.waitFor(`ftp: cannot connect to ${server.address}: connection refused`);
  await shell.waitFor("ftp (not connected)> ");
  await shell.enter("connme");
  await shell.waitFor("connection refused");
  await shell.waitFor("ftp (not connected)> ");
  {
    await using _again = await startServer({ dir: server.dir, port: server.port });
    await shell.enter("size ../report.txt");
    await shell.waitFor(/Connected again[^]*\(5 bytes\)[^]*:\/kept> $/);
  }
  await using _third = await startServer({ dir: server.dir, port: server.port });
  await shell.enter("connme");
  await shell.waitFor(/Connected to[^]*:\/kept> $/);
  await shell.enter("size ../report.txt");
  await shell.waitFor("(5 bytes)");
});

Deno.test("a connection that is lost in the middle of a command is told with what to type next", async () => {
  await using server = FakeServer.greeting((peer) => Promise.resolve(peer[Symbol.dispose]()));
  await using shell = await openShell([server.address]);
  await shell.enter("ls");
  await shell.waitFor(`the connection to ${server.address} was lost: `);
  await shell.waitFor("; type connme to connect again");
  await shell.waitFor("ftp (not connected)> ");
});

Deno.test("a transfer that takes its time shows a progress line that fits, and takes it away", async () => {
  using folder = new TempFolder();
  await using server = await startServer();
  const name = `${"long-".repeat(30)}name.bin`;
  sparse(`${server.dir}/${name}`);
  const hold = new Hold(BIG_BYTES / 2);
  await using relay = new Relay(server, { down: hold.meddle });
  await using shell = await openShell([relay.address], { cwd: folder.path });
  await shell.enter(`download ${name} --no-show`);
  await hold.reached;
  const [line] = await shell.waitFor(
    /long-\S+…\S+\.bin {2}\[=+> *\] +\d+% {2}[\d.]+ MiB\/64\.0 MiB {2}[\d.]+ \S+\/s {2}ETA [-\d:]+/,
  );
  assert(line.length < COLUMNS, line);
  hold.release();
  await shell.waitFor("Saved as long-");
  // deno-lint-ignore no-control-regex
  assertMatch(shell.raw.text, /\r\x1b\[KSaved as/);
});

Deno.test("colors are used on a terminal, and not under NO_COLOR", async () => {
  // deno-lint-ignore no-control-regex
  const color = /\x1b\[[0-9;]*m/;
  await using colored = await openShell();
  assertMatch(colored.raw.text, color);
  await using plain = await openShell([], { env: { NO_COLOR: "1" } });
  await plain.enter("nonsense");
  await plain.waitFor(PROMPT);
  assertNotMatch(plain.raw.text, color);
});
