/**
 * Sizes, times and names as people read them. Nothing here prints anything.
 *
 * @module
 */

const MEGABYTE = 1024 * 1024;
/** Not by `@std/fmt/bytes`, which loads the system's locale for a fixed number of digits: 13 ms of a run's start. */
const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/**
 * A size in megabytes and in bytes, with as many digits as a small file needs. 1 MB is 1024 * 1024 bytes.
 *
 * @param size in bytes
 *
 * @example
 * ```ts
 * import { fileSize } from "./format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fileSize(1572864), "1.50 MB (1572864 bytes)");
 * assertEquals(fileSize(5), "0.0000048 MB (5 bytes)");
 * assertEquals(fileSize(0), "0.00 MB (0 bytes)");
 * ```
 */
export function fileSize(size: number): string {
  const megabytes = size / MEGABYTE;
  // Two digits after the point, or where these would be a poor reading, two that count.
  const digits = megabytes === 0 || megabytes >= 0.1 ? 2 : 1 - Math.floor(Math.log10(megabytes));
  return `${megabytes.toFixed(digits)} MB (${inBytes(size)})`;
}

/**
 * A size in a few characters.
 *
 * @param size in bytes
 *
 * @example
 * ```ts
 * import { bytes } from "./format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(bytes(1572864), "1.5 MiB");
 * assertEquals(bytes(1023), "1023 B");
 * ```
 */
export function bytes(size: number): string {
  if (size < 1024) return `${Math.round(size)} B`;
  let unit = 0;
  // 1023.96 KiB would be written "1024.0 KiB".
  for (; size >= 1023.95 && unit < UNITS.length; unit++) size /= 1024;
  return `${size.toFixed(1)} ${UNITS[unit - 1]}`;
}

/**
 * A size in a few characters and in bytes.
 *
 * @param size in bytes
 *
 * @example
 * ```ts
 * import { exactBytes } from "./format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(exactBytes(1572864), "1.5 MiB (1572864 bytes)");
 * assertEquals(exactBytes(1), "1 byte");
 * ```
 */
export function exactBytes(size: number): string {
  return size < 1024 ? inBytes(size) : `${bytes(size)} (${inBytes(size)})`;
}

function inBytes(size: number): string {
  return `${size} ${size === 1 ? "byte" : "bytes"}`;
}

/**
 * A transfer rate.
 *
 * @param size bytes moved
 * @param ms milliseconds that it took
 *
 * @example
 * ```ts
 * import { rate } from "./format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rate(10 * 1024 * 1024, 2000), "5.0 MiB/s");
 * ```
 */
export function rate(size: number, ms: number): string {
  // Nothing is measured better than to a microsecond; and no division by zero.
  return `${bytes(size / Math.max(ms, 0.001) * 1000)}/s`;
}

/**
 * How a transfer went.
 *
 * @param size bytes of the file
 * @param resumed of these, how many an earlier attempt had moved
 * @param ms milliseconds that it took
 *
 * @example
 * ```ts
 * import { summary } from "./format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const MIB = 1024 * 1024;
 * assertEquals(summary(10 * MIB, 0, 2000), "10.0 MiB in 2.0 s, 5.0 MiB/s");
 * assertEquals(summary(10 * MIB, 8 * MIB, 2000), "10.0 MiB in 2.0 s, 1.0 MiB/s; 8.0 MiB of it were there already");
 * ```
 */
export function summary(size: number, resumed: number, ms: number): string {
  const there = resumed > 0 ? `; ${bytes(resumed)} of it were there already` : "";
  return `${bytes(size)} in ${elapsed(ms)}, ${rate(size - resumed, ms)}${there}`;
}

/**
 * A duration in a few characters.
 *
 * @param ms milliseconds
 *
 * @example
 * ```ts
 * import { elapsed } from "./format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(elapsed(12.3), "12 ms");
 * assertEquals(elapsed(3400), "3.4 s");
 * assertEquals(elapsed(125_000), "2m 5s");
 * assertEquals(elapsed(7_260_000), "2h 1m");
 * ```
 */
export function elapsed(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/**
 * A point in time to the minute, in local time.
 *
 * @param ms milliseconds since 1970
 *
 * @example
 * ```ts
 * import { time } from "./format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(time(new Date(2026, 10, 22, 17, 4).getTime()), "2026-11-22 17:04");
 * ```
 */
export function time(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "?".padEnd(16);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/**
 * All that a terminal could take for something else than text: control characters (Cc), formatting such as the marks
 * that turn the direction of writing around (Cf), line and paragraph separators (Zl, Zp), and halves of characters (Cs).
 * The joiners U+200C and U+200D and the soft hyphen are harmless parts of words and emoji.
 */
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\p{Zl}\p{Zp}\p{Cs}]|(?![\u00ad\u200c\u200d])\p{Cf}/gu;

const SHORT_ESCAPES: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A name as a terminal may see it: what is not plain text comes escaped, never raw.
 *
 * @param name from anywhere
 *
 * @example
 * ```ts
 * import { printable } from "./format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printable("a\nb\x1b[31m\u202e.txt"), "a\\nb\\x1b[31m\\u202e.txt");
 * assertEquals(printable("Grüße 🙂"), "Grüße 🙂");
 * ```
 */
export function printable(name: string): string {
  return name.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!;
    if (code > 0xffff) return `\\u{${code.toString(16)}}`;
    return SHORT_ESCAPES[character] ??
      (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`);
  });
}
