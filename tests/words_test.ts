import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UsageError } from "../client/errors.ts";
import { type Quote, quoteWord, splitWords, wordAtCursor } from "../client/shell/words.ts";

Deno.test("words are split at blanks, outside of quotes and backslashes", () => {
  const lines: Record<string, string[]> = {
    "": [],
    " \t ": [],
    "  ls   -l\t/a ": ["ls", "-l", "/a"],
    "get 'a b' \"c d\" e\\ f": ["get", "a b", "c d", "e f"],
    "a'b c'\"d e\"f": ["ab cd ef"],
    "'' \"\"": ["", ""],
    '\'\\\' "\\\\ \\" \\n"': ["\\", '\\ " \\n'],
    "$'a\\nb\\x41\\u00e9\\u{1f642}\\'\\\\' $x $": ["a\nbAé🙂'\\", "$x", "$"],
    "size #1 a#b": ["size", "#1", "a#b"],
    "# all of it": [],
    "  #too": [],
    "\\# \\#": ["#", "#"],
    "crlf\r": ["crlf"],
  };
  for (const [line, words] of Object.entries(lines)) assertEquals(splitWords(line), words, line);
});

Deno.test("a quote that is left open, or a backslash at the end, is wrong usage", () => {
  assertThrows(() => splitWords("ls 'a"), UsageError, "the quote ' is not closed");
  assertThrows(() => splitWords('ls "a\\"'), UsageError, 'the quote " is not closed');
  assertThrows(() => splitWords("ls $'a"), UsageError, "the quote $' is not closed");
  assertThrows(() => splitWords("ls a\\"), UsageError, "nothing follows the \\");
});

Deno.test("the word at the cursor knows its quote", () => {
  assertEquals(wordAtCursor(""), { before: [], text: "", raw: "", quote: "" });
  assertEquals(wordAtCursor("get my\\ fi"), { before: ["get"], text: "my fi", raw: "my\\ fi", quote: "" });
  assertEquals(wordAtCursor("get a 'b c"), { before: ["get", "a"], text: "b c", raw: "'b c", quote: "'" });
  assertEquals(wordAtCursor("get x'b c' "), { before: ["get", "xb c"], text: "", raw: "", quote: "" });
  assertEquals(wordAtCursor('get "a"'), { before: ["get"], text: "a", raw: '"a"', quote: "" });
  assertEquals(wordAtCursor("get a\\"), { before: ["get"], text: "a", raw: "a\\", quote: "" });
});

Deno.test("whatever is quoted reads back as it was, in every quote", () => {
  const word = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(..." '\"\\$#nx\n\x1b\u202e-é🙂") }),
  );
  const quote = fc.constantFrom<Quote>("", "'", '"', "$'");
  fc.assert(fc.property(fc.array(fc.tuple(word, quote)), (words) => {
    const line = words.map(([text, quote]) => quoteWord(text, quote)).join(" ");
    assertEquals(splitWords(line), words.map(([text]) => text));
  }));
});

Deno.test("what is quoted but not closed can be typed on", () => {
  const quote = fc.constantFrom<Quote>("", "'", '"', "$'");
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), quote, (text, quote) => {
    const { text: read, quote: open } = wordAtCursor(quoteWord(text, quote, false));
    assertEquals(read, text);
    if (!text.includes("'") && !/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(text)) assertEquals(open, quote);
  }));
});
