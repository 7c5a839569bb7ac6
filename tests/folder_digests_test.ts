/** Digests of folders, and what `sync` and `verify` do without listing: PROTOCOL.md section 7.18. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { CommandError, connect } from "../client/client.ts";
import { assertDone, ftp, startServer, type TestServer } from "./support/programs.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { logged, paths, plant, snapshot, touch } from "./support/trees.ts";

function half(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** How often the server was asked for a listing, and for digests. */
function asked(server: TestServer): [listings: number, digests: number] {
  return [logged(server, "ls").length, logged(server, "folder_digests").length];
}

/** The same on both sides: 80 folders, and what is hidden, empty or deep. */
function plantBoth(...tops: string[]): void {
  const files = Object.fromEntries(Array.from({ length: 240 }, (_, at) => [`f${at % 80}/${at}`, `${at}`]));
  for (const top of tops) {
    plant(top, { ...files, "top": "1", ".hidden/.file": "2", "empty": null, "deep/er/and/deeper": "3", "run": "4" });
    Deno.chmodSync(`${top}/run`, 0o755);
    for (const path of paths(top)) if (!path.endsWith("/")) touch(`${top}/${path}`);
  }
}

Deno.test("digests are what PROTOCOL.md says", async () => {
  await using server = await startServer();
  plant(server.dir, { "b": "22", "a\u{1f600}": "1", "sub/x.sh": "333", "none": null, "linked/to": "4", ".h": "" });
  const time = new Date("2024-05-06T07:08:09.123Z");
  for (const file of ["b", "a\u{1f600}", "sub/x.sh", ".h"]) touch(`${server.dir}/${file}`, time);
  Deno.chmodSync(`${server.dir}/sub/x.sh`, 0o700);
  Deno.chmodSync(`${server.dir}/b`, 0o660);
  for (const folder of ["linked", "sub"]) Deno.chmodSync(`${server.dir}/${folder}`, 0o775);
  Deno.chmodSync(`${server.dir}/none`, 0o711);
  Deno.symlinkSync("to", `${server.dir}/linked/link`);
  const client = await connect({ hostname: "127.0.0.1", port: server.port });
  assert((await client.hello).capabilities.includes("folder_digests"));
  const ms = time.getTime();
  const top =
    `.h\0file 0 ${ms} 44\na\u{1f600}\0file 1 ${ms} 44\nb\0file 2 ${ms} 40\nlinked\0folder 55\nnone\0folder 11\nsub\0folder 55\n`;
  const digests = await client.folderDigests("/");
  assertEquals([...digests].sort(), [
    ["", half(top)],
    ["linked", undefined],
    ["none", "e3b0c44298fc1c149afbf4c8996fb924"],
    ["sub", half(`x.sh\0file 3 ${ms} 100\n`)],
  ]);
  assertEquals([...await client.folderDigests("/none")], [["", half("")]]);
  for (const [path, code] of [["/nowhere", "not_found"], ["/b", "not_folder"], ["/../x", "outside"]]) {
    const error = await assertRejects(() => client.folderDigests(path), CommandError);
    assertEquals(error.code, code);
  }
  await client.close();
});

Deno.test("there are no digests where a folder has more than 10,000 entries, and it is synced all the same", async () => {
  await using server = await startServer({ args: ["--no-fsync"] });
  using local = new TempFolder();
  plant(local.path, Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => [`many/${at}`, ""])));
  assertDone(await ftp(server, "sync", "many", "many", { cwd: local.path }));
  const client = await connect({ hostname: "127.0.0.1", port: server.port });
  const error = await assertRejects(() => client.folderDigests("/many"), CommandError);
  assertEquals(error.code, "unsupported");
  await client.close();
  const again = await ftp(server, "sync", "many", "many", { cwd: local.path });
  assertDone(again);
  assertMatch(again.stdout, /, 10001 the same$/m);
});

for (const down of [false, true]) {
  const direction = down ? "sync --down" : "sync";

  Deno.test(`${direction} lists nothing when nothing has changed, and only what has`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    const [here, there] = [`${local.path}/tree`, `${server.dir}/tree`];
    plantBoth(here, there);
    const [from, to] = down ? [there, here] : [here, there];
    const sync = (...options: string[]) =>
      ftp(server, "sync", ...down ? ["--down"] : [], "tree", "tree", ...options, { cwd: local.path });
    const nothing = await sync("--delete");
    assertDone(nothing);
    assertMatch(nothing.stdout, /^Copied 0 files/);
    assertMatch(nothing.stdout, /, 244 the same$/m);
    assertEquals(asked(server), [0, 1]);

    // A file that is longer, one that is newer, one that may be executed; a new folder, one that is gone, one that is filled.
    Deno.writeTextFileSync(`${from}/f7/7`, "longer");
    touch(`${from}/f8/8`, new Date());
    Deno.chmodSync(`${from}/f9/9`, 0o755);
    plant(from, { "new/er/x": "5", "empty/y": "6" });
    Deno.removeSync(`${from}/f10`, { recursive: true });
    Deno.symlinkSync("top", `${from}/link`);
    plant(to, { "f11/extra": "7", "extra/z": "8" });
    const changed = await sync("--delete");
    assertDone(changed);
    assertMatch(changed.stdout, /^Copied 4 files, .*1 left out, 1 touched, 7 deleted, \d+ the same\n$/);
    Deno.removeSync(`${from}/link`);
    assertEquals(snapshot(to), snapshot(from));
    const [listings, digests] = asked(server);
    assertEquals(digests, 2);
    assert(listings > 0 && listings < 15, `${listings} listings`);
  });

  Deno.test(`${direction} lists all where most has changed`, async () => {
    await using server = await startServer();
    using local = new TempFolder();
    const [here, there] = [`${local.path}/tree`, `${server.dir}/tree`];
    plantBoth(here, there);
    const [from, to] = down ? [there, here] : [here, there];
    for (let at = 0; at < 80; at++) Deno.writeTextFileSync(`${from}/f${at}/${at}`, `changed ${at}`);
    const args = ["sync", ...down ? ["--down"] : [], "tree", "tree"];
    assertDone(await ftp(server, ...args, { cwd: local.path }));
    assertEquals(snapshot(to), snapshot(from));
    assertEquals(asked(server), [1, 1]);
  });
}

Deno.test("sync --down into nothing, and --links follow, list once", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plant(server.dir, { "tree/a/b": "1" });
  assertDone(await ftp(server, "sync", "--down", "tree", "fresh", { cwd: local.path }));
  assertDone(await ftp(server, "sync", "--down", "tree", "fresh", "--links", "follow", { cwd: local.path }));
  assertEquals(paths(local.path), ["fresh/", "fresh/a/", "fresh/a/b"]);
  assertEquals(asked(server)[0], 2);
});

Deno.test("verify compares content though the digests agree", async () => {
  await using server = await startServer();
  using local = new TempFolder();
  plantBoth(local.path, server.dir);
  assertDone(await ftp(server, "verify", ".", "/", { cwd: local.path }));
  Deno.writeTextFileSync(`${server.dir}/f7/7`, "x");
  touch(`${server.dir}/f7/7`);
  const { code, stdout } = await ftp(server, "verify", ".", "/", { cwd: local.path });
  assertEquals([code, stdout], [4, "different  f7/7\n243 files the same, 1 difference\n"]);
});
