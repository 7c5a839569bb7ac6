/** Patterns mean what they mean in a shell: against bash. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readPattern, wildcards } from "../client/transfer/glob.ts";
import { TempFolder } from "./support/temp_folder.ts";

const NAMES = [
  "a",
  "b1",
  "C2",
  "3",
  "-m",
  "[x]",
  "]q",
  "^z",
  "!w",
  "a-c",
  "x\\y",
  "ä",
  "Ö",
  "😀",
  "日本",
  "a b",
  "#",
  "$",
];

/** What bash makes of each pattern. */
function byBash(folder: string, patterns: readonly string[]): string[][] {
  // Each in a line of its own; names have no line feeds. `$1` is not quoted: it is the pattern.
  const script =
    'shopt -s nullglob; IFS=; for pattern; do for name in $pattern; do printf "%s\\n" "$name"; done; echo /; done';
  const { stdout } = new Deno.Command("bash", {
    args: ["-c", script, "bash", ...patterns],
    cwd: folder,
    env: { LC_ALL: "C.UTF-8" },
  }).outputSync();
  return new TextDecoder().decode(stdout).split("/\n").slice(0, -1).map((lines) =>
    lines.split("\n").slice(0, -1).sort()
  );
}

function byUs(pattern: string): string[] {
  return NAMES.filter((name) => readPattern(pattern)?.matches(name)).sort();
}

Deno.test("classes of characters are those of bash", () => {
  using folder = new TempFolder();
  for (const name of NAMES) folder.file(name);
  const patterns = [
    "[^a-z]*",
    "[!a-z]*",
    "[]]q",
    "[[]x]",
    "[]^]*",
    "[\\^]*",
    "[^]]*",
    "[z-a]*",
    "[[:digit:]]*",
    "[-a]*",
  ];
  patterns.push(
    "[a-]*",
    "[[:alpha:]]",
    "[[:upper:][:digit:]]*",
    "[^[:alpha:]]*",
    "[😀ä]",
    "?",
    "??",
    "[$#]",
    "x[\\\\]y",
  );
  patterns.push("[!]*", "[^]*", "[*", "[]*", "a[b*", "[]");
  const expected = byBash(folder.path, patterns);
  for (const [at, pattern] of patterns.entries()) assertEquals(byUs(pattern), expected[at], pattern);
});

Deno.test("what begins no class is itself, and there may be any number of classes", () => {
  for (const pattern of ["[!]", "[^]", "file[!].txt", "a[b", "[]"]) {
    assertEquals(["x", "^", "filex.txt", "ab", pattern].filter((name) => wildcards(pattern).test(name)), [pattern]);
  }
  assertEquals(wildcards("[a]".repeat(40) + "[z-a]").test("a".repeat(40) + "z"), false);
  assertEquals(wildcards("[a]".repeat(40) + "*").test("a".repeat(40)), true);
});

Deno.test("no pattern is too odd to be read", () => {
  const piece = fc.constantFrom(
    "[",
    "]",
    "^",
    "!",
    "-",
    "\\",
    "a",
    "z",
    "[:digit:]",
    "*",
    "?",
    "{",
    "}",
    ",",
    "(",
    ")",
    "😀",
    "/",
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    wildcards(pieces.join("")).test("a/b");
  }));
});
