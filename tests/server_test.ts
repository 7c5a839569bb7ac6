/** `ftpd` as an operator meets it: how it starts, what it logs, how it is configured, how it goes on and how it stops. */

import { assert, assertEquals, assertMatch, assertNotMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { connect, ConnectionLostError, ProtocolError } from "../client/client.ts";
import { encodeFrame, FLAG_BODY, FrameKind } from "../protocol/frame.ts";
import { VERSION } from "../protocol/version.ts";
import { readConfig } from "../server/config.ts";
import { namesIn, partialsIn, pattern } from "./support/files.ts";
import { bound, listenersOf, noLibc, notBound, testUnless } from "./support/machine.ts";
import { assertDone, ftp, FTPD, startFtp, startServer, type TestServer } from "./support/programs.ts";
import { endOf, GREETING, RawClient } from "./support/raw_client.ts";
import { Relay } from "./support/relay.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { PATIENCE_MS, Transcript } from "./support/transcript.ts";
import { until } from "./support/until.ts";
import { inTime } from "./support/watchdog.ts";

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs `ftpd` where it is to end by itself. */
async function ftpd(
  args: string[],
  options: { env?: Record<string, string>; cwd?: string; prefix?: string[] } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [program, ...rest] = [...options.prefix ?? [], FTPD, ...args];
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: rest,
    env: options.env,
    cwd: options.cwd,
    stdin: "null",
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** It must refuse to start: exit code 2, nothing on standard output, and one line without a stack trace. */
async function assertRefuses(message: string | RegExp, ...args: Parameters<typeof ftpd>): Promise<void> {
  const { code, stdout, stderr } = await ftpd(...args);
  assertEquals([code, stdout], [2, ""], stderr);
  if (typeof message === "string") assertEquals(stderr, `ftpd: ${message}\n`);
  else assertMatch(stderr, message);
  assertMatch(stderr, /^ftpd: [^\n]+\n$/);
}

/** All of the log, once everybody has left and the server has been stopped. */
async function finalLog(server: TestServer): Promise<string> {
  server.kill("SIGTERM");
  await inTime(server.stopped, "ftpd", PATIENCE_MS);
  await server.stderr.ended;
  return server.log();
}

function library(server: { port: number }, timeout?: number) {
  return connect({ hostname: "127.0.0.1", port: server.port, timeout });
}

Deno.test("ftpd says in exactly one line on standard output where it listens and what it serves", async () => {
  await using server = await startServer();
  assertEquals((await ftp(server, "ls")).code, 0);
  server.kill("SIGTERM");
  await inTime(server.stopped, "ftpd", PATIENCE_MS);
  await server.stdout.ended;
  assertEquals(server.stdout.text, `ftpd: listening on 127.0.0.1:${server.port}, serving ${server.dir}\n`);
  assert(server.port > 0 && server.port !== 8080);
});

Deno.test("without a folder ftpd serves the current one, and says its real path", async () => {
  using folder = new TempFolder();
  Deno.mkdirSync(`${folder.path}/real`);
  Deno.symlinkSync("real", `${folder.path}/link`);
  await using server = await startServer({ dir: `${folder.path}/link` });
  assertStringIncludes(server.stdout.text, `, serving ${folder.path}/real\n`);
  const { stdout } = await ftp(server, "ls");
  assertStringIncludes(stdout, "0 files, 0 folders");

  const child = new Deno.Command(FTPD, { args: ["--port", "0"], cwd: folder.path, stdout: "piped", stderr: "null" })
    .spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  assertMatch(value!, new RegExp(`serving ${folder.path}\n$`));
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 0);
  await reader.cancel();
});

Deno.test("ftpd --help names every option, and --version the version", async () => {
  const help = await ftpd(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  const options = [
    "host",
    "port",
    "config",
    "on-collision",
    "idle-timeout",
    "max-connections",
    "read-only",
    "log-format",
  ];
  for (const option of [...options, "grace", "no-fsync", "help", "version"]) {
    assertStringIncludes(help.stdout, `--${option}`);
  }
  assertEquals(await ftpd(["-h"]), help);
  assertEquals(await ftpd(["--version"]), { code: 0, stdout: `ftpd ${VERSION}\n`, stderr: "" });
});

Deno.test("standard output that is full is one clear line and exit code 2", async () => {
  const full = new Deno.Command("sh", { args: ["-c", 'exec "$0" --port 0 >/dev/full', FTPD] });
  const { code, stderr } = await full.output();
  assertEquals(code, 2);
  assertEquals(new TextDecoder().decode(stderr), "ftpd: writing to standard output: the disk is full\n");
});

testUnless(noLibc, "SIGUSR1 and SIGUSR2 are ignored, and let nobody debug the server", async () => {
  await using server = await startServer();
  server.kill("SIGUSR1"); // at once: Deno does not answer to it yet
  const caught = () =>
    BigInt(`0x${/^SigCgt:\s+(\S+)$/m.exec(Deno.readTextFileSync(`/proc/${server.pid}/status`))![1]}`);
  await until(() => (caught() & 1n) !== 0n, "Deno to answer to signals, SIGHUP among them");
  const listening = () => listenersOf(server.pid);
  assertEquals(listening(), 1);
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) server.kill(signal);
  assertDone(await ftp(server, "ls"));
  assertEquals(listening(), 1);
});

Deno.test("without a terminal SIGHUP ends neither program, as after nohup", async () => {
  await using server = await startServer();
  using folder = new TempFolder();
  folder.file("big", 20_000_000);
  const child = startFtp([server.address, "--limit-rate", "20M", "upload", "big"], { cwd: folder.path });
  await until(() => partialsIn(server.dir).length > 0, "the upload to begin");
  server.kill("SIGHUP");
  child.kill("SIGHUP");
  assertEquals((await child.output()).code, 0);
  assertEquals(namesIn(server.dir), ["big"]);
});

Deno.test("with a terminal SIGHUP stops ftpd in good order", async () => {
  using folder = new TempFolder();
  const args = ["-qec", `exec ${FTPD} ${folder.path} --port 0`, "/dev/null"];
  const script = new Deno.Command("script", { args, stdin: "piped", stdout: "piped" }).spawn();
  const out = new Transcript(script.stdout);
  await out.waitFor("listening on");
  const pid = Deno.readTextFileSync(`/proc/${script.pid}/task/${script.pid}/children`).trim();
  Deno.kill(Number(pid), "SIGHUP");
  await out.waitFor(/stopping signal=SIGHUP[^]*stopped/);
  assertEquals((await script.status).code, 0);
  await script.stdin.close().catch(() => {});
});

Deno.test("a port in use is one clear line and exit code 2", async () => {
  await using server = await startServer();
  await assertRefuses(
    `cannot listen on 127.0.0.1:${server.port}: the port is in use; choose another with --port, or 0 for any free one`,
    [server.dir, "--port", String(server.port)],
  );
});

Deno.test("a folder that cannot be served is one clear line and exit code 2", async () => {
  using folder = new TempFolder();
  const file = folder.file("file.txt");
  const missing = `${folder.path}/missing`;
  await assertRefuses(`serving "${missing}": there is no such file or folder`, [missing]);
  await assertRefuses(`serving "${file}": it is not a folder`, [file]);
  await assertRefuses("one folder can be served, not 2", [folder.path, missing]);
  await assertRefuses("dir must be the path of a folder", [""]);
});

testUnless(
  notBound,
  "a folder that may not be read is not served",
  async () => {
    using folder = new TempFolder();
    const closed = `${folder.path}/closed`;
    Deno.mkdirSync(closed, { mode: 0 });
    await assertRefuses(`serving "${closed}": permission denied`, [closed], { prefix: bound });
    Deno.chmodSync(closed, 0o700); // so that it can be removed
  },
);

Deno.test("a wrong option, variable or key is one clear line and exit code 2", async () => {
  using folder = new TempFolder();
  const at = ["--port", "0", folder.path];
  await assertRefuses("unknown option --bogus; --help shows them all", [...at, "--bogus"]);
  await assertRefuses("unknown option -x; --help shows them all", [...at, "-x"]);
  await assertRefuses(/--port: "http" will not do/, ["--port", "http", folder.path]);
  await assertRefuses(/--port: "65536" will not do/, ["--port", "65536", folder.path]);
  await assertRefuses(/--port: "" will not do/, [folder.path, "--port"]);
  await assertRefuses(/--on-collision: "keep" will not do: must be rename, overwrite or fail/, [
    ...at,
    "--on-collision",
    "keep",
  ]);
  await assertRefuses(/--max-connections: "0" will not do/, [...at, "--max-connections", "0"]);
  await assertRefuses(/--max-connections: "1.5" will not do: must be a whole number/, [...at, "--max-connections=1.5"]);
  await assertRefuses(/--idle-timeout: "0" will not do: must be at least 0.1/, [...at, "--idle-timeout", "0"]);
  await assertRefuses(/--grace: "3000000" will not do: must be at most 2000000/, [...at, "--grace", "3000000"]);
  await assertRefuses(/--workers: "257" will not do: must be at most 256/, [...at, "--workers", "257"]);
  for (const wrong of ["--read-only=flase", "--read-only=", "--no-read-only=false"]) {
    await assertRefuses(`${wrong} will not do: it is --read-only or --no-read-only`, [...at, wrong]);
  }
  await assertRefuses(/there is no setting FTPD_READONLY; did you mean FTPD_READ_ONLY\?/, at, {
    env: { FTPD_READONLY: "true" },
  });
  await assertRefuses(/FTPD_READ_ONLY: "maybe" will not do/, at, { env: { FTPD_READ_ONLY: "maybe" } });
  await assertRefuses(/cannot listen on 203\.0\.113\.1:0: there is no such address on this machine/, [
    ...at,
    "--host",
    "203.0.113.1",
  ]);

  const config = (name: string, text: string) => ["--config", folder.file(name, text), folder.path];
  await assertRefuses(
    /unknown key "prot" in config file \S+a\.toml; known are dir, host, port,/,
    config("a.toml", "prot = 1"),
  );
  await assertRefuses(/port in \S+b\.toml: "x" will not do/, config("b.toml", 'port = "x"'));
  await assertRefuses(/read-only in \S+c\.toml: 3 will not do/, config("c.toml", "read-only = 3"));
  await assertRefuses(/config file \S+d\.toml is not valid TOML/, config("d.toml", "port = = 1"));
  await assertRefuses(/config file \S+e\.toml: there is no such file/, ["--config", `${folder.path}/e.toml`]);
  await assertRefuses(/config file \S+: it cannot be read/, ["--config", folder.path]);
});

Deno.test("for every option a flag beats the environment, which beats the file, which beats the default", async () => {
  // The value of each as text, so that it fits all three places: default, file, environment, flag.
  const values: Record<string, [unknown, unknown, unknown, unknown]> = {
    host: ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"],
    port: [8080, 2001, 2002, 2003],
    "on-collision": ["rename", "fail", "overwrite", "rename"],
    "read-only": [false, true, false, true],
    "idle-timeout": [900, 1.5, 2.5, 3.5],
    "max-connections": [1000, 1, 2, 3],
    workers: [1, 2, 3, 4],
    "partial-ttl": [168, 1.5, 2.5, 3.5],
    grace: [30, 1.5, 2.5, 3.5],
    fsync: [true, false, true, false],
    "log-format": ["text", "json", "text", "json"],
  };
  const none = { env: () => undefined, readFile: () => "" };
  const defaults = await readConfig([], none);
  assert(defaults.run === "serve");
  assertEquals(Object.keys(defaults.settings).sort(), Object.keys(values).sort());
  for (const [name, [fallback, inFile, inEnvironment, asFlag]] of Object.entries(values)) {
    const variable = `FTPD_${name.toUpperCase().replaceAll("-", "_")}`;
    const file = ["--config", "ftpd.toml"];
    const flag = typeof asFlag === "boolean" ? `--${asFlag ? "" : "no-"}${name}` : `--${name}=${asFlag}`;
    const sources = {
      env: (asked: string) => asked === variable ? String(inEnvironment) : undefined,
      readFile: () => `${name} = ${JSON.stringify(inFile)}`,
    };
    const got = [];
    for (
      const [args, from] of [
        [[], none],
        [file, { ...none, readFile: sources.readFile }],
        [file, sources],
        [[...file, flag], sources],
      ] as const
    ) {
      const invocation = await readConfig([...args], from);
      got.push((invocation as { settings?: Record<string, unknown> }).settings?.[name]);
    }
    assertEquals(got, [fallback, inFile, inEnvironment, asFlag], name);
  }
});

Deno.test("the folder to serve comes from the command line, else from the environment, else from the file", async () => {
  using folder = new TempFolder();
  const dirs = ["file", "variable", "argument"].map((name) => `${folder.path}/${name}`);
  dirs.forEach((dir) => Deno.mkdirSync(dir));
  const FTPD_CONFIG = folder.file("ftpd.toml", `dir = ${JSON.stringify(dirs[0])}\nport = 1\nhost = "::1"`);
  const wanted = async (args: string[], env: Record<string, string>, dir: string) => {
    const child = new Deno.Command(FTPD, { args: [...args, "--port=0"], env, stdout: "piped", stderr: "null" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await reader.read();
    child.kill("SIGTERM");
    await reader.cancel();
    await child.status;
    assertStringIncludes(value ?? "", `, serving ${dir}\n`);
  };
  const host = { FTPD_HOST: "127.0.0.1" };
  await wanted([], { FTPD_CONFIG, ...host }, dirs[0]);
  await wanted([], { FTPD_CONFIG, FTPD_DIR: dirs[1], ...host }, dirs[1]);
  await wanted([dirs[2]], { FTPD_CONFIG, FTPD_DIR: dirs[1], ...host }, dirs[2]);
});

Deno.test("settings from file, environment and flags are in force together", async () => {
  using folder = new TempFolder();
  const config = folder.file(
    "ftpd.toml",
    'on-collision = "fail"\nmax-connections = 1\nlog-format = "text"\nread-only = true\nidle-timeout = 0.1\n',
  );
  await using server = await startServer({
    args: ["--config", config, "--no-read-only"],
    env: { FTPD_LOG_FORMAT: "json", FTPD_IDLE_TIMEOUT: "60" },
  });
  Deno.writeTextFileSync(`${server.dir}/taken.txt`, "old");
  const client = await library(server);
  const { readOnly, idleTimeout } = await client.hello;
  assertEquals([readOnly, idleTimeout], [false, 60]);
  const refused = await ftp(server, "ls");
  assertEquals(refused.code, 3);
  assertStringIncludes(refused.stderr, "the server has its 1 connections already; try again later");
  await client.close();
  const upload = await ftp(server, "upload", "-", "taken.txt", { stdin: "new" });
  assertEquals(upload.code, 1);
  assertEquals(Deno.readTextFileSync(`${server.dir}/taken.txt`), "old");
  for (const line of (await finalLog(server)).trimEnd().split("\n")) JSON.parse(line);
});

Deno.test("the log tells who came, what each did with which outcome, how much and how fast, and who left why", async () => {
  await using server = await startServer();
  const content = pattern(300_000);
  assertEquals((await ftp(server, "upload", "-", "a b\n.bin", { stdin: content })).code, 0);
  assertEquals((await ftp(server, "download", "a b\n.bin", "-")).code, 0);
  assertEquals((await ftp(server, "size", "nothing.txt")).code, 1);
  await server.stderr.waitFor(/( left [^]*){3}\n/);
  const who = String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (\w+) client=127\.0\.0\.1:\d+`;
  const clients = new Set<string>();
  for (const line of server.log().trimEnd().split("\n")) {
    assertMatch(line, new RegExp(who));
    clients.add(line.split(" ")[2]);
  }
  assertEquals(clients.size, 3);
  const log = server.log();
  assertMatch(log, new RegExp(`${who}$`, "m")); // connected
  assertMatch(log, / hello client=\S+ software=\S+/);
  assertMatch(
    log,
    /upload client=\S+ path="\/a b\\n\.bin" outcome=ok bytes=300000 ms=[\d.]+ mb_per_s=[\d.]+$/m,
  );
  assertMatch(log, /download client=\S+ path="\/a b\\n\.bin" outcome=ok bytes=300000 ms=[\d.]+ mb_per_s=[\d.]+$/m);
  assertMatch(
    log,
    /size client=\S+ path=\/nothing\.txt outcome=not_found message="\\"\/nothing.txt\\": there is no such file or folder" bytes=0 ms=[\d.]+$/m,
  );
  assertEquals(log.match(/ left client=\S+ reason=goodbye$/gm)?.length, 3);
});

Deno.test("with --log-format json every line of the log is an object with the same members", async () => {
  await using server = await startServer({ args: ["--log-format", "json"] });
  assertEquals((await ftp(server, "upload", "-", 'x"\n.bin', { stdin: pattern(10_000) })).code, 0);
  assertEquals((await ftp(server, "rm", "--yes", "nothing.txt")).code, 1);
  const lines = (await finalLog(server)).trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const { time, event } of lines) {
    assertEquals([new Date(time).toISOString(), typeof event], [time, "string"]);
  }
  assertEquals(lines.map(({ event }) => event).filter((event) => event !== "stat"), [
    ...["connected", "hello", "upload", "left"],
    ...["connected", "hello", "rm", "left"],
    ...["stopping", "stopped"],
  ]);
  const upload = lines.find(({ event }) => event === "upload");
  assertMatch(upload.client, /^127\.0\.0\.1:\d+$/);
  assertEquals([upload.path, upload.outcome, upload.bytes], ['/x"\n.bin', "ok", 10_000]);
  assert(upload.ms > 0 && upload.mb_per_s > 0);
  const left = lines.find(({ event }) => event === "left");
  assertEquals([left.client, left.reason], [upload.client, "goodbye"]);
});

Deno.test("the log says that a transfer was cut off, and after how many bytes", async () => {
  await using server = await startServer();
  const up = startFtp([server.address, "upload", "-", "half.bin"], { stdin: "yes" });
  const writer = up.stdin.getWriter();
  await writer.write(pattern(200_000));
  await server.stderr.waitFor("hello");
  up.kill("SIGKILL");
  await up.output();
  await writer.abort().catch(() => {});
  const [line] = await server.stderr.waitFor(/ upload client=.*/);
  assertMatch(line, /path=\/half\.bin outcome=lost message="[^"]+" bytes=\d+ /);
  await server.stderr.waitFor(/left client=\S+ reason=/);
  assertNotMatch(server.log(), /outcome=ok|fault/);
  assertEquals(namesIn(server.dir), []);
});

Deno.test("clients that say goodbye, crash or break the protocol leave the server serving the others", async () => {
  await using server = await startServer();
  Deno.writeFileSync(`${server.dir}/large.bin`, pattern(30_000_000));
  const other = await library(server);
  const goodbye = await library(server);
  await goodbye.close();

  const crashing = startFtp([server.address, "download", "large.bin", "-"]);
  const reader = crashing.stdout.getReader();
  await reader.read();
  crashing.kill("SIGKILL");
  await reader.cancel();
  await crashing.stderr.cancel();
  await crashing.status;

  const aborting = await library(server);
  const half = await aborting.download("/large.bin");
  await half.read();
  aborting.abort();

  const breaking = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
  await breaking.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  assertMatch(
    new TextDecoder().decode((await readAll(breaking)).slice(0, 200)),
    /^This port speaks connme\/1; .*\r\n$/,
  );

  assertEquals((await other.stat("/large.bin")).size, 30_000_000);
  await other.close();
  const left = () => server.log().match(/ left client=.*/g) ?? [];
  await server.stderr.waitFor(/( left client=[^]*){5}/);
  assertEquals(left().filter((line) => line.endsWith("reason=goodbye")).length, 2, server.log());
  assertEquals(left().filter((line) => line.includes("did not speak connme/1")).length, 1, server.log());
  assertNotMatch(server.log(), /fault/);
});

async function readAll(conn: Deno.Conn): Promise<Uint8Array> {
  return new Uint8Array(await new Response(conn.readable).arrayBuffer());
}

testUnless(noIpv6(), "ftpd serves over IPv6, and writes its addresses in brackets", async () => {
  await using server = await startServer({ args: ["--host", "::1"] });
  assertStringIncludes(server.stdout.text, `ftpd: listening on [::1]:${server.port}, serving `);
  const { code, stderr } = await ftp(`[::1]:${server.port}`, "ls");
  assertEquals(code, 0, stderr);
  assertMatch(server.log(), /connected client=\[::1\]:\d+\n/);
  await assertRefuses(/cannot listen on \[::1\]:\d+: the port is in use/, [
    server.dir,
    "--host=::1",
    "--port",
    String(server.port),
  ]);
});

function noIpv6(): string | undefined {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return undefined;
  } catch {
    return "there is no IPv6";
  }
}

Deno.test("a client that is silent for longer than the idle timeout is let go, and one that works is not", async () => {
  await using server = await startServer({ args: ["--idle-timeout", "3"] });
  const mute = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
  const silent = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
  await silent.write(GREETING);
  // The library asks for signs of life well before the timeout.
  const working = await library(server, 2);
  await inTime(Promise.all([readAll(mute), readAll(silent)]), "a silent client", PATIENCE_MS);
  await server.stderr.waitFor(/( left client=\S+ reason="[^"]+ for too long"[^]*){2}/);
  await working.stat("/");
  await working.close();
  await server.stderr.waitFor(/left client=\S+ reason=goodbye/);
});

Deno.test("a client whose frame comes slowly is told again and again that the server is there", async () => {
  await using server = await startServer();
  using client = await RawClient.greet(server);
  const body = pattern(1000);
  await client.frame(FrameKind.REQUEST, 1, { command: "upload", path: "/slow" }, FLAG_BODY);
  const frame = encodeFrame(FrameKind.DATA, 1, body);
  let [sent, told] = [0, 0];
  const trickle = async () => {
    for (; told < 3; await delay(50)) await client.send(frame.subarray(sent, ++sent));
  };
  const listen = async () => {
    for (; told < 3; told++) {
      const next = await client.next();
      assertEquals([next?.kind, next?.id, next?.bytes.length], [FrameKind.PONG, 0, 0]);
    }
  };
  await Promise.all([trickle(), listen()]);
  assert(sent < frame.length, "all of it came before the client was told");
  await client.send(frame.subarray(sent));
  await client.frame(FrameKind.END, 1, endOf(body));
  assertEquals((await client.answer(1)).reply.path, "/slow");
});

Deno.test("a client is not let go as long as 64 KiB of its frame come within the idle timeout", async () => {
  await using server = await startServer({ args: ["--idle-timeout", "1.5"] });
  using client = await RawClient.greet(server);
  const body = pattern(1024 * 1024);
  await client.frame(FrameKind.REQUEST, 1, { command: "upload", path: "/slow" }, FLAG_BODY);
  const frame = encodeFrame(FrameKind.DATA, 1, body);
  const part = 80 * 1024;
  for (let at = 0; at < frame.length; at += part) {
    await client.send(frame.subarray(at, at + part));
    await delay(300); // four seconds in all
  }
  await client.frame(FrameKind.END, 1, endOf(body));
  assertEquals((await client.answer(1)).reply.path, "/slow");
});

Deno.test("a client that is thrown out in the middle of a body has a second to read why", async () => {
  await using server = await startServer();
  using client = await RawClient.greet(server);
  await client.frame(FrameKind.REQUEST, 1, { command: "upload", path: "/x" }, FLAG_BODY);
  await client.frame(FrameKind.DATA, 1, pattern(1000));
  assertEquals((await client.next())?.kind, FrameKind.PONG);
  await delay(800); // shortly before the server looks at its clock again, which is when it would say so once more
  await client.frame(FrameKind.DATA, 1, pattern(1000));
  const began = performance.now();
  await client.frame(FrameKind.REQUEST, 2, { command: "stat", path: "/" });
  assertEquals((await client.rest()).at(-1)?.message.code, "protocol");
  await assertRejects(async () => {
    for (;; await delay(20)) await client.send(new Uint8Array(1)); // it is read, and thrown away
  });
  assert(performance.now() - began > 800);
});

Deno.test("a server may take its time to answer, however long nothing was asked of it before", async () => {
  await using server = await startServer();
  await using relay = new Relay(server, {
    down: async ({ kind }) => {
      if (kind === FrameKind.REPLY) await delay(700); // several times as long as from one look at the clock to the next
    },
  });
  const client = await library({ port: Number(relay.address.split(":")[1]) }, 1);
  await delay(1300); // longer than the timeout
  assertEquals((await client.stat("/")).kind, "folder");
  await client.close();
});

Deno.test("with every connection taken the next client is told so; a place is free again as soon as one leaves", async () => {
  await using server = await startServer({ args: ["--max-connections", "1"] });
  const first = await library(server);
  const { code, stdout, stderr } = await ftp(server, "ls");
  assertEquals([code, stdout], [3, ""]);
  assertMatch(stderr, /^ftp: cannot connect to \S+: the server has its 1 connections already; try again later\n/);
  await first.stat("/");
  await first.close();
  for (let times = 0; times < 50; times++) {
    const next = await library(server);
    await next.close();
  }
  assertEquals((await ftp(server, "ls")).code, 0);
  assertEquals(server.log().match(/ refused client=/g)?.length, 1);
});

Deno.test("a server that has run out of files to open says so, and serves again as soon as clients leave", async () => {
  using folder = new TempFolder();
  const script = 'ulimit -n 40; exec "$@"';
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sh", FTPD, folder.path, "--port", "0"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [stdout, stderr] = [new Transcript(child.stdout), new Transcript(child.stderr)];
  try {
    const [, port] = await stdout.waitFor(/listening on \S+:(\d+),/);
    const crowd = await Promise.all(
      Array.from({ length: 50 }, () => Deno.connect({ hostname: "127.0.0.1", port: Number(port) })),
    );
    await stderr.waitFor(/ accept outcome=failed message="[^"]*open files/);
    crowd.forEach((conn) => conn.close());
    const { code, stderr: message } = await ftp(`127.0.0.1:${port}`, "ls");
    assertEquals(code, 0, message);
    child.kill("SIGTERM");
    assertEquals((await inTime(child.status, "ftpd", PATIENCE_MS)).code, 0);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await Promise.all([child.status, stdout.ended, stderr.ended]);
  }
});

Deno.test("a server that answers nothing any more is given up after the timeout", async () => {
  await using server = await startServer();
  const client = await library(server, 1);
  await client.stat("/");
  server.kill("SIGSTOP");
  const { code, stdout, stderr } = await ftp(server, "--timeout", "1", "ls");
  assertEquals([code, stdout], [3, ""]);
  assertMatch(stderr, /^ftp: cannot connect to \S+: no answer within 1 s; is it an ftpd that listens there\?\n$/);
  await inTime(client.close(), "saying goodbye to it", PATIENCE_MS);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} ends an idle server at once with exit code 0, and its idle clients are told`, async () => {
    await using server = await startServer();
    const idle = await library(server);
    const mute = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
    await server.stderr.waitFor(/connected[^]*connected/);
    const began = performance.now();
    server.kill(signal);
    assertEquals(await inTime(server.stopped, "ftpd", PATIENCE_MS), { success: true, code: 0, signal: null });
    assert(performance.now() - began < 5_000, "it waited for clients that do nothing");
    await server.stderr.ended;
    assertMatch(server.log(), new RegExp(`stopping signal=${signal} grace=30\n[^]* stopped\n$`));
    assertEquals(server.log().match(/ left client=/g)?.length, 2);
    await readAll(mute);
    await idle.stat("/").then(() => assert(false, "nobody can have answered"), (error) => {
      assert(error instanceof ConnectionLostError && error instanceof ProtocolError);
      assertMatch(error.message, /the server is stopping/);
    });
    await idle.close();
  });
}
