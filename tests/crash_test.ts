/**
 * What is left when a program is killed at any instant: 50 times the server under uploads, 50 times the client under
 * downloads. `CONNME_SEED=NUMBER` repeats a run.
 */

import { assert, assertEquals } from "@std/assert";
import { type Client, connect, ProtocolError } from "../client/client.ts";
import { isPartialName } from "../disk/names.ts";
import { namesIn, pattern, Random, sha256, sha256OfFile } from "./support/files.ts";
import { ftp, startFtp, startServer, type TestServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { until } from "./support/until.ts";

const KILLS = 50;
const SEED = Number(Deno.env.get("CONNME_SEED") ?? Math.floor(Math.random() * 1_000_000));

/** Files up to this size stay where they are from one kill to the next. */
const KEPT_BYTES = 5_000;

/** What was sent to a server, and what it said that it has. */
class Ledger {
  /** The content of each file that was ever sent, by its SHA-256. */
  readonly sent = new Set<string>();
  /** The SHA-256 of each file that was acknowledged, by its path. */
  readonly acknowledged = new Map<string, string>();

  /** Notes an acknowledgement: nobody else can have got the same name. */
  acknowledge(path: string, hash: string): void {
    assert(!this.acknowledged.has(path), `${path} was given twice`);
    this.acknowledged.set(path, hash);
  }

  /** Every acknowledged file must be there, and every file that is there must be whole. */
  audit(folder: string, checked: Map<string, string>): void {
    for (const name of namesIn(folder)) {
      if (isPartialName(name) || checked.has(`/${name}`)) continue;
      const hash = sha256OfFile(`${folder}/${name}`);
      assert(this.sent.has(hash), `${name} can be seen, and is no whole file`);
      checked.set(`/${name}`, hash);
    }
    for (const [path, hash] of this.acknowledged) {
      assertEquals(checked.get(path), hash, `${path} was acknowledged, and is missing or another one`);
    }
  }
}

/** Content that nobody sent before: small, large and empty; all of it goes into the ledger before it is sent. */
function content(random: Random, ledger: Ledger, seed: number): Uint8Array<ArrayBuffer> {
  const limit = [20, 5_000, 300_000, 3_000_000][random.below(4)];
  const bytes = pattern(random.below(limit), seed);
  ledger.sent.add(sha256(bytes));
  return bytes;
}

/** Uploads one file after the other, three at a time on the way, until the connection is gone. */
async function uploadUntilLost(client: Client, ledger: Ledger, next: () => Uint8Array<ArrayBuffer>, prefix: string) {
  let count = 0;
  const lane = async () => {
    for (;;) {
      const bytes = next();
      const hash = sha256(bytes);
      let at = 0;
      const source = {
        size: bytes.length,
        read(into: Uint8Array) {
          const part = bytes.subarray(at, at + into.length);
          into.set(part);
          at += part.length;
          return part.length;
        },
      };
      // Half of them fight for one name.
      const path = count++ % 2 === 0 ? "/same.bin" : `/${prefix}-${count}.bin`;
      ledger.acknowledge((await client.upload(path, source)).path, hash);
    }
  };
  const ends = await Promise.allSettled([lane(), lane(), lane()]);
  for (const end of ends) {
    if (end.status === "rejected" && !(end.reason instanceof ProtocolError)) throw end.reason;
  }
}

Deno.test(`a server killed ${KILLS} times under uploads loses nothing acknowledged and shows nothing partial [seed ${SEED}]`, async () => {
  const random = new Random(SEED);
  using folder = new TempFolder();
  using local = new TempFolder();
  const ledger = new Ledger();
  const checked = new Map<string, string>();
  let uploads = 0;
  let cutOff = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using server = await startServer({ dir: folder.path });
    const next = () => content(random, ledger, ++uploads);
    const clients = await Promise.all([1, 2, 3].map(() => connect({ hostname: "127.0.0.1", port: server.port })));
    const load = clients.map((client, index) => uploadUntilLost(client, ledger, next, `${kill}-${index}`));
    // The real client, too; what it says on standard output is its acknowledgement.
    const bytes = next();
    const child = startFtp([server.address, "upload", local.file(`program-${kill}.bin`, bytes), "--json"]);
    const program = child.output().then(({ stdout }) => {
      if (stdout.length > 0) ledger.acknowledge(JSON.parse(new TextDecoder().decode(stdout)).stored, sha256(bytes));
    });
    await new Promise((resolve) => setTimeout(resolve, random.below(150)));
    server.kill("SIGKILL");
    await server.stopped;
    stop(child); // it would go on trying to connect again
    await Promise.all([...load, program]);
    clients.forEach((client) => client.abort());
    cutOff += namesIn(folder.path).filter(isPartialName).length;

    await using restarted = await startServer({ dir: folder.path });
    await audit(restarted, ledger, checked);
    // Only the small ones stay until the end: all of them would fill the disk.
    for (const name of namesIn(folder.path)) {
      const path = `${folder.path}/${name}`;
      if (!isPartialName(name) && Deno.statSync(path).size <= KEPT_BYTES) continue;
      Deno.removeSync(path);
      checked.delete(`/${name}`);
      ledger.acknowledged.delete(`/${name}`);
    }
  }
  ledger.audit(folder.path, new Map());
  assert(cutOff > 0 && uploads > KILLS, `no upload was cut off by ${KILLS} kills: this proves nothing`);
});

/** Sends a program a signal, if it has not ended yet. */
function stop(child: Deno.ChildProcess, signal: Deno.Signal = "SIGTERM"): void {
  try {
    child.kill(signal);
  } catch { /* it was faster */ }
}

/** Looks at the folder itself and at what a restarted server shows of it. */
async function audit(server: TestServer, ledger: Ledger, checked: Map<string, string>): Promise<void> {
  ledger.audit(server.dir, checked);
  const client = await connect({ hostname: "127.0.0.1", port: server.port });
  const shown = (await client.list("/", { hidden: true })).map(({ name }) => `/${name}`).sort();
  await client.close();
  assertEquals(shown, [...checked.keys()].sort());
}

Deno.test(`a client killed ${KILLS} times under downloads leaves no file that is not whole [seed ${SEED}]`, async () => {
  const random = new Random(SEED);
  await using server = await startServer();
  using local = new TempFolder();
  const whole = pattern(24_000_000);
  const hash = sha256(whole);
  Deno.writeFileSync(`${server.dir}/large.bin`, whole);
  const began = performance.now();
  assertEquals((await ftp(server, "download", "large.bin", "--no-show", { cwd: local.path })).code, 0);
  const usual = performance.now() - began;
  Deno.removeSync(`${local.path}/large.bin`);

  let cutOff = 0;
  let finished = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    // Every second one replaces a file, which then must be either the old one or the new one.
    const old = kill % 2 === 0 ? undefined : `old ${kill}`;
    if (old !== undefined) local.file("large.bin", old);
    const child = startFtp([server.address, "download", "large.bin", "--no-show", "--overwrite"], { cwd: local.path });
    if (kill % 3 === 0) {
      await new Promise((resolve) => setTimeout(resolve, random.below(usual * 1.2)));
    } else {
      let ended = false;
      child.status.then(() => ended = true);
      await until(() => ended || namesIn(local.path).some(isPartialName), "the download to begin");
      await new Promise((resolve) => setTimeout(resolve, random.below(30)));
    }
    stop(child, "SIGKILL");
    await child.output();
    for (const name of namesIn(local.path)) {
      const path = `${local.path}/${name}`;
      if (isPartialName(name)) cutOff++;
      else if (sha256OfFile(path) === hash) finished++;
      else assertEquals(Deno.readTextFileSync(path), old, `${name} is neither the old nor the new file`);
      Deno.removeSync(path);
    }
  }
  assert(cutOff > 0, `no download was cut off by ${KILLS} kills (${finished} ended before): this proves nothing`);
  const { code } = await ftp(server, "size", "large.bin");
  assertEquals(code, 0);
});
