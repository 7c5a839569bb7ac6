import { assertEquals } from "@std/assert";
import { History } from "../client/shell/history.ts";
import { TempFolder } from "./support/temp_folder.ts";

Deno.test("history keeps the last 1000 lines, and none twice in a row", () => {
  using folder = new TempFolder();
  const path = `${folder.path}/deep/history`;
  const history = new History(path);
  assertEquals(history.read(), []);
  for (const line of ["one", "one", "", "  ", "two"]) history.add(line);
  assertEquals(history.read(), ["one", "two"]);
  for (let number = 0; number < 1100; number++) history.add(`line ${number}`);
  const lines = new History(path).read();
  assertEquals([lines.length, lines[0], lines[999]], [1000, "line 100", "line 1099"]);
  assertEquals([...Deno.readDirSync(`${folder.path}/deep`)].map(({ name }) => name), ["history"]);
});

Deno.test("two shells at once keep the lines of both", () => {
  using folder = new TempFolder();
  const [one, two] = [new History(`${folder.path}/history`), new History(`${folder.path}/history`)];
  one.add("from one");
  two.add("from two");
  one.add("again one");
  assertEquals(two.read(), ["from one", "from two", "again one"]);
});

Deno.test("a history that cannot be kept is none, without an error", () => {
  const history = new History("/dev/null/history");
  history.add("line");
  assertEquals(history.read(), []);
});
