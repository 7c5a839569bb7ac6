/** Files that no 32-bit number can count, by the built programs. */

import { assert, assertEquals } from "@std/assert";
import { pattern, sha256 } from "./support/files.ts";
import { noRamDisk, peakMemory, RamDisk, testUnless } from "./support/machine.ts";
import { startFtp, startServer, type TestServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { Transcript } from "./support/transcript.ts";

const GIB = 1024 ** 3;
const LARGE = 4 * GIB + 12_345;
/** Where a large file, which is a hole for the rest, has content. */
const MARKS = [0, 2 * GIB - 100, 4 * GIB - 100, LARGE - 200];
const tooLarge = noRamDisk ??
  (Deno.systemMemoryInfo().available < 6 * GIB ? "less than 6 GiB of memory are free" : undefined);

testUnless(tooLarge, "files over 4 GiB arrive both ways while both programs need less than 128 MiB", async () => {
  using disk = new RamDisk("5g");
  using folder = new TempFolder();
  const source = folder.file("large.bin", LARGE);
  {
    using file = Deno.openSync(source, { write: true });
    MARKS.forEach((mark, index) => {
      file.seekSync(mark, Deno.SeekMode.Start);
      file.writeSync(pattern(200, index));
    });
  }
  {
    await using server = await startServer({ dir: disk.path });
    await watchMemory(server, folder.path, "upload large.bin", /Stored as \/large\.bin/);
    assertSame(`${disk.path}/large.bin`);
    Deno.removeSync(`${disk.path}/large.bin`);
  }
  await using server = await startServer({ dir: folder.path });
  await watchMemory(server, disk.path, "download large.bin --no-show", /Saved as large\.bin/);
  assertSame(`${disk.path}/large.bin`);
});

/** Runs one command of a script and looks at the memory of both programs before the script ends. */
async function watchMemory(server: TestServer, cwd: string, command: string, done: RegExp): Promise<void> {
  const child = startFtp([server.address], { cwd, stdin: "yes" });
  const stdout = new Transcript(child.stdout);
  const stderr = new Transcript(child.stderr);
  const input = child.stdin.getWriter();
  try {
    await input.write(new TextEncoder().encode(`${command}\n`));
    await stdout.waitFor(done, { timeout: 60_000 });
    const [mine, its] = [peakMemory(child.pid), peakMemory(server.pid)];
    assert(mine < 128 && its < 128, `${command}: the client took ${mine} MiB, the server ${its} MiB`);
    await input.close();
    assertEquals((await child.status).code, 0, stderr.text);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await Promise.all([child.status, stdout.ended, stderr.ended]);
  }
}

function assertSame(path: string): void {
  using file = Deno.openSync(path);
  assertEquals(file.statSync().size, LARGE);
  for (const [index, mark] of MARKS.entries()) {
    const bytes = new Uint8Array(200);
    file.seekSync(mark, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) at += file.readSync(bytes.subarray(at))!;
    assertEquals(sha256(bytes), sha256(pattern(200, index)), `at ${mark}`);
  }
}
