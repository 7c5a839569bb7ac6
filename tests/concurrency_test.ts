/** Many clients at once, and several servers on one folder: nobody loses a file, nobody waits for a stranger. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Client, connect, ConnectionLostError } from "../client/client.ts";
import { namesIn, pattern, sha256, sha256OfFile } from "./support/files.ts";
import { ftp, type FtpResult, runFtp, startServer, type TestServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";

const CLIENTS = 64;

function library(server: TestServer): Promise<Client> {
  return connect({ hostname: "127.0.0.1", port: server.port });
}

/** The numbers below a limit. */
function upTo(limit: number): number[] {
  return Array.from({ length: limit }, (_, number) => number);
}

/** The content of one client: no two are alike, and they differ in size. */
function contentOf(client: number): Uint8Array<ArrayBuffer> {
  return pattern(100_000 + client * 1_111, client);
}

function source(bytes: Uint8Array) {
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

async function fetch(client: Client, path: string): Promise<Uint8Array> {
  const download = await client.download(path);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let chunk = await download.read(); chunk !== null; chunk = await download.read()) parts.push(chunk.slice());
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The names that so many files of one name get. */
function numbered(count: number): string[] {
  return upTo(count).map((number) => number === 0 ? "same.bin" : `same_${number}.bin`).sort();
}

/** Each client must have got a name of its own, and its own content must stand under it. */
function assertAllThere(dir: string, stored: string[]): void {
  assertEquals([...stored].sort(), numbered(stored.length).map((name) => `/${name}`));
  for (const [client, path] of stored.entries()) {
    assertEquals(sha256OfFile(`${dir}${path}`), sha256(contentOf(client)), `client ${client}: ${path}`);
  }
}

/** Where a script's upload was stored. */
function storedAs({ code, stdout, stderr }: FtpResult): string {
  assertEquals([code, stderr], [0, ""]);
  return /^Stored as (\S+) \(/m.exec(stdout)![1];
}

Deno.test(`${CLIENTS} programs at once upload the same name and download others: all files are there, whole`, async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.mkdirSync(`${server.dir}/others`);
  upTo(CLIENTS).forEach((client) => {
    Deno.writeFileSync(`${server.dir}/others/${client}.bin`, pattern(200_000, 1000 + client));
    local.file(`${client}/same.bin`, contentOf(client));
  });
  const results = await Promise.all(
    upTo(CLIENTS).map((client) => {
      const [mine, next] = [client, (client + 1) % CLIENTS].map((number) =>
        `download others/${number}.bin --no-show\n`
      );
      return runFtp([server.address], { cwd: `${local.path}/${client}`, stdin: `${mine}upload same.bin\n${next}` });
    }),
  );
  assertAllThere(server.dir, results.map(storedAs));
  assertEquals(namesIn(server.dir), ["others", ...numbered(CLIENTS)]);
  for (const client of upTo(CLIENTS)) {
    for (const other of [client, (client + 1) % CLIENTS]) {
      const hash = sha256OfFile(`${local.path}/${client}/${other}.bin`);
      assertEquals(hash, sha256(pattern(200_000, 1000 + other)), `client ${client}`);
    }
  }
});

Deno.test(`${CLIENTS} connections upload the same name at the same instant: all files are there, whole`, async () => {
  await using server = await startServer();
  Deno.writeFileSync(`${server.dir}/other.dat`, pattern(300_000));
  const clients = await Promise.all(upTo(CLIENTS).map(() => library(server)));
  const results = await Promise.all(clients.map(async (client, number) => {
    const [stored, fetched] = await Promise.all([
      client.upload("/same.bin", source(contentOf(number))),
      fetch(client, "/other.dat"),
    ]);
    assertEquals(sha256(fetched), sha256(pattern(300_000)));
    return stored.path;
  }));
  assertAllThere(server.dir, results);
  assertEquals(namesIn(server.dir), ["other.dat", ...numbered(CLIENTS)].sort());
  await Promise.all(clients.map((client) => client.close()));
});

Deno.test("two servers on one folder: uploads of the same name to both are all there, whole", async () => {
  using folder = new TempFolder();
  await using one = await startServer({ dir: folder.path });
  await using two = await startServer({ dir: folder.path });
  const clients = await Promise.all(upTo(32).map((number) => library(number % 2 === 0 ? one : two)));
  const stored = await Promise.all(
    clients.map(async (client, number) => (await client.upload("/same.bin", source(contentOf(number)))).path),
  );
  assertAllThere(folder.path, stored);
  assertEquals(namesIn(folder.path), numbered(32));
  // What came in by one server goes out by the other.
  assertEquals(sha256(await fetch(clients[1], stored[0])), sha256(contentOf(0)));
  await Promise.all(clients.map((client) => client.close()));
});

Deno.test("many clients with --fail-if-exists: one gets the name, all others are refused", async () => {
  await using server = await startServer();
  const clients = await Promise.all(upTo(16).map(() => library(server)));
  const results = await Promise.allSettled(
    clients.map((client, number) => client.upload("/same.bin", source(contentOf(number)), { collision: "fail" })),
  );
  const winners = results.flatMap(({ status }, number) => status === "fulfilled" ? [number] : []);
  assertEquals(winners.length, 1);
  for (const result of results) {
    if (result.status === "rejected") assertEquals(result.reason.code, "exists");
  }
  assertEquals(namesIn(server.dir), ["same.bin"]);
  assertEquals(sha256OfFile(`${server.dir}/same.bin`), sha256(contentOf(winners[0])));
  await Promise.all(clients.map((client) => client.close()));
});

Deno.test("many clients with --overwrite: the file is always one of theirs, whole", async () => {
  await using server = await startServer();
  const hashes = new Set(upTo(8).map((number) => sha256(contentOf(number))));
  const clients = await Promise.all(upTo(8).map(() => library(server)));
  const reader = await library(server);
  await clients[0].upload("/same.bin", source(contentOf(0)));
  let writing = true;
  const written = Promise.all(clients.map(async (client, number) => {
    for (let times = 0; times < 10; times++) {
      await client.upload("/same.bin", source(contentOf(number)), { collision: "overwrite" });
    }
  })).finally(() => writing = false);
  while (writing) assert(hashes.has(sha256(await fetch(reader, "/same.bin"))));
  await written;
  assertEquals(namesIn(server.dir), ["same.bin"]);
  await Promise.all([reader, ...clients].map((client) => client.close()));
});

Deno.test("clients that do not read, or stop in the middle of an upload, delay nobody else", async () => {
  await using server = await startServer();
  Deno.writeFileSync(`${server.dir}/large.bin`, pattern(32_000_000));
  const stuck = await Promise.all(upTo(8).map(() => library(server)));
  // Asked for and never read: far more than what the sockets in between hold.
  const downloads = await Promise.all(stuck.slice(0, 4).map((client) => client.download("/large.bin")));
  const never = Promise.withResolvers<number>();
  const uploads = stuck.slice(4).map((client) => {
    let first = true;
    return client.upload("/stuck.bin", {
      size: 1_000_000,
      read: (into) => first ? (first = false, into.length) : never.promise,
    }).catch((error) => error);
  });
  await server.stderr.waitFor(/( hello [^]*){8}/);

  const began = performance.now();
  const others = upTo(4).map((number) =>
    ftp(server, "upload", "-", `other-${number}.bin`, { stdin: contentOf(number) })
  );
  const client = await library(server);
  for (let times = 0; times < 50; times++) await client.stat("/large.bin");
  assertEquals((await fetch(client, "/large.bin")).length, 32_000_000);
  assertEquals((await client.upload("/more.bin", source(contentOf(9)))).path, "/more.bin");
  for (const { code, stderr } of await Promise.all(others)) assertEquals([code, stderr], [0, ""]);
  assert(performance.now() - began < 15_000, "they were delayed");

  assertEquals(downloads.length, 4);
  for (const one of stuck) one.abort();
  for (const error of await Promise.all(uploads)) assert(error instanceof ConnectionLostError, String(error));
  await client.close();
});

Deno.test(`with ${CLIENTS} connections allowed ${CLIENTS} clients work at once, and one more is refused`, async () => {
  await using server = await startServer({ args: ["--max-connections", String(CLIENTS)] });
  Deno.writeFileSync(`${server.dir}/a.bin`, pattern(1000));
  const clients = await Promise.all(upTo(CLIENTS).map(() => library(server)));
  const { code, stderr } = await ftp(server, "ls");
  assertEquals(code, 3);
  assertMatch(stderr, /^ftp: cannot connect to \S+: the server has its 64 connections already; try again later\n/);
  const refused = await assertRejects(() => library(server), ConnectionLostError);
  assertEquals(refused.code, "busy");
  const sizes = await Promise.all(clients.map(async (client) => (await client.size("/a.bin")).size));
  assertEquals(sizes, clients.map(() => 1000));

  await clients.pop()!.close();
  assertEquals((await ftp(server, "size", "a.bin")).code, 0);
  clients.push(await library(server));
  assertEquals((await ftp(server, "ls")).code, 3);
  await Promise.all(clients.map((client) => client.close()));
});

Deno.test("a client may ask for far more at once than the server takes on: it sends as many as are allowed", async () => {
  await using server = await startServer();
  upTo(1000).forEach((number) => Deno.writeTextFileSync(`${server.dir}/${number}.txt`, "x".repeat(number)));
  Deno.writeFileSync(`${server.dir}/large.bin`, pattern(32_000_000));
  const client = await library(server);
  // Until it is read, nothing behind it is answered.
  const download = await client.download("/large.bin");
  const entries = Promise.all(upTo(1000).map((number) => client.stat(`/${number}.txt`)));
  while (await download.read() !== null);
  assertEquals((await entries).map(({ size }) => size), upTo(1000));
  await client.close();
});
