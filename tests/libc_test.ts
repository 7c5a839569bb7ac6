/** What the C library does for us does what Deno's own calls do, and nothing is missing where there is none. */

import { assertEquals } from "@std/assert";
import { errnoOf } from "../disk/errors.ts";
import { FileBatch } from "../disk/file_batch.ts";
import { AT_FDCWD, Libc, libc } from "../disk/libc.ts";
import { lstat, type Stat, stat, statOf } from "../disk/stat.ts";
import { PROGRAMS } from "../tools/permissions.ts";
import { noLibc, noRamDisk, RamDisk, testUnless } from "./support/machine.ts";
import { startServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { LONG_AGO, plant, snapshot } from "./support/trees.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** How `deno run` runs one of our programs from its source, with its rights, or without that to load a library. */
function deno(program: "ftp" | "ftpd", withLibrary: boolean): string[] {
  const { entry, permissions } = PROGRAMS.find(({ name }) => name === program)!;
  const rights = permissions.filter((flag) => withLibrary || !flag.startsWith("--allow-ffi"));
  return ["run", "--quiet", "--no-prompt", `--config=${ROOT}deno.json`, ...rights, `${ROOT}${entry}`];
}

testUnless(noLibc, "the programs may load the library of this system, and no other", async () => {
  for (const { permissions } of PROGRAMS) {
    using folder = new TempFolder();
    const script = folder.file(
      "script.ts",
      `import { Libc, LIBC_PATHS } from ${JSON.stringify(`${ROOT}disk/libc.ts`)};
       const other = LIBC_PATHS.map((path) => path.replace("libc", "libm"));
       console.log(Libc.load(LIBC_PATHS) !== undefined, Libc.load(other) !== undefined);
       try { Deno.dlopen(other[0], {}); } catch (error) { console.log(error.name); }`,
    );
    const args = ["run", "--quiet", "--no-prompt", ...permissions, script];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).output();
    assertEquals(new TextDecoder().decode(stdout), "true false\nNotCapable\n", new TextDecoder().decode(stderr));
  }
});

/** What the library says, as exactly as Deno does. */
function inSeconds(path: string, follow: boolean): Stat {
  const seen = libc()!.stat(AT_FDCWD, path, follow)!;
  return { ...seen, changed: Math.floor(seen.changed / 1000) * 1000 };
}

testUnless(noLibc, "what the library says of a path is what Deno says", () => {
  using folder = new TempFolder();
  const { path } = folder;
  const times = [LONG_AGO, new Date(-1), new Date(-86_400_001), new Date(8.64e15), new Date(1.7e12 + 123)];
  for (const [index, time] of times.entries()) {
    const file = folder.file(`früh ${index}\n日本`, "x".repeat(index));
    Deno.utimeSync(file, time, time);
    Deno.chmodSync(file, [0o644, 0o4755, 0o600, 0o1666, 0o400][index]);
  }
  const early = folder.file("early", "x"); // Date holds no parts of a millisecond
  new Deno.Command("touch", { args: ["-d", "@-1.0005", early] }).outputSync();
  folder.file("large", 5 * 2 ** 30 + 7); // sparse: more bytes than 32 bits count
  Deno.symlinkSync("large", `${path}/link`);
  Deno.symlinkSync("nowhere", `${path}/broken`);
  Deno.linkSync(`${path}/large`, `${path}/twin`);
  assertEquals(new Deno.Command("mkfifo", { args: [`${path}/pipe`] }).outputSync().success, true);
  const names = Array.from(Deno.readDirSync(path), ({ name }) => name);
  assertEquals(names.length, 11);
  for (const name of ["", ...names]) {
    const full = `${path}/${name}`;
    assertEquals(inSeconds(full, false), statOf(Deno.lstatSync(full)), name);
    if (name !== "broken") assertEquals(inSeconds(full, true), statOf(Deno.statSync(full)), name);
  }
  for (const missing of ["broken/x", "none", "large/x"]) {
    assertEquals(libc()!.stat(AT_FDCWD, `${path}/${missing}`, true), undefined);
  }
  assertEquals(libc()!.stat(AT_FDCWD, `${path}/broken`, true), undefined);
  assertEquals([lstat(`${path}/link`).kind, stat(`${path}/link`).kind], ["link", "file"]);
  return Promise.resolve();
});

testUnless(noLibc ?? noRamDisk, "the library sets each time that a Date can hold", () => {
  using folder = new RamDisk("1m"); // other file systems know a few centuries only
  const calls = libc()!;
  for (
    const [index, ms] of [0, -1, 999, -1001, 1.7e12 + 123, 2 ** 31 * 1000 + 7, -2.2e12, 8.64e15, -8.64e15].entries()
  ) {
    const path = `${folder.path}/${index}`;
    const file = calls.create(AT_FDCWD, path, 0o600);
    assertEquals([file >= 0, calls.setTime(file, ms)], [true, true]);
    calls.close(file);
    assertEquals(Deno.statSync(path).mtime?.getTime(), ms);
  }
  return Promise.resolve();
});

/** Why the last call failed. */
function why(): string | undefined {
  return errnoOf(libc()!.error());
}

testUnless(noLibc, "what fails says why, as the system does", () => {
  using folder = new TempFolder();
  const { path } = folder;
  const file = folder.file("file", "x");
  Deno.symlinkSync("file", `${path}/link`);
  Deno.mkdirSync(`${path}/full/sub`, { recursive: true });
  const calls = libc()!;
  const reasons: [() => unknown, string][] = [
    [() => calls.open(AT_FDCWD, `${path}/none`, true), "ENOENT"],
    [() => calls.open(AT_FDCWD, `${path}/link`, false), "ELOOP"],
    [() => calls.open(AT_FDCWD, `${file}/x`, true), "ENOTDIR"],
    [() => calls.create(AT_FDCWD, file, 0o600), "EEXIST"],
    [() => calls.openFolder(file, false), "ENOTDIR"],
    [() => calls.makeFolder(AT_FDCWD, `${path}/full`, 0o700), "EEXIST"],
    [() => calls.remove(AT_FDCWD, `${path}/full`, "folder"), "ENOTEMPTY"],
    [() => calls.remove(AT_FDCWD, `${path}/full`, "file"), "EISDIR"],
    [() => calls.move(AT_FDCWD, file, AT_FDCWD, `${path}/link`, false), "EEXIST"],
    [() => calls.create(AT_FDCWD, `${path}/${"x".repeat(256)}`, 0o600), "ENAMETOOLONG"],
    [() => calls.create(AT_FDCWD, "x".repeat(5000), 0o600), "ENAMETOOLONG"],
    [() => calls.create(AT_FDCWD, "a\0b", 0o600), "EINVAL"],
    [() => calls.open(AT_FDCWD, `${path}/none`, true), "ENOENT"], // and not what was said of another path
    [() => calls.create(AT_FDCWD, "a\0b", 0o600), "EINVAL"],
    [() => calls.write(-1, new Uint8Array(1)), "EBADF"],
  ];
  for (const [call, reason] of reasons) {
    const result = call();
    assertEquals(result === false || Number(result) < 0, true, reason);
    assertEquals(why(), reason);
  }
  return Promise.resolve();
});

testUnless(noLibc, "a path that C would cut short leads nowhere", () => {
  using folder = new TempFolder();
  const file = folder.file("a", "content");
  const calls = libc()!;
  const cut = `${file}\0b`;
  assertEquals(calls.stat(AT_FDCWD, cut, false), undefined);
  assertEquals([calls.open(AT_FDCWD, cut, false), calls.create(AT_FDCWD, `${file}2\0`, 0o600)], [-1, -1]);
  assertEquals(calls.remove(AT_FDCWD, cut, "file"), false);
  assertEquals(calls.move(AT_FDCWD, cut, AT_FDCWD, `${file}3`, true), false);
  assertEquals(calls.move(AT_FDCWD, file, AT_FDCWD, `${file}3\0`, true), false);
  const long = `${file}/${"ü".repeat(2100)}`;
  assertEquals([calls.stat(AT_FDCWD, long, false), calls.open(AT_FDCWD, long, false)], [undefined, -1]);
  assertEquals(Array.from(Deno.readDirSync(folder.path), ({ name }) => name), ["a"]);
  return Promise.resolve();
});

testUnless(noLibc, "a path that goes up again is left to Deno, which takes it by its letters", () => {
  using folder = new TempFolder();
  const file = folder.file("a/file", "x");
  assertEquals(libc()!.stat(AT_FDCWD, `${folder.path}/a/../a/file`, true), undefined);
  assertEquals(libc()!.open(AT_FDCWD, "../x", false), -1);
  for (const name of ["..a", "a..", "..."]) {
    Deno.copyFileSync(file, `${folder.path}/${name}`);
    assertEquals(libc()!.stat(AT_FDCWD, `${folder.path}/${name}`, false)?.size, 1);
  }
  return Promise.resolve();
});

testUnless(noLibc, "where there is no library there are no calls", () => {
  using folder = new TempFolder();
  assertEquals(Libc.load([]), undefined);
  assertEquals(Libc.load(["/nowhere/libc.so.6", folder.file("libc.so.6", "no library")]), undefined);
  return Promise.resolve();
});

testUnless(
  noLibc ?? noRamDisk,
  "a small file that does not fit says so, and leaves nothing, and the next one fits",
  async () => {
    using disk = new RamDisk("64k");
    const batch = new FileBatch({ collision: "rename", sync: false });
    const file = (name: string, size: number) => ({
      folder: disk.path,
      name,
      content: new Uint8Array(size).fill(1),
      modified: 0,
      mode: 0o644,
      shown: () => name,
    });
    let message = "";
    try {
      batch.add(file("large", 100 * 1024));
    } catch (error) {
      message = (error as Error).message;
    }
    assertEquals(message, "saving large: the disk is full");
    assertEquals([...Deno.readDirSync(disk.path)], []);
    batch.add(file("small", 1024));
    assertEquals(await batch.commit(), ["small"]);
    assertEquals(Deno.statSync(`${disk.path}/small`).size, 1024);
  },
);

Deno.test("without the library, folders go up and down all the same, and nothing is replaced", async () => {
  const prefix = ["sh", "-c", `shift; exec "${Deno.execPath()}" ${deno("ftpd", false).join(" ")} "$@"`, "sh"];
  await using server = await startServer({ prefix });
  using local = new TempFolder();
  const ftp = async (...args: string[]) => {
    const command = new Deno.Command(Deno.execPath(), {
      args: [...deno("ftp", false), server.address, ...args],
      cwd: local.path,
      stdout: "piped",
      stderr: "piped",
    });
    const { code, stderr } = await command.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  };
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${index % 7}/f${index}`, `${index}`]));
  plant(`${local.path}/src`, { ...files, "empty": null });
  await ftp("upload", "-r", "src");
  assertEquals(snapshot(`${server.dir}/src`), snapshot(`${local.path}/src`));
  await ftp("download", "-r", "src", "back");
  assertEquals(snapshot(`${local.path}/back`), snapshot(`${local.path}/src`));
  Deno.writeTextFileSync(`${local.path}/src/0/f0`, "changed");
  await ftp("upload", "src/0/f0", "src/0/f7", "src/0/");
  assertEquals(Deno.readTextFileSync(`${server.dir}/src/0/f0`), "0");
  assertEquals(Deno.readTextFileSync(`${server.dir}/src/0/f0_1`), "changed");
  await ftp("sync", "src", "src", "--delete");
  assertEquals(snapshot(`${server.dir}/src`), snapshot(`${local.path}/src`));
  await ftp("verify", "src", "src");
});
