/** Trees whose transfer is interrupted again and again: against the built programs. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { end, Stage, survive } from "./support/cuts.ts";
import { pattern, Random } from "./support/files.ts";
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
