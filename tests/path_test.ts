/** Paths and names: what a person types always becomes a path that the protocol allows, or an error. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { numberedName } from "../disk/names.ts";
import { CommandError } from "../protocol/errors.ts";
import { baseName, isSafeName, joinPath, parentPath, quote, resolvePath, splitPath } from "../protocol/path.ts";

/** Names that a path may contain, the odd ones often. */
const name = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1 }),
  fc.constantFrom("...", ".hidden", " ", "-rf", "a b", "\\", "a\nb", "con", "~", "*", "\u202e"),
).map((text) => text.replace(/[/\0]/g, "_").toWellFormed()).filter((text) => text !== "." && text !== "..");
const names = fc.array(name, { maxLength: 5 });
/** What a person types, or a hostile peer sends. */
const anything = fc.oneof(
  fc.array(fc.oneof(name, fc.constantFrom("", ".", "..", "\0", "\ud800")), { maxLength: 8 }).map((all) =>
    all.join("/")
  ),
  fc.string({ unit: "binary" }),
);

Deno.test("a path is split into the names that it was made of", () => {
  fc.assert(fc.property(names, (all) => assertEquals(splitPath(`/${all.join("/")}`), all)));
});

Deno.test("whatever splitPath takes has only names that are safe, and is put together again the same", () => {
  fc.assert(
    fc.property(fc.oneof(anything, anything.map((text) => `/${text}`)), (path) => {
      const all = attempt(() => splitPath(path));
      if (all === undefined) return;
      assert(all.every(isSafeName), `${quote(path)} has an unsafe name`);
      assertEquals(`/${all.join("/")}`, path);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("whatever is typed becomes a path that splitPath takes, or an error", () => {
  fc.assert(
    fc.property(names, anything, (folder, typed) => {
      const path = attempt(() => resolvePath(`/${folder.join("/")}`, typed));
      if (path !== undefined) splitPath(path);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a typed path counts .. exactly, and never climbs above the served folder", () => {
  const steps = fc.array(fc.oneof(name, fc.constantFrom("..", "..", ".", "")), { maxLength: 8 });
  fc.assert(fc.property(names, steps, fc.boolean(), (folder, typed, absolute) => {
    let expected: string[] | undefined = absolute ? [] : [...folder];
    for (const step of typed) {
      if (step === "..") expected = expected?.length ? expected.slice(0, -1) : undefined;
      else if (step !== "." && step !== "") expected = expected?.concat(step);
      if (expected === undefined) break;
    }
    // A relative path that starts with an empty step would be an absolute one.
    const text = `${absolute ? "/" : "./"}${typed.join("/")}`;
    const path = attempt(() => resolvePath(`/${folder.join("/")}`, text));
    assertEquals(path, expected && `/${expected.join("/")}`);
  }));
});

const REFUSED = [
  ["", "bad_path"],
  ["a", "bad_path"],
  ["//", "bad_path"],
  ["/a/", "bad_path"],
  ["/a//b", "bad_path"],
  ["/.", "bad_path"],
  ["/a/./b", "bad_path"],
  ["/a\0b", "bad_path"],
  ["/\ud800", "bad_path"],
  ["/..", "outside"],
  ["/a/../../b", "outside"],
];

for (const [path, code] of REFUSED) {
  Deno.test(`the path ${quote(path)} is refused as ${code}`, () => {
    assertEquals(assertThrows(() => splitPath(path), CommandError).code, code);
  });
}

Deno.test("what is typed above the served folder is outside, what no path may contain is a bad path", () => {
  assertEquals(assertThrows(() => resolvePath("/a", "../.."), CommandError).code, "outside");
  assertEquals(assertThrows(() => resolvePath("/", "/.."), CommandError).code, "outside");
  assertEquals(assertThrows(() => resolvePath("/", "a\0b"), CommandError).code, "bad_path");
  assertEquals(assertThrows(() => resolvePath("/", "\ud800"), CommandError).code, "bad_path");
});

Deno.test("joinPath, parentPath and baseName undo each other", () => {
  fc.assert(fc.property(names, name, (folder, last) => {
    const parent = `/${folder.join("/")}`;
    const path = joinPath(parent, last);
    assertEquals([parentPath(path), baseName(path)], [parent, last]);
    assertEquals(splitPath(path), [...folder, last]);
  }));
  assertEquals([parentPath("/"), baseName("/")], ["/", ""]);
});

Deno.test("a safe name is one name", () => {
  fc.assert(fc.property(name, (text) => assert(isSafeName(text))));
  for (const bad of ["", ".", "..", "a/b", "/", "/etc/passwd", "../x", "a\0", "\ud800"]) assert(!isSafeName(bad), bad);
});

Deno.test("a quoted text has nothing that could disturb a terminal or a log, and says what it was", () => {
  fc.assert(
    fc.property(
      fc.oneof(anything, fc.string({ unit: fc.integer({ min: 0, max: 0x2fff }).map(toCharacter) })),
      (text) => {
        const quoted = quote(text);
        assert(!/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(quoted), quoted);
        assertEquals(JSON.parse(quoted), text);
      },
    ),
    { numRuns: 2_000 },
  );
});

const NUMBERED = [
  ["photo.jpg", 2, "photo_2.jpg"],
  ["a.tar.gz", 1, "a.tar_1.gz"],
  ["README", 1, "README_1"],
  [".profile", 1, ".profile_1"],
  [".config.json", 3, ".config_3.json"],
  ["trailing.", 10, "trailing_10."],
  ["photo_1.jpg", 1, "photo_1_1.jpg"],
] as const;

for (const [taken, number, expected] of NUMBERED) {
  Deno.test(`${taken} becomes ${expected} when it is taken`, () => {
    assertEquals(numberedName(taken, number), expected);
  });
}

Deno.test("numbered names are safe, and differ from the name and from each other", () => {
  fc.assert(fc.property(name, fc.integer({ min: 1, max: 1e6 }), (taken, number) => {
    const numbered = numberedName(taken, number);
    assert(isSafeName(numbered));
    assertEquals(new Set([taken, numbered, numberedName(taken, number + 1)]).size, 3);
    // Its extension stays, so that it opens with the same program.
    const dot = taken.lastIndexOf(".");
    if (dot > 0) assertEquals(numbered.slice(numbered.lastIndexOf(".")), taken.slice(dot));
  }));
});

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

function toCharacter(code: number): string {
  return String.fromCharCode(code);
}
