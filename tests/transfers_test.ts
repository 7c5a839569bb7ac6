/** Transfers by the built programs: what arrives, under which name, and what is left of one that fails. */

import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { crc32 } from "node:zlib";
import { CommandError, connect } from "../client/client.ts";
import { Output } from "../client/output.ts";
import { fetchFile } from "../client/transfer/fetch_file.ts";
import { fetcher } from "../client/transfer/fetch_many.ts";
import { DiskError } from "../disk/errors.ts";
import { exists } from "../disk/exists.ts";
import { isPartialName, newPartialName } from "../disk/names.ts";
import { FrameKind } from "../protocol/frame.ts";
import { decodeMessage, encodeMessage } from "../protocol/message_codec.ts";
import { bodyEnd } from "../protocol/messages.ts";
import { namesIn, partialsIn, pattern, sha256, sha256OfFile } from "./support/files.ts";
import { bound, noRamDisk, notBound, RamDisk, testUnless } from "./support/machine.ts";
import {
  assertDone,
  assertFails,
  FTP,
  ftp,
  type FtpResult,
  startFtp,
  startServer,
  STATE,
  type TestServer,
} from "./support/programs.ts";
import { Hold, Relay } from "./support/relay.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { PATIENCE_MS, Transcript } from "./support/transcript.ts";
import { plant } from "./support/trees.ts";
import { until } from "./support/until.ts";
import { inTime } from "./support/watchdog.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** The names in a folder, without those of partial files. */
function visibleIn(folder: string): string[] {
  return namesIn(folder).filter((name) => !isPartialName(name));
}

function read(path: string): string {
  return Deno.readTextFileSync(path);
}

/** Waits for the end of a program that was started, but not for ever, and for what it said. */
async function end(child: Deno.ChildProcess): Promise<FtpResult> {
  const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(late);
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr), bytes: stdout };
}

for (const flags of [[], ["--sha256"]]) {
  const how = flags.length > 0 ? " with --sha256" : "";
  Deno.test(`files of all sizes arrive whole both ways${how}, with their time and executable bit`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    const edges = [64 * KIB, 256 * KIB, MIB].flatMap((edge) => [edge - 1, edge, edge + 1]);
    const sizes = flags.length > 0 ? [0, 1, MIB + 1] : [0, 1, ...edges, 40 * MIB + 3];
    Deno.mkdirSync(`${local.path}/back`);
    for (const [index, size] of sizes.entries()) {
      const name = `${size}.bin`;
      const path = local.file(name, pattern(size, size));
      const executable = index % 2 === 0;
      Deno.chmodSync(path, executable ? 0o755 : 0o644);
      const modified = new Date(Date.UTC(2001, 1, 3 + index, 4, 5, 6, 789));
      Deno.utimeSync(path, modified, modified);
      const wanted = [sha256OfFile(path), modified.getTime(), executable];

      const up = await ftp(server, "upload", name, ...flags, { cwd: local.path });
      assertDone(up);
      assertStringIncludes(up.stdout, `Stored as /${name} (`);
      assertEquals(describe(`${server.dir}/${name}`), wanted, name);

      const down = await ftp(server, "download", name, "back", "--no-show", ...flags, { cwd: local.path });
      assertDone(down);
      assertStringIncludes(down.stdout, `Saved as back/${name} (`);
      assertEquals(describe(`${local.path}/back/${name}`), wanted, name);
    }
    assertEquals(partialsIn(server.dir).concat(partialsIn(`${local.path}/back`)), []);
  });
}

/** Content, time and executable bit of a file. */
function describe(path: string): [string, number, boolean] {
  const { mtime, mode } = Deno.statSync(path);
  return [sha256OfFile(path), mtime!.getTime(), (mode! & 0o100) !== 0];
}

Deno.test("a bit that flips on the way is noticed: exit code 4, and nothing is kept", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.writeFileSync(`${server.dir}/there.bin`, pattern(300_000));
  local.file("here.bin", pattern(300_000));
  const flip = ({ kind, payload }: { kind: number; payload: Uint8Array }) => {
    if (kind === FrameKind.DATA) payload[payload.length >> 1] ^= 0x10;
  };
  await using relay = new Relay(server, { up: flip, down: flip });
  assertFails(await ftp(relay.address, "upload", "here.bin", { cwd: local.path }), 4, /the CRC-32 of what arrived is/);
  assertFails(
    await ftp(relay.address, "download", "there.bin", { cwd: local.path }),
    4,
    /the CRC-32 of what arrived is/,
  );
  assertEquals([namesIn(server.dir), namesIn(local.path)], [["there.bin"], ["here.bin"]]);
});

Deno.test("what CRC-32 cannot notice --sha256 does: exit code 4, and nothing is kept", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const content = pattern(10_000);
  Deno.writeFileSync(`${server.dir}/there.bin`, content);
  local.file("here.bin", content);
  const changed = content.slice();
  changed[5_000] ^= 1;
  // Changes the body and its CRC-32 together, as somebody would who means to.
  const forge = (frame: { kind: number; payload: Uint8Array<ArrayBuffer> }) => {
    if (frame.kind === FrameKind.DATA) frame.payload = changed;
    if (frame.kind !== FrameKind.END) return;
    const said = decodeMessage(bodyEnd, frame.payload, "END");
    frame.payload = encodeMessage({ ...said, crc32: crc32(changed).toString(16).padStart(8, "0") });
  };
  await using relay = new Relay(server, { up: forge, down: forge });
  const noticed = /the SHA-256 of what arrived is/;
  assertFails(await ftp(relay.address, "upload", "here.bin", "--sha256", { cwd: local.path }), 4, noticed);
  assertFails(await ftp(relay.address, "download", "there.bin", "--sha256", { cwd: local.path }), 4, noticed);
  assertEquals([namesIn(server.dir), namesIn(local.path)], [["there.bin"], ["here.bin"]]);
});

Deno.test("an upload whose name is taken keeps both, and says which name it got", async () => {
  await using server = await startServer();
  const upload = async (name: string, content: string, ...flags: string[]) => {
    const result = await ftp(server, "upload", "-", name, ...flags, { stdin: content });
    assertDone(result);
    return /Stored as (\S+) \(/.exec(result.stdout)?.[1];
  };
  Deno.mkdirSync(`${server.dir}/docs`);
  for (
    const [name, second, third] of [
      ["report.txt", "report_1.txt", "report_2.txt"],
      [".dotfile", ".dotfile_1", ".dotfile_2"],
      ["README", "README_1", "README_2"],
      ["docs/a.tar.gz", "docs/a.tar_1.gz", "docs/a.tar_2.gz"],
      ["a b.x", "a b_1.x", "a b_2.x"],
    ]
  ) {
    for (const [index, wanted] of [name, second, third].entries()) {
      const result = await ftp(server, "upload", "-", name, { stdin: `${name} ${index}` });
      assertDone(result);
      assertStringIncludes(result.stdout, `Stored as /${wanted} (`);
      assertEquals(read(`${server.dir}/${wanted}`), `${name} ${index}`);
    }
  }
  // The log tells where it is.
  await server.stderr.waitFor(/ upload client=\S+ path=\/report_2\.txt outcome=ok /);
  // A gap is filled, and a name that is a folder's is taken, too.
  Deno.removeSync(`${server.dir}/report_1.txt`);
  assertEquals(await upload("report.txt", "again"), "/report_1.txt");
  Deno.mkdirSync(`${server.dir}/report_3.txt`);
  assertEquals(await upload("report.txt", "more"), "/report_4.txt");
  assertEquals(read(`${server.dir}/report.txt`), "report.txt 0");
});

Deno.test("an upload whose answer was lost is not stored again, whatever name it got", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  local.file("a.txt", pattern(300_000, 1));
  for (const taken of [["a.txt"], ["a.txt", "a_1.txt"]]) {
    for (const name of taken) Deno.writeTextFileSync(`${server.dir}/${name}`, "another one");
    let answers = 0;
    await using relay = new Relay(server, {
      down: ({ kind, payload }) => {
        if (kind !== FrameKind.REPLY || !new TextDecoder().decode(payload).includes('"size":300000')) return;
        if (++answers === 1) throw new Error("the line is cut");
      },
    });
    const { code, stdout, stderr } = await ftp(relay.address, "upload", "a.txt", { cwd: local.path });
    assertEquals(code, 0, stderr);
    assertEquals(stdout.split(" (")[0], `Stored as /a_${taken.length}.txt`);
    assertEquals(namesIn(server.dir), [...taken, `a_${taken.length}.txt`]);
    assert(answers > 1);
  }
});

Deno.test("an upload through a link whose target is taken says where it really went", async () => {
  await using server = await startServer();
  Deno.mkdirSync(`${server.dir}/data`);
  Deno.writeTextFileSync(`${server.dir}/data/v1.txt`, "old");
  Deno.symlinkSync("data/v1.txt", `${server.dir}/current.txt`);
  const result = await ftp(server, "upload", "-", "current.txt", { stdin: "new" });
  assertDone(result);
  const [, stored] = /Stored as (\S+) \(/.exec(result.stdout)!;
  assertEquals(read(`${server.dir}${stored}`), "new");
  assertEquals(read(`${server.dir}/data/v1.txt`), "old");

  assertDone(await ftp(server, "upload", "-", "current.txt", "--overwrite", { stdin: "newest" }));
  assertEquals(read(`${server.dir}/data/v1.txt`), "newest");
  assert(Deno.lstatSync(`${server.dir}/current.txt`).isSymlink);
});

Deno.test("upload --overwrite replaces the file, and --fail-if-exists refuses before anything is sent", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  local.file("a.txt", "new");
  local.file("large.bin", 200 * MIB);
  Deno.writeTextFileSync(`${server.dir}/a.txt`, "a much longer old content");
  Deno.writeTextFileSync(`${server.dir}/large.bin`, "old");

  assertFails(await ftp(server, "upload", "a.txt", "--fail-if-exists", { cwd: local.path }), 1, /"\/a\.txt" is taken/);
  assertEquals(read(`${server.dir}/a.txt`), "a much longer old content");
  const large = await ftp(server, "upload", "large.bin", "--fail-if-exists", { cwd: local.path });
  assertFails(large, 1, /"\/large\.bin" is taken/);
  const [, bytes] = await server.stderr.waitFor(/ upload client=\S+ path=\/large\.bin outcome=exists .*bytes=(\d+)/);
  assert(Number(bytes) < 100 * MIB);

  assertDone(await ftp(server, "upload", "a.txt", "--overwrite", { cwd: local.path }));
  assertEquals(read(`${server.dir}/a.txt`), "new");
  assertDone(await ftp(server, "upload", "a.txt", "free.txt", "--fail-if-exists", { cwd: local.path }));
  assertEquals(namesIn(server.dir), ["a.txt", "free.txt", "large.bin"]);

  Deno.mkdirSync(`${server.dir}/folder`);
  assertDone(await ftp(server, "upload", "a.txt", "folder", "--overwrite", { cwd: local.path }));
  assertEquals(read(`${server.dir}/folder/a.txt`), "new");
});

Deno.test("a file that replaces another one keeps its rights, and brings its own executable bit", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const cwd = local.path;
  Deno.chmodSync(local.file("run.sh", "new"), 0o755);
  Deno.writeTextFileSync(`${server.dir}/run.sh`, "old");
  Deno.chmodSync(`${server.dir}/run.sh`, 0o640);
  assertDone(await ftp(server, "upload", "run.sh", "--overwrite", { cwd }));
  assertEquals([read(`${server.dir}/run.sh`), modeOf(`${server.dir}/run.sh`)], ["new", 0o750]);

  Deno.writeTextFileSync(`${server.dir}/key`, "new");
  Deno.chmodSync(local.file("key", "old"), 0o600);
  assertDone(await ftp(server, "download", "key", "--overwrite", { cwd }));
  assertEquals([read(`${cwd}/key`), modeOf(`${cwd}/key`)], ["new", 0o600]);
});

function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o777;
}

Deno.test("a server that overwrites by itself loses nothing of two files that one run puts in one place", async () => {
  await using server = await startServer({ args: ["--on-collision", "overwrite"] });
  using local = new TempFolder();
  for (const name of ["p/x", "q/x"]) local.file(name, name);
  Deno.mkdirSync(`${server.dir}/to`);
  const { code, stdout, stderr } = await ftp(server, "upload", "p/x", "q/x", "to/", { cwd: local.path });
  assertEquals([code, stderr], [1, 'ftp: q/x: "p/x" goes to the same place\nftp: 1 of 2 files failed\n']);
  assertMatch(stdout, /^Sent 1 file, 3 B in /);
  assertEquals(Deno.readTextFileSync(`${server.dir}/to/x`), "p/x");
});

Deno.test("--on-collision of the server decides for clients that do not say", async () => {
  for (
    const [collision, code, names, content] of [
      ["rename", 0, ["a.txt", "a_1.txt"], "old"],
      ["overwrite", 0, ["a.txt"], "new"],
      ["fail", 1, ["a.txt"], "old"],
    ] as const
  ) {
    await using server = await startServer({ args: ["--on-collision", collision] });
    Deno.writeTextFileSync(`${server.dir}/a.txt`, "old");
    assertEquals((await ftp(server, "upload", "-", "a.txt", { stdin: "new" })).code, code, collision);
    assertEquals([namesIn(server.dir), read(`${server.dir}/a.txt`)], [[...names], content], collision);
    assertDone(await ftp(server, "upload", "-", "a.txt", "--overwrite", { stdin: "mine" }));
    assertEquals(read(`${server.dir}/a.txt`), "mine");
    assertEquals((await ftp(server, "upload", "-", "a.txt", "--fail-if-exists", { stdin: "x" })).code, 1);
    assertEquals(read(`${server.dir}/a.txt`), "mine");
  }
});

Deno.test("a download never replaces a local file unless it is told to", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const cwd = local.path;
  for (
    const [name, second, third] of [
      ["report.txt", "report_1.txt", "report_2.txt"],
      [".dotfile", ".dotfile_1", ".dotfile_2"],
      ["README", "README_1", "README_2"],
    ]
  ) {
    for (const [index, wanted] of [name, second, third].entries()) {
      Deno.writeTextFileSync(`${server.dir}/${name}`, `${index}`);
      const result = await ftp(server, "download", name, "--no-show", { cwd });
      assertDone(result);
      assertStringIncludes(result.stdout, `Saved as ${wanted} (`);
      assertEquals(read(`${cwd}/${wanted}`), `${index}`);
    }
    assertEquals(read(`${cwd}/${name}`), "0");
    Deno.writeTextFileSync(`${server.dir}/${name}`, "replaced");
    assertDone(await ftp(server, "download", name, "--overwrite", "--no-show", { cwd }));
    assertEquals(read(`${cwd}/${name}`), "replaced");
    assertDone(await ftp(server, "download", "/" + name, "other.txt", "--overwrite", "--no-show", { cwd }));
    assertEquals(read(`${cwd}/other.txt`), "replaced");
  }
  assertEquals(namesIn(cwd).length, 10);
});

Deno.test("upload - takes standard input and download FILE - gives the bytes as they are", async () => {
  await using server = await startServer();
  const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  for (
    const [name, content] of [["every.bin", every], ["large.bin", pattern(5 * MIB + 1)], [
      "empty",
      new Uint8Array(0),
    ]] as const
  ) {
    assertDone(await ftp(server, "upload", "-", name, { stdin: content }));
    assertEquals(sha256OfFile(`${server.dir}/${name}`), sha256(content));
    const { code, bytes, stderr } = await ftp(server, "download", name, "-");
    assertEquals([code, stderr], [0, ""]);
    assertEquals(sha256(bytes), sha256(content), name);
  }
  assertFails(await ftp(server, "download", "nothing", "-"), 1, /nothing/);
});

/** What may be done to a file while it is read. */
const CHANGES: Record<string, (path: string) => void> = {
  grows: (path) => Deno.writeTextFileSync(path, "more", { append: true }),
  "is touched": (path) => Deno.utimeSync(path, 2_000_000, 2_000_000),
  "becomes shorter": (path) => Deno.truncateSync(path, 3 * MIB),
  "is written to": (path) => {
    using file = Deno.openSync(path, { write: true });
    file.writeSync(pattern(100, 2));
  },
};

for (const [change, apply] of Object.entries(CHANGES)) {
  const refused = change !== "grows" && change !== "is touched";
  const title = refused ? "is refused, and nothing is stored" : "is stored as it was when it was opened";

  Deno.test(`a local file that ${change} while it is sent ${title}`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    const path = local.file("log.txt", 64 * MIB);
    const before = sha256OfFile(path);
    Deno.utimeSync(path, 1_000_000, 1_000_000);
    const hold = new Hold(MIB);
    await using relay = new Relay(server, { up: hold.meddle });
    const sending = ftp(relay.address, "upload", "log.txt", { cwd: local.path });
    await hold.reached;
    apply(path);
    hold.release();
    const result = await sending;
    if (!refused) {
      assertDone(result);
      return assertEquals(sha256OfFile(`${server.dir}/log.txt`), before);
    }
    assertEquals(result.stdout, "");
    assertFails(result, 5, /^ftp: the local file "log\.txt" was changed while it was being read; try again\n$/);
    await server.stderr.waitFor(/ left client=/);
    assertEquals(visibleIn(server.dir), []);
  });

  Deno.test(`a file of the server that ${change} while it is fetched ${title}`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    const path = `${server.dir}/log.txt`;
    Deno.writeFileSync(path, pattern(64 * MIB));
    const before = sha256OfFile(path);
    Deno.utimeSync(path, 1_000_000, 1_000_000);
    const hold = new Hold(MIB);
    await using relay = new Relay(server, { down: hold.meddle });
    const fetching = ftp(relay.address, "download", "log.txt", { cwd: local.path });
    await hold.reached;
    apply(path);
    hold.release();
    const result = await fetching;
    if (!refused) {
      assertDone(result);
      return assertEquals(sha256OfFile(`${local.path}/log.txt`), before);
    }
    assertFails(result, 1, /"\/log\.txt" was changed while it was being read; try again/);
    assertEquals(visibleIn(local.path), []);
  });
}

testUnless(
  noRamDisk,
  "a full disk of the server: a clear error, exit code 1, no partial, and the connection lives",
  async () => {
    using disk = new RamDisk("8m");
    await using server = await startServer({ dir: disk.path });
    using local = new TempFolder();
    const content = pattern(16 * MIB);
    const large = local.file("large.bin", content);
    const refused = /"\/large\.bin" needs 16777216 bytes, and the disk has \d+ bytes free/;
    assertFails(await ftp(server, "upload", large), 1, refused);
    // Nobody knows beforehand how much comes from standard input.
    const full = await ftp(server, "upload", "-", "large.bin", { stdin: content });
    assertFails(full, 1, /"\/large\.bin": the disk is full/);
    assertEquals(namesIn(disk.path), []);

    const client = await connect({ hostname: "127.0.0.1", port: server.port });
    for (let times = 0; times < 3; times++) {
      const source = { ...bytesOf(content), size: undefined };
      const error = await client.upload("/large.bin", source).then(() => undefined, (error) => error);
      assert(error instanceof CommandError && error.code === "no_space", String(error));
      const kept = await client.upload("/small.bin", bytesOf(pattern(1000, times)), { collision: "overwrite" });
      assertEquals(kept, { path: "/small.bin", size: 1000 });
    }
    assertEquals((await client.list("/", { hidden: true })).map(({ name }) => name), ["small.bin"]);
    await client.close();
    assertEquals(namesIn(disk.path), ["small.bin"]);
  },
);

Deno.test("what a killed run left of small files goes a day later, and what somebody may go on with stays", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(server.dir, { "tree/sub/a": "1", "tree/large": "2" });
  const owner = { token: "0123456789abcdef".repeat(2), run: "0123456789abcdef" };
  const [file, folder, owned] = [newPartialName(), newPartialName(), newPartialName(owner)];
  plant(local.path, { [`tree/sub/${file}`]: "x", [`tree/${folder}/half`]: "x", [`tree/sub/${owned}`]: "x" });
  const client = await connect({ hostname: "127.0.0.1", port: server.port });
  const { signal } = new AbortController();
  const connector = { client, retries: 0, signal, reconnect: () => Promise.reject(new Error("it was lost")) };
  const out = new Output({ json: false, quiet: true, verbose: false });
  const target = { folder: `${local.path}/tree/sub`, name: "a" };
  const item = { name: "a", size: 1, path: "/tree/sub/a", target, wanted: "a", result: () => ({}) };
  const now = Date.now;
  for (
    const [hours, left] of [[0, [file, owned, "a"]], [23, [file, owned, "a", "a_1"]], [25, [owned, "a", "a_1", "a_2"]]]
  ) {
    Date.now = () => now() + Number(hours) * 3_600_000;
    try {
      const { many } = await fetcher(connector, out, { collision: "rename", sha256: false });
      await many!([item], () => {});
    } finally {
      Date.now = now;
    }
    assertEquals(namesIn(target.folder), [left].flat().map(String).sort());
    assertEquals(exists(`${local.path}/tree/${folder}`), hours !== 25);
  }
  await client.close();
});

/** Bytes as a source of an upload. */
function bytesOf(bytes: Uint8Array) {
  let at = 0;
  return {
    size: bytes.length,
    read(into: Uint8Array) {
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return part.length;
    },
  };
}

testUnless(noRamDisk, "what was fetched before stays where the rest of it finds no room", async () => {
  using disk = new RamDisk("48m");
  using state = new TempFolder();
  await using server = await startServer();
  Deno.writeFileSync(`${server.dir}/large.bin`, pattern(40 * MIB));
  const options = { cwd: disk.path, env: { XDG_STATE_HOME: state.path } };
  let frames = 0;
  const cut = ({ kind }: { kind: number }) => {
    if (kind === FrameKind.DATA && ++frames > 20) throw new Error("cut");
  };
  {
    await using relay = new Relay(server, { down: cut });
    assertEquals((await ftp("--retries", "0", relay.address, "download", "large.bin", options)).code, 3);
  }
  const [partial] = partialsIn(disk.path);
  const { size } = Deno.statSync(`${disk.path}/${partial}`);
  assert(size > 4 * MIB, `${size}`);
  Deno.writeFileSync(`${disk.path}/other`, new Uint8Array(18 * MIB));
  const full = await ftp(server, "download", "large.bin", options);
  assertEquals(full.code, 5);
  assertMatch(full.stderr, /"large\.bin" needs \d+ bytes, and the disk has/);
  assertEquals(partialsIn(disk.path).length, 1);
  Deno.removeSync(`${disk.path}/other`);
  const rest = await ftp(server, "download", "large.bin", options);
  assertDone(rest);
  assertStringIncludes(rest.stderr, `going on at ${size} of`);
  assertEquals(sha256OfFile(`${disk.path}/large.bin`), sha256(pattern(40 * MIB)));
  assertEquals(partialsIn(disk.path), []);
});

Deno.test("what cannot be saved under the name of a folder is not fetched", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.writeFileSync(`${server.dir}/name`, pattern(MIB));
  Deno.mkdirSync(`${local.path}/name`);
  const result = await ftp(server, "download", "--overwrite", "--no-show", "name", { cwd: local.path });
  assertFails(result, 5, /the local file "name" is a folder/);
  assertEquals(/ download /.test(server.log()), false);
  // A link to a folder is none: it is replaced, as one to a file is.
  Deno.renameSync(`${local.path}/name`, `${local.path}/folder`);
  Deno.symlinkSync("folder", `${local.path}/name`);
  assertDone(await ftp(server, "download", "--overwrite", "--no-show", "name", { cwd: local.path }));
  assertEquals([Deno.lstatSync(`${local.path}/name`).isFile, namesIn(`${local.path}/folder`)], [true, []]);
});

testUnless(
  noRamDisk,
  "a full local disk: a clear error, exit code 5, no partial, and the connection lives",
  async () => {
    using disk = new RamDisk("8m");
    await using server = await startServer();
    Deno.writeFileSync(`${server.dir}/large.bin`, pattern(16 * MIB));
    Deno.writeFileSync(`${server.dir}/small.bin`, pattern(1000));
    Deno.writeFileSync(`${server.dir}/fits.bin`, pattern(6 * MIB));
    const refused = /the local file "large\.bin" needs 16777216 bytes, and the disk has \d+ bytes free/;
    assertFails(await ftp(server, "download", "large.bin", { cwd: disk.path }), 5, refused);
    assertEquals(namesIn(disk.path), []);

    // It fits at first, and then somebody else takes the room.
    const hold = new Hold(2 * MIB);
    await using relay = new Relay(server, { down: hold.meddle });
    const fetching = ftp(relay.address, "download", "fits.bin", { cwd: disk.path });
    await hold.reached;
    await until(() => partialsIn(disk.path).length === 1, "the partial here");
    Deno.writeFileSync(`${disk.path}/other`, new Uint8Array(5 * MIB));
    hold.release();
    assertFails(await fetching, 5, /the local file "fits\.bin": the disk is full/);
    assertEquals(namesIn(disk.path), ["other"]);
    Deno.removeSync(`${disk.path}/other`);

    const client = await connect({ hostname: "127.0.0.1", port: server.port });
    const { signal } = new AbortController();
    const save = (name: string) =>
      fetchFile({ client, retries: 0, signal, reconnect: () => Promise.reject(new Error("it was lost")) }, {
        path: `/${name}`,
        target: { folder: disk.path, name },
        collision: "overwrite",
        sha256: false,
        onProgress() {},
        onResume() {},
      });
    for (let times = 0; times < 3; times++) {
      const error = await save("large.bin").then(() => undefined, (error) => error);
      assert(error instanceof DiskError && error.code === "no_space", String(error));
      assertEquals((await save("small.bin")).path, `${disk.path}/small.bin`);
    }
    await client.close();
    assertEquals(namesIn(disk.path), ["small.bin"]);
    assertEquals(sha256OfFile(`${disk.path}/small.bin`), sha256(pattern(1000)));
  },
);

Deno.test("what cannot be read or saved locally is exit code 5, and says which file and why", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  const cwd = local.path;
  Deno.writeTextFileSync(`${server.dir}/a.txt`, "content");
  local.file("file.txt", "x");
  Deno.mkdirSync(`${cwd}/folder`);
  assertDone({
    ...await ftp(server, "ls"),
    code: new Deno.Command("mkfifo", { args: [`${cwd}/pipe`] }).outputSync().code,
  });

  const missing = /^ftp: opening the local file "missing\.txt": there is no such file or folder\n/;
  assertFails(await ftp(server, "upload", "missing.txt", { cwd }), 5, missing);
  assertFails(await ftp(server, "upload", "folder", { cwd }), 5, /"folder" is a folder; -r sends it with all in it/);
  const pipe = await end(startFtp([server.address, "upload", "pipe"], { cwd })); // opening it would wait for ever
  assertFails(pipe, 5, /the local file "pipe" is neither a file nor a folder/);
  assertFails(await ftp(server, "upload", "file.txt/x", { cwd }), 5, /"file\.txt\/x": it is not a folder/);
  assertEquals(namesIn(server.dir), ["a.txt"]);

  const nowhere = /"nowhere\/a\.txt": there is no such file or folder/;
  assertFails(await ftp(server, "download", "a.txt", "nowhere/a.txt", { cwd }), 5, nowhere);
  assertFails(
    await ftp(server, "download", "a.txt", "file.txt/a.txt", { cwd }),
    5,
    /"file\.txt\/a\.txt": it is not a folder/,
  );
  assertEquals(namesIn(cwd), ["file.txt", "folder", "pipe"]);
});

testUnless(
  notBound,
  "local files and folders that one has no right to are exit code 5",
  async () => {
    await using server = await startServer();
    using local = new TempFolder();
    Deno.writeTextFileSync(`${server.dir}/a.txt`, "content");
    Deno.chmodSync(local.file("secret.txt", "x"), 0);
    Deno.mkdirSync(`${local.path}/closed`, { mode: 0o555 });
    const run = async (...args: string[]) => {
      const [program, ...rest] = [...bound!, FTP, server.address, ...args];
      const options = { cwd: local.path, env: STATE, stdin: "null", stdout: "piped", stderr: "piped" } as const;
      return await end(new Deno.Command(program, { args: rest, ...options }).spawn());
    };
    assertFails(await run("upload", "secret.txt"), 5, /opening the local file "secret\.txt": permission denied/);
    assertFails(
      await run("download", "a.txt", "closed"),
      5,
      /creating the local file "closed\/a\.txt": permission denied/,
    );
    assertEquals([namesIn(server.dir), namesIn(`${local.path}/closed`)], [["a.txt"], []]);
  },
);

testUnless(
  notBound,
  "files that the server has no right to are exit code 1",
  async () => {
    using folder = new TempFolder();
    using local = new TempFolder();
    Deno.chmodSync(folder.file("secret.txt", "x"), 0);
    Deno.mkdirSync(`${folder.path}/closed`, { mode: 0o555 });
    local.file("a.txt", "content");
    const [program, ...rest] = [
      ...bound!,
      new URL("../dist/ftpd", import.meta.url).pathname,
      folder.path,
      "--port",
      "0",
    ];
    const child = new Deno.Command(program, { args: rest, stdin: "null", stdout: "piped", stderr: "null" }).spawn();
    try {
      const stdout = new Transcript(child.stdout);
      const [, address] = await stdout.waitFor(/listening on (\S+),/);
      const { path: cwd } = local;
      assertFails(await ftp(address, "download", "secret.txt", { cwd }), 1, /"\/secret\.txt": permission denied/);
      assertFails(await ftp(address, "upload", "a.txt", "closed", { cwd }), 1, /"\/closed\/a\.txt": permission denied/);
      assertDone(await ftp(address, "upload", "a.txt", { cwd }));
      child.kill("SIGTERM");
      await stdout.ended;
    } finally {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
      await child.status;
    }
    assertEquals([namesIn(folder.path), namesIn(`${folder.path}/closed`)], [["a.txt", "closed", "secret.txt"], []]);
  },
);

Deno.test("a read-only server gives everything and takes nothing", async () => {
  using folder = new TempFolder();
  using local = new TempFolder();
  folder.file("a.txt", "content");
  folder.file("full/b.txt", "b");
  Deno.mkdirSync(`${folder.path}/empty`);
  const cwd = local.path;
  local.file("new.txt", "new");
  await using server = await startServer({ dir: folder.path, args: ["--read-only"] });
  for (
    const command of [
      ["upload", "new.txt"],
      ["upload", "new.txt", "a.txt", "--overwrite"],
      ["rm", "a.txt", "--yes"],
      ["rm", "-r", "full", "--yes"],
      ["mkdir", "made"],
      ["rmdir", "empty"],
      ["mv", "a.txt", "moved.txt"],
    ]
  ) {
    assertFails(await ftp(server, ...command, { cwd }), 1, /this server serves for reading only/);
  }
  assertEquals([namesIn(folder.path), namesIn(`${folder.path}/full`)], [["a.txt", "empty", "full"], ["b.txt"]]);
  assertDone(await ftp(server, "download", "a.txt", { cwd }));
  assertEquals(read(`${cwd}/a.txt`), "content");
});

Deno.test("Ctrl-C during an upload: exit code 130, and nothing of it can be seen on the server", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  local.file("large.bin", 2048 * MIB); // so that it cannot be through before the signal is
  const hold = new Hold(MIB);
  await using relay = new Relay(server, { up: hold.meddle });
  const child = startFtp([relay.address, "upload", "large.bin"], { cwd: local.path });
  await hold.reached;
  await until(() => partialsIn(server.dir).length === 1, "the partial on the server");
  child.kill("SIGINT");
  hold.release();
  const { code, stdout } = await end(child);
  assertEquals([code, stdout], [130, ""]);
  await server.stderr.waitFor(/ upload client=\S+ path=\/large\.bin outcome=(canceled|lost) .*[^]* left client=/);
  assertEquals(visibleIn(server.dir), []); // the partial is there to be gone on with
});

Deno.test("Ctrl-C while standard input is awaited: exit code 130, and nothing of it is left on the server", async () => {
  await using server = await startServer();
  const child = startFtp([server.address, "upload", "-", "typed.txt"], { stdin: "yes" });
  const input = child.stdin.getWriter();
  await input.write(pattern(300_000));
  await until(() => partialsIn(server.dir).length === 1, "the partial on the server");
  child.kill("SIGINT");
  const { code, stdout } = await end(child);
  assertEquals([code, stdout], [130, ""]);
  await server.stderr.waitFor(/ upload client=\S+ path=\/typed\.txt outcome=(canceled|lost) .*[^]* left client=/);
  assertEquals(namesIn(server.dir), []);
  await input.abort().catch(() => {});
});

Deno.test("Ctrl-C during a download: exit code 130, and nothing of it is left here", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.writeFileSync(`${server.dir}/large.bin`, pattern(7 * MIB)); // too little to be gone on with later
  local.file("kept.txt", "kept");
  const hold = new Hold(2 * MIB);
  await using relay = new Relay(server, { down: hold.meddle });
  const child = startFtp([relay.address, "download", "large.bin"], { cwd: local.path });
  await hold.reached;
  await until(() => partialsIn(local.path).length === 1, "the partial here");
  child.kill("SIGINT");
  await until(() => partialsIn(local.path).length === 0, "the partial here to go");
  hold.release();
  const { code, stdout } = await end(child);
  assertEquals([code, stdout], [130, ""]);
  assertEquals(namesIn(local.path), ["kept.txt"]);
  await server.stderr.waitFor(/ left client=/);
});

Deno.test("a server that is gone during a download: exit code 3, and nothing of it is seen here", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  // More than the buffers of three processes and two sockets hold.
  Deno.writeFileSync(`${server.dir}/large.bin`, pattern(64 * MIB));
  const hold = new Hold(2 * MIB);
  await using relay = new Relay(server, { down: hold.meddle });
  const fetching = ftp(relay.address, "--retries", "0", "download", "large.bin", { cwd: local.path });
  await hold.reached;
  server.kill("SIGKILL");
  await server.stopped;
  hold.release();
  const result = await fetching;
  assertEquals([result.code, result.stdout], [3, ""]);
  assertMatch(
    result.stderr,
    /^large\.bin: [\d.]+ MiB of 64\.0 MiB were fetched; the same command again goes on with what has arrived\nftp: the connection [^\n]+\n$/,
  );
  assertEquals(namesIn(local.path).filter((name) => !partialsIn(local.path).includes(name)), []);
});

/** An upload that has begun, and waits for more of its content. */
async function beginUpload(server: TestServer) {
  const child = startFtp([server.address, "upload", "-", "slow.bin"], { stdin: "yes" });
  const input = child.stdin.getWriter();
  await input.write(pattern(MIB));
  await until(() => partialsIn(server.dir).length === 1, "the partial on the server");
  return { child, input };
}

Deno.test("SIGTERM lets a running upload end, takes no new client meanwhile, and then exits with 0", async () => {
  await using server = await startServer();
  const { child, input } = await beginUpload(server);
  server.kill("SIGTERM");
  await server.stderr.waitFor("stopping signal=SIGTERM");
  assertFails(await ftp(server, "ls"), 3, /connection refused/);
  await input.write(pattern(MIB, 2));
  await input.close();
  const result = await end(child);
  assertDone(result);
  assertStringIncludes(result.stdout, "Stored as /slow.bin (");
  assertEquals((await inTime(server.stopped, "ftpd", PATIENCE_MS)).code, 0);
  const whole = Deno.readFileSync(`${server.dir}/slow.bin`);
  assertEquals([sha256(whole.subarray(0, MIB)), sha256(whole.subarray(MIB))], [
    sha256(pattern(MIB)),
    sha256(pattern(MIB, 2)),
  ]);
});

Deno.test("SIGTERM lets a running download end, and then exits with 0", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.writeFileSync(`${server.dir}/large.bin`, pattern(32 * MIB));
  const hold = new Hold(4 * MIB);
  await using relay = new Relay(server, { down: hold.meddle });
  const fetching = ftp(relay.address, "download", "large.bin", "--no-show", { cwd: local.path });
  await hold.reached;
  server.kill("SIGTERM");
  await server.stderr.waitFor("stopping signal=SIGTERM");
  hold.release();
  assertDone(await fetching);
  assertEquals(sha256OfFile(`${local.path}/large.bin`), sha256(pattern(32 * MIB)));
  assertEquals((await inTime(server.stopped, "ftpd", PATIENCE_MS)).code, 0);
});

Deno.test("a transfer that outlasts the grace period is cut off: nothing of it is left, and the exit code is 0", async () => {
  await using server = await startServer({ args: ["--grace", "0.5"] });
  const { child, input } = await beginUpload(server);
  server.kill("SIGTERM");
  assertEquals((await inTime(server.stopped, "ftpd", PATIENCE_MS)).code, 0);
  assertEquals(namesIn(server.dir), []);
  const { code, stderr } = await end(child);
  assertEquals(code, 3, stderr);
  await input.abort().catch(() => {});
});

Deno.test("a second signal ends the server at once: nothing half-done is left, and the exit code is 0", async () => {
  await using server = await startServer({ args: ["--grace", "600"] });
  const { child, input } = await beginUpload(server);
  server.kill("SIGTERM");
  await server.stderr.waitFor("stopping signal=SIGTERM");
  server.kill("SIGTERM");
  assertEquals((await inTime(server.stopped, "ftpd", PATIENCE_MS)).code, 0);
  assertEquals(namesIn(server.dir), []);
  assertNotEquals((await end(child)).code, 0);
  await input.abort().catch(() => {});
});
