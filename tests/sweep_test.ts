/** What interrupted uploads left does not stay for ever. */

import { assert, assertEquals } from "@std/assert";
import { LocalStorage } from "../server/storage/local.ts";
import { sweepRegularly } from "../server/sweep.ts";
import { namesIn, partialsIn } from "./support/files.ts";
import { TempFolder } from "./support/temp_folder.ts";
import { until } from "./support/until.ts";

const OLD = `.connme-${"a".repeat(32)}-${"b".repeat(16)}-${"c".repeat(16)}.partial`;
const FRESH = `.connme-${"d".repeat(32)}-${"e".repeat(16)}-${"f".repeat(16)}.partial`;
const HOUR_MS = 3_600_000;

const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("partials that nobody has touched for long are removed, and nothing else", async () => {
  using folder = new TempFolder();
  using outside = new TempFolder();
  for (const name of [OLD, `deep/er/${OLD}`, "deep/old.txt", ".hidden"]) folder.file(name, "x");
  outside.file(OLD, "x");
  Deno.symlinkSync(outside.path, `${folder.path}/link`);
  // When something was touched is known to the second, by a clock of the system that is some milliseconds late.
  const last = Date.now();
  await until(() => Date.now() > last + 1300, "the clock");
  const before = Date.now() - 100;
  folder.file(`deep/${FRESH}`, "x");
  Deno.utimeSync(`${folder.path}/deep/${FRESH}`, 1, 1); // the time of its content says nothing
  assertEquals(await new LocalStorage(folder.path, { sync: true }).sweep(before), 2);
  assertEquals(names(folder.path), [".hidden", "deep", "link"]);
  assertEquals(names(`${folder.path}/deep`), [FRESH, "er", "old.txt"].sort());
  assertEquals(names(`${folder.path}/deep/er`), []);
  assertEquals(names(outside.path), [OLD]);
});

Deno.test("a folder that is away for a while is nothing to sweep", async () => {
  using folder = new TempFolder();
  Deno.mkdirSync(`${folder.path}/mount`);
  const storage = new LocalStorage(`${folder.path}/mount`, { sync: true });
  Deno.removeSync(`${folder.path}/mount`);
  assertEquals(await storage.sweep(Date.now()), 0);
});

Deno.test("it is swept at once, and again and again: what is older than the limit goes, what is younger stays", async () => {
  using folder = new TempFolder();
  folder.file(OLD, "x");
  const born = Date.now();
  const storage = new LocalStorage(folder.path, { sync: true });
  const logged: unknown[] = [];
  const end = sweepRegularly(storage, 300, (...line) => logged.push(line));
  await until(() => logged.length === 1, "the first sweep that finds something");
  assert(Date.now() - born >= 250); // by the clock of the system, that is late
  assertEquals(logged, [["swept", { partials: 1 }]]);
  assertEquals(names(folder.path), []);
  folder.file(FRESH, "x");
  await until(() => logged.length === 2, "the next one");
  await end();
  folder.file(OLD, "x");
  const endPatient = sweepRegularly(storage, HOUR_MS, (...line) => logged.push(line));
  await endPatient();
  assertEquals([logged.length, names(folder.path)], [2, [OLD]]);
});

Deno.test("a partial that is getting its name is not swept, however old its time says that it is", async () => {
  using folder = new TempFolder();
  const storage = new LocalStorage(folder.path, { sync: true });
  const sweep = () => storage.sweep(Date.now() - HOUR_MS);
  for (const owner of [undefined, { token: "a".repeat(32), run: "b".repeat(16) }]) {
    const file = await storage.create(["file"], { collision: "overwrite", offset: 0, owner });
    await file.write(new Uint8Array([1]));
    Deno.utimeSync(`${folder.path}/${partialsIn(folder.path)[0]}`, 1, 1);
    assertEquals(await sweep(), 0);
    await file.publish({ modified: 1000 });
    assertEquals(namesIn(folder.path), ["file"]);
  }
  // Names that are taken make it take longer: others have their turn meanwhile, and so has the sweep.
  const many = Array.from({ length: 256 }, (_, at) => `many-${at}`);
  for (const name of many) folder.file(name, "taken");
  for (let round = 1; round <= 3; round++) {
    const files = storage.store({ collision: "rename", again: false });
    for (const name of many) files.add([name], new Uint8Array(10), { modified: 1000, mode: 0o644 });
    let done = false;
    const published = files.publish().finally(() => done = true);
    while (!done) assertEquals(await sweep(), 0);
    assertEquals(await published, many.map((name) => [`${name}_${round}`]));
  }
});
