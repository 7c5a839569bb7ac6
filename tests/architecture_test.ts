/** Who may import whom (ARCHITECTURE.md): the arrows between the rooms, as a table, checked against every module. */

import { assert, assertEquals } from "@std/assert";
import { sourceFiles } from "./support/source_files.ts";
import { TempFolder } from "./support/temp_folder.ts";

const ROOT = new URL("../", import.meta.url);

/** A room and what its modules may import besides each other. */
interface Room {
  /** A folder (ending in `/`) or a module. */
  readonly room: string;
  /** Folders and modules of ours. */
  readonly mayImport: readonly string[];
  /** Whether it may use the API of Deno. */
  readonly deno: boolean;
}

/** A module belongs to the first room that it lies in. */
const ROOMS: readonly Room[] = [
  { room: "protocol/", mayImport: ["deno.json"], deno: false }, // the version stands in deno.json
  { room: "disk/", mayImport: [], deno: true },
  // No session, no dispatch, no protocol: a storage can be used without a server.
  { room: "server/storage/", mayImport: ["disk/"], deno: true },
  { room: "server/", mayImport: ["server/storage/", "disk/", "protocol/"], deno: true },
  { room: "client/", mayImport: ["disk/", "protocol/"], deno: true },
  { room: "server.ts", mayImport: ["server/", "server/storage/", "disk/", "protocol/"], deno: true },
  { room: "client.ts", mayImport: ["client/", "disk/", "protocol/"], deno: true },
];

/** One import. */
interface Arrow {
  from: string;
  to: string;
  typeOnly: boolean;
}

function isIn(path: string, room: string): boolean {
  return room.endsWith("/") ? path.startsWith(room) : path === room;
}

function roomOf(path: string): Room | undefined {
  return ROOMS.find(({ room }) => isIn(path, room));
}

function isAllowed({ from, to }: Arrow): boolean {
  const room = roomOf(from);
  if (!room) return false;
  if (roomOf(to) === room) return true;
  // A room inside another one is named on its own: `server/` does not include `server/storage/`.
  const target = roomOf(to)?.room;
  return room.mayImport.some((entry) => entry === to || entry === target);
}

/** Every import between modules of ours, as Deno itself resolves them. */
async function arrows(paths: string[]): Promise<Arrow[]> {
  using folder = new TempFolder();
  const imports = paths.map((path) => `import ${JSON.stringify(new URL(path, ROOT).href)};\n`);
  const all = folder.file("all.ts", imports.join(""));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config", new URL("deno.json", ROOT).pathname, all],
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  const found: Arrow[] = [];
  for (const { specifier, dependencies = [], error } of modules) {
    assertEquals(error, undefined, specifier);
    if (!specifier.startsWith(ROOT.href)) continue;
    for (const { code, type } of dependencies) {
      const to = code?.specifier ?? type?.specifier;
      if (!to?.startsWith(ROOT.href)) continue;
      found.push({ from: below(specifier), to: below(to), typeOnly: code === undefined });
    }
  }
  return found;
}

/** A module as `deno info --json` shows it. */
interface Module {
  specifier: string;
  error?: string;
  dependencies?: { code?: { specifier: string }; type?: { specifier: string } }[];
}

function below(url: string): string {
  return url.slice(ROOT.href.length);
}

function show({ from, to, typeOnly }: Arrow): string {
  return `${from} -> ${to}${typeOnly ? " (types)" : ""}`;
}

Deno.test("every import goes along an arrow", async () => {
  const paths = sourceFiles().map(({ path }) => path);
  const all = await arrows(paths);
  assertEquals(all.filter((arrow) => !isAllowed(arrow)).map(show), []);
  // The graph is the real one: it has arrows from every room that exists, and to the rooms below.
  for (const { room } of ROOMS) {
    if (paths.some((path) => isIn(path, room))) assert(all.some(({ from }) => isIn(from, room)), `none from ${room}`);
  }
  assert(all.some(({ from, to }) => from === "server/session.ts" && to === "protocol/connection.ts"));
  assert(all.some(({ typeOnly }) => typeOnly) && all.some(({ typeOnly }) => !typeOnly));
});

Deno.test("every module of the programs lies in a room", () => {
  assertEquals(sourceFiles().filter(({ path }) => !roomOf(path)).map(({ path }) => path), []);
});

Deno.test("rooms without Deno use none of its API", () => {
  const found = sourceFiles()
    .filter(({ path }) => roomOf(path)?.deno === false)
    .filter(({ text }) => /\bDeno\b/.test(withoutComments(text)));
  assertEquals(found.map(({ path }) => path), []);
});

const FORBIDDEN: [from: string, to: string, typeOnly?: "types"][] = [
  ["server/session.ts", "client/client.ts"],
  ["server/session.ts", "client/client.ts", "types"],
  ["client/client.ts", "server/config.ts"],
  ["client/client.ts", "server/storage/storage.ts", "types"],
  ["client.ts", "server/config.ts"],
  ["server.ts", "client/client.ts"],
  ["server.ts", "client.ts"],
  ["client/client.ts", "client.ts"],
  ["server/serve.ts", "server.ts"],
  ["server/serve.ts", "tools/run.ts"],
  ["protocol/send_body.ts", "disk/names.ts"],
  ["protocol/send_body.ts", "server/log.ts", "types"],
  ["disk/move.ts", "server/log.ts"],
  ["disk/move.ts", "server/storage/local.ts"],
  ["disk/move.ts", "client/errors.ts"],
  ["server/storage/local.ts", "server/session.ts"],
  ["server/storage/local.ts", "server/dispatch.ts", "types"],
  ["server/storage/local.ts", "protocol/connection.ts", "types"],
  ["server/storage/local.ts", "protocol/path.ts"],
  ["server/storage/storage.ts", "protocol/messages.ts", "types"],
  ["disk/errors.ts", "protocol/errors.ts"],
  ["tools/run.ts", "protocol/frame.ts"], // not a room: the table says nothing of it
];

for (const [from, to, types] of FORBIDDEN) {
  const arrow = { from, to, typeOnly: types !== undefined };
  Deno.test(`the table forbids ${show(arrow)}`, () => assertEquals(isAllowed(arrow), false));
}

const ALLOWED: [from: string, to: string, typeOnly?: "types"][] = [
  ["server.ts", "server/storage/local.ts"],
  ["server/commands/upload.ts", "server/storage/storage.ts", "types"],
  ["server/storage/local.ts", "disk/move.ts"],
  ["client/commands/ls.ts", "client/client.ts"],
  ["client/client.ts", "protocol/connection.ts"],
  ["protocol/send_body.ts", "protocol/frame.ts"],
  ["protocol/version.ts", "deno.json"],
];

for (const [from, to, types] of ALLOWED) {
  const arrow = { from, to, typeOnly: types !== undefined };
  Deno.test(`the table allows ${show(arrow)}`, () => assertEquals(isAllowed(arrow), true));
}

/** Good enough for modules in which neither a text nor a regular expression contains the start of a comment. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}
