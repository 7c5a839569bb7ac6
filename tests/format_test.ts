import { assert, assertEquals, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import { bytes, elapsed, fileSize, printable, rate, time } from "../client/format.ts";
import { preview } from "../client/preview.ts";

const MiB = 1024 * 1024;

Deno.test("fileSize has enough digits for any file", () => {
  assertEquals(fileSize(0), "0.00 MB (0 bytes)");
  assertEquals(fileSize(1), "0.00000095 MB (1 byte)");
  assertEquals(fileSize(5), "0.0000048 MB (5 bytes)");
  assertEquals(fileSize(1024), "0.00098 MB (1024 bytes)");
  assertEquals(fileSize(100 * 1024), "0.098 MB (102400 bytes)");
  assertEquals(fileSize(MiB), "1.00 MB (1048576 bytes)");
  assertEquals(fileSize(1572864), "1.50 MB (1572864 bytes)");
  assertEquals(fileSize(5 * 1024 * MiB), "5120.00 MB (5368709120 bytes)");
  fc.assert(fc.property(fc.maxSafeNat(), (size) => {
    assert(size === 0 || Number.parseFloat(fileSize(size)) > 0);
  }));
});

Deno.test("bytes changes its unit at the right place", () => {
  assertEquals([0, 1, 1023].map(bytes), ["0 B", "1 B", "1023 B"]);
  assertEquals([1024, 1536, 1023.9 * 1024].map(bytes), ["1.0 KiB", "1.5 KiB", "1023.9 KiB"]);
  assertEquals([1023.99 * 1024, MiB, 1500 * MiB].map(bytes), ["1.0 MiB", "1.0 MiB", "1.5 GiB"]);
  assertEquals(bytes(Number.MAX_SAFE_INTEGER), "8.0 PiB");
});

Deno.test("rate and elapsed take any time", () => {
  assertEquals(rate(MiB, 1000), "1.0 MiB/s");
  assertEquals(rate(0, 0), "0 B/s");
  assertNotMatch(rate(5, 0), /Infinity|NaN/);
  assertEquals([0, 999, 999.9, 1000, 59_900].map(elapsed), ["0 ms", "999 ms", "1.0 s", "1.0 s", "59.9 s"]);
  assertEquals([59_999, 125_000, 3_599_900, 3_600_000].map(elapsed), ["1m 0s", "2m 5s", "1h 0m", "1h 0m"]);
});

Deno.test("time is local, to the minute", () => {
  assertEquals(time(new Date(2026, 0, 2, 3, 4, 59).getTime()), "2026-01-02 03:04");
  assertEquals(time(1e300).trim(), "?");
});

Deno.test("nothing printable returns can move a cursor, ring a bell or turn text around", () => {
  assertEquals(
    printable("a\x1b[2Jb\x07\r\n\x9b1m\u2028\u200e\u{e0041}"),
    "a\\x1b[2Jb\\x07\\r\\n\\x9b1m\\u2028\\u200e\\u{e0041}",
  );
  assertEquals(printable("half \ud83d"), "half \\ud83d");
  assertEquals(printable("日本語 🧑‍🚀 é"), "日本語 🧑‍🚀 é");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => {
    assertNotMatch(printable(name), /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
  }));
});

async function previewed(text: string | Uint8Array, { size, rows = 24, columns = 20 }: {
  size?: number;
  rows?: number;
  columns?: number;
} = {}) {
  const head = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return await preview(head, size ?? head.length, rows, columns);
}

Deno.test("preview shows a screenful of text and says how much more there is", async () => {
  assertEquals(await previewed(""), { lines: [] });
  assertEquals(await previewed("one\r\ntwo"), { lines: ["one", "two"] });
  assertEquals(await previewed("1\n2\n3\n4\n5\n", { rows: 5 }), { lines: ["1", "2", "3"], more: "2 more lines, 4 B" });
  assertEquals(await previewed("1\n2\n", { size: 5000 }), { lines: ["1", "2"], more: "4.9 KiB more" });
  assertEquals(await previewed("1\n2\n3\n", { rows: 0 }), { lines: ["1"], more: "2 more lines, 4 B" });
});

Deno.test("preview cuts long lines by the width that they have on a terminal", async () => {
  assertEquals(await previewed("x".repeat(20)), { lines: ["x".repeat(20)] });
  assertEquals(await previewed("x".repeat(30)), { lines: ["x".repeat(19) + "…"], more: "11 B more" });
  assertEquals(await previewed("日".repeat(15)), { lines: ["日".repeat(9) + "…"], more: "18 B more" });
  assertEquals(await previewed("a\tb\tcd", { columns: 9 }), { lines: ["a       …"], more: "4 B more" });
});

Deno.test("preview makes control characters visible", async () => {
  const log = "a line of a log with \x1b[31mcolor\x1b[0m\n";
  assertEquals((await previewed(log, { columns: 80 }))?.lines, ["a line of a log with \\x1b[31mcolor\\x1b[0m"]);
});

Deno.test("preview tells text from other files", async () => {
  assertEquals(await previewed(new Uint8Array([0x89, 0x50, 0x4e, 0x47])), undefined);
  assertEquals(await previewed("text\0text"), undefined);
  assertEquals(await previewed("\x01\x02\x03\x04abcdef"), undefined);
  // A character that the end of the head cuts in two is no reason to call it binary; at the end of the file it is.
  const cut = new TextEncoder().encode("Grüße").subarray(0, 3);
  assertEquals((await previewed(cut, { size: 100 }))?.lines, ["Gr"]);
  assertEquals(await previewed(cut), undefined);
});
