import { assertEquals } from "@std/assert";
import type { Client } from "../client/client.ts";
import { COMMANDS } from "../client/commands/table.ts";
import * as completion from "../client/shell/completion.ts";
import { TempFolder } from "./support/temp_folder.ts";

async function complete(line: string, sources: completion.CompletionSources): Promise<[string[], string]> {
  const { words, raw } = await completion.complete(line, sources);
  return [words, raw];
}

function sources(folders: Record<string, string[]> = {}): completion.CompletionSources {
  const client = {
    list: (path: string, { hidden }: { hidden?: boolean }) => {
      if (!(path in folders)) return Promise.reject(new Error("there is no such folder"));
      return Promise.resolve(
        folders[path].filter((name) => hidden || !name.startsWith(".")).map((name) => ({
          name: name.replace("/", ""),
          kind: name.endsWith("/") ? "folder" : "file",
        })),
      );
    },
  } as unknown as Client;
  return { commands: COMMANDS, client, remoteFolder: "/", defaultAddress: "localhost:8080" };
}

Deno.test("commands, in any case, and their aliases when no command fits", async () => {
  assertEquals(await complete("dow", sources()), [["download "], "dow"]);
  assertEquals(await complete("UPL", sources()), [["upload "], "UPL"]);
  assertEquals(await complete("qu", sources()), [["quit "], "qu"]);
  assertEquals((await complete("", sources()))[0].length, COMMANDS.length);
  assertEquals(await complete("help siz", sources()), [["size "], "siz"]);
  assertEquals(await complete("nonsense x", sources()), [[], "x"]);
});

Deno.test("options, but not behind --", async () => {
  assertEquals(await complete("rm --y", sources()), [["--yes "], "--y"]);
  assertEquals(await complete("ls -", sources()), [
    ["--all", "--json", "--long", "--quiet", "--recursive", "--size", "--time", "--verbose"],
    "-",
  ]);
  assertEquals(await complete("ls -- -", sources({ "/": ["-x", "y"] })), [["-x "], "-"]);
});

Deno.test("names are quoted as they are typed", async () => {
  const there = sources({ "/": ["my file.txt", "my folder/", "it's", "new\nline"], "/my folder": ["a b"] });
  assertEquals(await complete("size my\\ fi", there), [["my\\ file.txt "], "my\\ fi"]);
  assertEquals(await complete('size "my fi', there), [['"my file.txt" '], '"my fi']);
  assertEquals(await complete("size 'my fo", there), [["'my folder/"], "'my fo"]);
  assertEquals(await complete("size 'my folder/", there), [["'my folder/a b' "], "'my folder/"]);
  assertEquals(await complete("size 'it", there), [["it\\'s "], "'it"]);
  assertEquals(await complete("size new", there), [["$'new\\nline' "], "new"]);
  assertEquals(await complete("size my", there), [["my\\ file.txt", "my\\ folder/"], "my"]);
});

Deno.test("what is shown are names, as they are", async () => {
  const there = sources({ "/my folder": ["a b", "sub folder/", "new\nline"] });
  const shown = async (line: string) => (await completion.complete(line, there)).names;
  for (const line of ["size my\\ folder/", "size 'my folder/", "size my\\ folder/../my\\ folder/"]) {
    assertEquals(await shown(line), ["a b", "new\\nline", "sub folder/"]);
  }
  assertEquals(await shown("l"), ["lcd", "lls", "lpwd", "ls"]);
});

Deno.test("hidden names only when asked for, only folders where only folders will do", async () => {
  const there = sources({ "/": [".git/", ".profile", "a.txt", "folder/"] });
  assertEquals((await complete("size ", there))[0], ["a.txt", "folder/"]);
  assertEquals((await complete("size .", there))[0], [".git/", ".profile"]);
  assertEquals((await complete("cd ", there))[0], ["folder/"]);
  assertEquals((await complete("cd .", there))[0], [".git/"]);
});

Deno.test("both sides of sync, whichever way it goes", async () => {
  using local = new TempFolder();
  Deno.mkdirSync(`${local.path}/here`);
  const there = sources({ "/": ["there/"] });
  const typed = `${local.path}/he`;
  assertEquals((await complete(`sync ${typed}`, there))[0], [`${local.path}/here/`]);
  assertEquals((await complete("sync x th", there))[0], ["there/"]);
  assertEquals((await complete("sync --down th", there))[0], ["there/"]);
  assertEquals((await complete(`sync --down x ${typed}`, there))[0], [`${local.path}/here/`]);
});

Deno.test("a name that looks like an option gets a folder before it", async () => {
  assertEquals((await complete("size ", sources({ "/": ["-rf"] })))[0], ["./-rf "]);
});

Deno.test("nothing behind the last argument, nothing where it is not known", async () => {
  const there = sources({ "/": ["a.txt"] });
  assertEquals(await complete("df a.txt ", there), [[], ""]);
  assertEquals(await complete("size nowhere/", there), [[], "nowhere/"]);
  assertEquals(await complete("size ../../", there), [[], "../../"]);
  assertEquals(await complete("size a", { ...there, client: undefined }), [[], "a"]);
});

Deno.test("many names: what they have in common, or as many as can be shown", async () => {
  const many = Array.from({ length: 300 }, (_, number) => `file-${String(number).padStart(3, "0")}`);
  assertEquals((await complete("size f", sources({ "/": many })))[0].length, 300);
  const [shown] = await complete("size file-", sources({ "/": many }));
  assertEquals([shown.length, shown.at(-1)], [101, "and 200 more"]);
});

Deno.test("local names, for the arguments that are local", async () => {
  using folder = new TempFolder();
  folder.file("local one.txt");
  folder.file("local-folder/x");
  Deno.symlinkSync("local-folder", `${folder.path}/link`);
  const there = sources({ "/": ["remote.txt"] });
  const [names] = await complete(`upload ${folder.path}/`, there);
  assertEquals(names, ["link/", "local\\ one.txt", "local-folder/"].map((name) => `${folder.path}/${name}`));
  assertEquals((await complete(`lcd ${folder.path}/lo`, there))[0], [`${folder.path}/local-folder/`]);
  assertEquals((await complete("upload x re", there))[0], ["remote.txt "]);
});
