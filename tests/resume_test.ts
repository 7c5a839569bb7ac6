/** Transfers that are interrupted, and go on: against the built programs, with either of them killed, or the line cut. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exists } from "../disk/exists.ts";
import { isPartialName } from "../disk/names.ts";
import { FrameKind } from "../protocol/frame.ts";
import { end, Stage, survive } from "./support/cuts.ts";
import { namesIn, partialsIn, pattern, Random, sha256OfFile } from "./support/files.ts";
import { assertDone, startFtp } from "./support/programs.ts";
import { Hold, Relay } from "./support/relay.ts";
import { inTime } from "./support/watchdog.ts";
import { TempFolder } from "./support/temp_folder.ts";

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;
/** What the two programs and the system between them may have under way when they are cut. */
const IN_FLIGHT = 16 * MIB;
/** What the system takes of a sender that is ahead of its reader: as much as the buffers of sockets grow to, 36 MiB in all. */
const BUFFERED = 40 * MIB;

/** Where a run said that it goes on. */
function wentOnAt(stderr: string): number {
  return Number(/going on at (\d+) of \d+ bytes/.exec(stderr)?.[1] ?? 0);
}

/** Runs a command that is killed after so many bytes of the body. */
async function killed(stage: Stage, args: string[], bytes: number): Promise<void> {
  const child = stage.start(args);
  stage.tap.after(bytes, () => child.kill("SIGKILL"));
  assertEquals((await end(child)).code, 137);
}

/** How large the one partial in a folder is. */
function partialSize(folder: string): number {
  const [name, ...more] = partialsIn(folder);
  assertEquals(more, []);
  return Deno.statSync(`${folder}/${name}`).size;
}

Deno.test("what another run is sending is not gone on with, and that is said", async () => {
  await using stage = await Stage.start();
  Deno.writeFileSync(`${stage.local.path}/big`, pattern(20 * MIB));
  const hold = new Hold(9 * MIB);
  await using relay = new Relay(stage.server, { up: hold.meddle });
  const first = startFtp([relay.address, "upload", "big"], {
    cwd: stage.local.path,
    env: { XDG_STATE_HOME: stage.state.path },
  });
  await hold.reached;
  const second = await stage.run("upload", "big");
  assertDone(second);
  assertStringIncludes(second.stderr, "another run is sending the same file");
  hold.release();
  assertEquals((await first.output()).code, 0);
  assertEquals(namesIn(stage.remote.path), ["big", "big_1"]);
});

for (const size of [7 * MIB, 9 * MIB]) {
  Deno.test(`${size / MIB} MiB whose answer is lost are stored once, whenever the line is cut behind them`, async () => {
    await using stage = await Stage.start();
    Deno.writeFileSync(`${stage.local.path}/file`, pattern(size));
    for (const ms of [0, 1, 3, 6, 10, 15, 25, 40]) {
      let cuts = 0;
      const relay: Relay = new Relay(stage.server, {
        up: ({ kind }) => {
          if (kind === FrameKind.END && cuts++ === 0) setTimeout(() => relay.cut(), ms);
        },
      });
      await using _relay = relay;
      const args = [relay.address, "upload", "--fail-if-exists", "file"];
      const child = startFtp(args, { cwd: stage.local.path, env: { XDG_STATE_HOME: stage.state.path } });
      assertDone(await end(child));
      assertEquals([namesIn(stage.remote.path), cuts > 0], [["file"], true], `cut after ${ms} ms`);
      Deno.removeSync(`${stage.remote.path}/file`);
    }
  });
}

Deno.test("a file that is written anew, and longer, before it is read is stored as it is then, and not a part of it", async () => {
  await using stage = await Stage.start();
  const path = `${stage.local.path}/big`;
  Deno.writeFileSync(path, pattern(9 * MIB));
  let seen = false;
  const asked = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  await using relay = new Relay(stage.server, {
    up: async ({ kind }) => {
      if (kind !== FrameKind.REQUEST || seen) return; // what the server has of it is asked for first
      seen = true;
      asked.resolve();
      await written.promise;
    },
  });
  const sending = startFtp([relay.address, "upload", "big"], { cwd: stage.local.path });
  await asked.promise;
  Deno.writeFileSync(path, pattern(18 * MIB, 2));
  written.resolve();
  assertEquals((await sending.output()).code, 0);
  assertEquals(sha256OfFile(`${stage.remote.path}/big`), sha256OfFile(path));
});

Deno.test("an upload of a log that grew when only its answer was lost is not stored twice", async () => {
  await using stage = await Stage.start();
  const path = `${stage.local.path}/log`;
  Deno.writeFileSync(path, pattern(MIB));
  let cut = false;
  await using relay = new Relay(stage.server, {
    down: ({ kind }) => {
      if (kind !== FrameKind.REPLY || cut || !exists(`${stage.remote.path}/log`)) return;
      cut = true;
      Deno.writeTextFileSync(path, "more", { append: true });
      throw new Error("cut");
    },
  });
  const { code } = await startFtp([relay.address, "upload", "log"], { cwd: stage.local.path }).output();
  assertEquals([code, cut, namesIn(stage.remote.path)], [0, true, ["log"]]);
  assertEquals(Deno.statSync(`${stage.remote.path}/log`).size, MIB);
});

Deno.test("a file that becomes shorter while it is compared is sent as it is then, and holds up nothing else", async () => {
  await using stage = await Stage.start();
  const { local, remote } = stage;
  Deno.writeFileSync(`${local.path}/big`, pattern(SIZE));
  Deno.writeFileSync(`${local.path}/other`, pattern(10));
  Deno.mkdirSync(`${remote.path}/to`);
  await killed(stage, ["upload", "big", "to/"], 32 * MIB);
  await stage.server.stderr.waitFor(/ upload client=\S+ path=\/to\/big outcome=/);
  stage.tap.after(1, () => Deno.truncateSync(`${local.path}/big`, 2 * MIB));
  const { code, stdout, stderr } = await inTime(stage.run("upload", "big", "other", "to/"), "upload");
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "big: it was written to meanwhile; starting over");
  assertMatch(stdout, /^Sent 2 files, 2\.0 MiB in /);
  assertEquals(namesIn(`${remote.path}/to`), ["big", "other"]);
  assertEquals(sha256OfFile(`${remote.path}/to/big`), sha256OfFile(`${local.path}/big`));
});

for (const direction of ["upload", "download"] as const) {
  const folders = ({ local, remote }: Stage) =>
    direction === "upload" ? [local.path, remote.path] : [remote.path, local.path];
  // When ftp may be killed. What it has sent arrives all the same: that must not be all. What was sent to it is lost: nor that.
  const [early, late] = direction === "upload" ? [9 * MIB, SIZE - BUFFERED] : [BUFFERED, SIZE - MIB];

  /** Begins to transfer a file, and is killed; resolves when the server knows. */
  const cut = async (stage: Stage, name: string, bytes = early) => {
    await killed(stage, [direction, name], bytes);
    if (direction === "upload") {
      await stage.server.stderr.waitFor(new RegExp(` upload client=\\S+ path=\\/${name} outcome=`));
    }
  };

  Deno.test(`${direction}: kill -9 of ftp, and the next run goes on`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/big`, pattern(SIZE));
    await cut(stage, "big", early + new Random(Date.now()).below(late - early));
    assertEquals(namesIn(to).filter((name) => !isPartialName(name)), []);
    const there = partialSize(to);
    assertEquals((await stage.run("ls", "-a")).stdout.includes(".partial"), false);
    const before = stage.tap.bytes;
    const second = await stage.run(direction, "big");
    assertDone(second);
    assertMatch(second.stdout, /; \S+ MiB of it were there already\)/);
    const offset = wentOnAt(second.stderr);
    assert(there - offset <= MIB, `${there} bytes were there, and it went on at ${offset} only`);
    const digests = Math.ceil(there / MIB) * 32;
    assert(stage.tap.bytes - before <= SIZE - offset + digests, "more was sent than what was missing");
    assertEquals(sha256OfFile(`${to}/big`), sha256OfFile(`${from}/big`));
    assertEquals(namesIn(to), ["big"]);
  });

  Deno.test(`${direction}: kill -9 of ftpd, and the run goes on by itself with the next one`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/big`, pattern(SIZE));
    // What is under way by then may arrive all the same: it must not be all that is missing.
    const at = 20 * MIB + new Random(Date.now()).below(SIZE - 20 * MIB - 2 * IN_FLIGHT);
    stage.tap.after(at, () => stage.restart());
    const run = await stage.run(direction, "big");
    assertDone(run);
    const offset = wentOnAt(run.stderr);
    assert(at - offset <= MIB + IN_FLIGHT, `cut at ${at}, went on at ${offset}`);
    assert(stage.tap.bytes <= SIZE + MIB + IN_FLIGHT, `${stage.tap.bytes} bytes passed`);
    assertEquals(sha256OfFile(`${to}/big`), sha256OfFile(`${from}/big`));
    assertEquals(namesIn(to), ["big"]);
  });

  Deno.test(`${direction}: the connection drops, and the run goes on by itself`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/big`, pattern(SIZE));
    const at = 20 * MIB + new Random(Date.now()).below(30 * MIB);
    stage.tap.after(at, () => {
      throw new Error("cut");
    });
    const run = await stage.run(direction, "big");
    assertDone(run);
    assert(!run.stdout.includes("already"), run.stdout); // all of it came in this run
    const offset = wentOnAt(run.stderr);
    assert(at - offset <= MIB + IN_FLIGHT, `cut at ${at}, went on at ${offset}`);
    assert(stage.tap.bytes <= SIZE + MIB + IN_FLIGHT, `${stage.tap.bytes} bytes passed`);
    assertEquals(sha256OfFile(`${to}/big`), sha256OfFile(`${from}/big`));
    assertEquals(namesIn(to), ["big"]);
  });

  Deno.test(`${direction}: a source that was changed meanwhile is started over, and that is said`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/big`, pattern(SIZE));
    await cut(stage, "big");
    Deno.writeFileSync(`${from}/big`, pattern(SIZE + 12345, 2));
    const second = await stage.run(direction, "big");
    assertDone(second);
    assertStringIncludes(second.stderr, "what is there is not of this file, or was damaged; starting over");
    assertEquals(sha256OfFile(`${to}/big`), sha256OfFile(`${from}/big`));
    assertEquals(namesIn(to), ["big"]);
  });

  Deno.test(`${direction}: a log that grows right before it is gone on with is gone on with`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/log`, pattern(SIZE));
    Deno.utimeSync(`${from}/log`, 1_000_000, 1_000_000);
    const before = sha256OfFile(`${from}/log`);
    await cut(stage, "log");
    // The first bytes of this run are the digests of what is there.
    stage.tap.after(1, () => Deno.writeTextFileSync(`${from}/log`, "more", { append: true }));
    const second = await stage.run(direction, "log");
    assertDone(second);
    assert(wentOnAt(second.stderr) > 0, second.stderr);
    assert(!second.stderr.includes("starting over"), second.stderr);
    assertEquals(sha256OfFile(`${to}/log`), direction === "upload" ? before : sha256OfFile(`${from}/log`)); // opened before, and after
    assertEquals(namesIn(to), ["log"]);
  });

  Deno.test(`${direction}: a log that grows while the rest of it is sent is stored as it was`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/log`, pattern(SIZE));
    Deno.utimeSync(`${from}/log`, 1_000_000, 1_000_000);
    const before = sha256OfFile(`${from}/log`);
    await cut(stage, "log");
    // The digests of what is there, and then the first bytes of the rest.
    const digests = Math.ceil(partialSize(to) / MIB) * 32;
    let grown = false;
    stage.tap.after(digests + 1, () => {
      grown = true;
      Deno.writeTextFileSync(`${from}/log`, "more", { append: true });
    });
    const second = await stage.run(direction, "log");
    assertDone(second);
    assertEquals([grown, wentOnAt(second.stderr) > 0, second.stderr.includes("starting over")], [true, true, false]);
    assertEquals(sha256OfFile(`${to}/log`), before);
    assertEquals(namesIn(to), ["log"]);
  });

  Deno.test(`${direction}: what is gone on with and has other content by then is sent anew, whole`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/data`, pattern(SIZE));
    await cut(stage, "data");
    const digests = Math.ceil(partialSize(to) / MIB) * 32;
    // A server may have read all of the rest by the time that its first byte arrives.
    stage.tap.after(digests + (direction === "upload" ? 1 : 0), () => {
      using file = Deno.openSync(`${from}/data`, { write: true });
      file.writeSync(pattern(100, 2)); // in what was compared
    });
    const second = await stage.run(direction, "data");
    assertDone(second);
    assertStringIncludes(second.stderr, "it was written to meanwhile; starting over");
    assertEquals(sha256OfFile(`${to}/data`), sha256OfFile(`${from}/data`));
    assertEquals(namesIn(to), ["data"]);
  });

  Deno.test(`${direction}: a partial that was tampered with is noticed, and sent anew from that block`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/big`, pattern(SIZE));
    await cut(stage, "big", late);
    const there = partialSize(to);
    assert(there > 6 * MIB, `${there}`);
    {
      using file = Deno.openSync(`${to}/${partialsIn(to)[0]}`, { write: true });
      file.seekSync(5 * MIB + 77, Deno.SeekMode.Start);
      file.writeSync(new Uint8Array(3));
    }
    const second = await stage.run(direction, "big");
    assertDone(second);
    assertEquals(wentOnAt(second.stderr), 5 * MIB);
    assertEquals(sha256OfFile(`${to}/big`), sha256OfFile(`${from}/big`));
    assertEquals(namesIn(to), ["big"]);
  });

  Deno.test(`${direction}: another person does not get at the partial`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/big`, pattern(SIZE));
    await cut(stage, "big");
    const [partial] = partialsIn(to);
    using home = new TempFolder();
    const { local: { path: cwd } } = stage;
    const other = await end(
      new Deno.Command(new URL("../dist/ftp", import.meta.url).pathname, {
        args: [stage.address, direction, "big"],
        cwd,
        env: { XDG_STATE_HOME: home.path },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
    assertDone(other);
    assertEquals(other.stderr.includes("going on"), false);
    assertEquals(namesIn(to).sort(), [partial, "big"].sort());
    // Nor do listings, names or deletions reach it.
    if (direction === "upload") {
      for (const args of [["ls", "-a"], ["find", "*"], ["du"], ["size", "/"]]) {
        assertEquals((await stage.run(...args)).stdout.includes("partial"), false);
      }
      for (const args of [["download", partial], ["rm", "--yes", partial], ["stat", partial], ["cp", partial, "x"]]) {
        assertEquals((await stage.run(...args)).code, 1, args.join(" "));
      }
    }
    const owner = await stage.run(direction, "big", "--overwrite");
    assertDone(owner);
    assertMatch(owner.stderr, /going on at \d+/);
    assertEquals(namesIn(to), ["big"]);
  });

  Deno.test(`${direction}: 20 cuts of 64 MiB at random, and it completes with equal content`, async () => {
    await using stage = await Stage.start();
    const [from, to] = folders(stage);
    Deno.writeFileSync(`${from}/big`, pattern(SIZE));
    const seed = Date.now() % 1e6;
    const args = [direction, "big"];
    const { cuts, bytes, again } = await survive(stage, args, { cuts: 20, every: 6 * MIB, random: new Random(seed) });
    assert(cuts > 5, `${cuts} cuts`);
    assertEquals(again, 0, `stored bytes were sent again, seed ${seed}`);
    assert(bytes <= SIZE + cuts * (MIB + IN_FLIGHT), `${bytes} bytes passed, seed ${seed}`);
    // A server that has not noticed yet that the line was cut holds what it had until it expires. An ftp that was killed when
    // all it had to send was under way has stored it, and the next run keeps both.
    const whole = namesIn(to).filter((name) => !isPartialName(name));
    assert(whole.includes("big") && (direction === "upload" || whole.length === 1), `${whole}, seed ${seed}`);
    const content = sha256OfFile(`${from}/big`);
    for (const name of whole) assertEquals(sha256OfFile(`${to}/${name}`), content, `${name}, seed ${seed}`);
  });
}
