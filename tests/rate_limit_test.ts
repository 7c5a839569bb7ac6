import { assert, assertEquals } from "@std/assert";
import { pattern, sha256OfFile } from "./support/files.ts";
import { assertDone, ftp, startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";

const RATE = 1024 * 1024;
const FILE_BYTES = 512 * 1024;
const FILES = 4;
/** Too much for twice the timeout at the least rate there is. */
const SLOW_BYTES = 160 * 1024;
const DUE_MS = FILES * FILE_BYTES / RATE * 1000;
/** Nothing can be faster than the rate allows but for what a limit may make up for, a twentieth of a second each way. */
const LEAST_MS = DUE_MS - 100;
/** What may come on top: on a loaded machine that is much, but not as much as at a part of the rate. */
const MOST_MS = 4 * DUE_MS;

/** The time that a limited command takes, in milliseconds. */
async function limited(server: string, args: string[], cwd: string): Promise<number> {
  const began = performance.now();
  assertDone(await ftp(server, "--limit-rate", "1M", ...args, { cwd }));
  return performance.now() - began;
}

for (const [what, ...connections] of [["one connection"], ["several connections together", "-j", "3"]]) {
  Deno.test(`--limit-rate holds for ${what}, down and up, and all arrives`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    Deno.mkdirSync(`${server.dir}/there`);
    for (let at = 0; at < FILES; at++) {
      Deno.writeFileSync(`${server.dir}/there/${at}`, pattern(FILE_BYTES, at + 1));
    }
    const down = await limited(server.address, ["download", "-r", ...connections, "there"], local.path);
    assert(down >= LEAST_MS && down < MOST_MS, `down in ${down} ms`);
    const up = await limited(server.address, ["upload", "-r", ...connections, "there", "back"], local.path);
    assert(up >= LEAST_MS && up < MOST_MS, `up in ${up} ms`);
    for (let at = 0; at < FILES; at++) {
      assertEquals(sha256OfFile(`${server.dir}/back/${at}`), sha256OfFile(`${server.dir}/there/${at}`));
    }
  });
}

Deno.test("a transfer that goes slowly is not taken for a server that is silent", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  Deno.writeFileSync(`${server.dir}/down`, pattern(SLOW_BYTES, 1));
  const up = local.file("up", pattern(SLOW_BYTES, 2));
  const slowly = ["--limit-rate", "16K", "--timeout", "4", "--retries", "0"];
  const ends = await Promise.all(
    [["download", "down"], ["upload", "up"]].map((words) => ftp(server, ...slowly, ...words, { cwd: local.path })),
  );
  assertEquals(ends.map(({ code, stderr }) => [code, stderr]), [[0, ""], [0, ""]]);
  assertEquals(sha256OfFile(`${local.path}/down`), sha256OfFile(`${server.dir}/down`));
  assertEquals(sha256OfFile(`${server.dir}/up`), sha256OfFile(up));
});
