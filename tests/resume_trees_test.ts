/** Trees whose transfer is interrupted again and again: against the built programs. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { FrameKind } from "../protocol/frame.ts";
import { end, Stage, survive } from "./support/cuts.ts";
import { pattern, Random } from "./support/files.ts";
import { assertDone, ftp, startServer } from "./support/programs.ts";
import { type Meddle, Relay } from "./support/relay.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { paths, plant, snapshot, touch } from "./support/trees.ts";

for (const down of [false, true]) {
  Deno.test(`sync ${down ? "--down " : ""}of 500 files with 20 cuts at random completes with equal content`, async () => {
    await using stage = await Stage.start("--no-fsync");
    const { local, remote } = stage;
    const seed = Date.now() % 1e6;
    const random = new Random(seed);
    const files: Record<string, Uint8Array> = {};
    for (let at = 0; at < 500; at++) files[`tree/d${at % 10}/f${at}`] = pattern(random.below(64 * 1024), at);
    plant(down ? remote.path : local.path, files);
    const args = down ? ["sync", "--down", "tree", "tree"] : ["sync", "tree", "tree"];
    const { cuts } = await survive(stage, args, { cuts: 20, every: 1_200 * 1024, random });
    assert(cuts > 5, `${cuts} cuts`);
    assertEquals(
      paths(remote.path).filter((path) => !path.includes(".partial")),
      paths(local.path).filter((path) => !path.includes(".partial")),
      `seed ${seed}`,
    );
    const complete = (lines: string[]) => lines.filter((line) => !line.includes(".partial"));
    assertEquals(complete(snapshot(`${remote.path}/tree`)), complete(snapshot(`${local.path}/tree`)), `seed ${seed}`);
  });
}

Deno.test("upload -r goes on by itself, and no file is there twice", async () => {
  await using stage = await Stage.start("--no-fsync");
  const files: Record<string, Uint8Array> = {};
  for (let at = 0; at < 600; at++) files[`tree/f${at}`] = pattern(10_000, at);
  plant(stage.local.path, files);
  const random = new Random(Date.now() % 1e6);
  const options = { cuts: 10, every: 1_000_000, kinds: ["ftpd", "line"] as const, random };
  await survive(stage, ["upload", "-r", "tree"], options);
  // What a server that was killed had of a small file is of no use to anybody, and expires.
  const there = snapshot(`${stage.remote.path}/tree`).filter((line) => !line.includes(".partial"));
  assertEquals(there, snapshot(`${stage.local.path}/tree`));
});

/** Cuts the line each time so many requests have been made. */
function cutEvery(requests: number, times: number): Meddle {
  let [seen, cuts] = [0, 0];
  return ({ kind }) => {
    if (kind !== FrameKind.REQUEST || ++seen % requests > 0 || cuts === times) return;
    cuts++;
    throw new Error("cut");
  };
}

Deno.test("folders are made, and removed, in their order, however often the line is cut in between", async () => {
  const tree = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => ["a", "b/c", "b/d/e"].map((path) => [`t/d${at}/b/b/b/${path}`, "x"])).flat(),
  );
  for (const every of [7, 40]) {
    await using server = await startServer({ args: ["--no-fsync"] });
    using local = new TempFolder();
    const { path: cwd } = local;
    plant(cwd, { ...tree, "none/kept": "x" });
    await using relay = new Relay(server, { up: cutEvery(every, 12) });
    assertDone(await ftp("--retries", "20", relay.address, "sync", "t", "t", { cwd }));
    assertEquals(paths(`${server.dir}/t`), paths(`${cwd}/t`), `${every}`);
    await using another = new Relay(server, { up: cutEvery(every, 12) });
    const removed = await ftp("--retries", "20", another.address, "sync", "--delete", "none", "t", { cwd });
    assertDone(removed);
    assertEquals(paths(`${server.dir}/t`), ["kept"], `${every}: ${removed.stderr}`);
  }
});

Deno.test("cp -r goes on when the line is cut, and what was copied by then is no failure", async () => {
  await using server = await startServer({ args: ["--no-fsync"] });
  const files = Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`t/d${at % 40}/f${at}`, `${at}`]));
  plant(server.dir, { ...files, "t/large": pattern(300_000) });
  await using relay = new Relay(server, { up: cutEvery(15, 4) });
  assertDone(await ftp("--retries", "20", relay.address, "cp", "-r", "t", "copy"));
  assertEquals(snapshot(`${server.dir}/copy`), snapshot(`${server.dir}/t`));
  let replies = 0;
  await using deaf = new Relay(server, {
    down: ({ kind }) => {
      if (kind === FrameKind.REPLY && ++replies === 48) throw new Error("cut"); // it is done, and nobody is told
    },
  });
  assertDone(await ftp("--retries", "20", deaf.address, "cp", "-r", "t", "again"));
  assertEquals(snapshot(`${server.dir}/again`), snapshot(`${server.dir}/t`));
});

Deno.test("sync goes on with a large file, and --sha256 covers all of it", async () => {
  await using stage = await Stage.start();
  const { local, remote } = stage;
  plant(local.path, { "tree/big": pattern(64 * 1024 * 1024), "tree/small": "x" });
  touch(`${local.path}/tree/big`);
  const first = stage.start(["sync", "tree", "tree"]);
  stage.tap.after(20 * 1024 * 1024, () => first.kill("SIGKILL"));
  assertEquals((await end(first)).code, 137);
  await stage.server.stderr.waitFor(/ upload client=\S+ path=\/tree\/big outcome=/);
  const second = await stage.run("sync", "tree", "tree", "--sha256");
  assertEquals(second.code, 0, second.stderr);
  assertMatch(second.stderr, /big: going on at \d+/);
  assertEquals(snapshot(`${remote.path}/tree`), snapshot(`${local.path}/tree`));
});
