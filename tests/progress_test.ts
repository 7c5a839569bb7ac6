import { stripAnsiCode } from "@std/fmt/colors";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import stringWidth from "string-width";
import { type Progress, progressLine, RecentRate } from "../client/shell/progress.ts";

function line(progress: Progress, columns: number): string {
  return stripAnsiCode(progressLine(progress, columns, stringWidth));
}

const MiB = 1024 * 1024;
const some = { name: "photo.jpg", done: 10 * MiB, total: 40 * MiB, rate: 2 * MiB };

Deno.test("a progress line shows bar, percent, bytes, rate and time left", () => {
  assertEquals(
    line(some, 120),
    "photo.jpg  [==========>                             ]  25%  10.0 MiB/40.0 MiB  2.0 MiB/s  ETA 0:15",
  );
});

Deno.test("a progress line leaves out what does not fit", () => {
  assertEquals(line(some, 60), "photo.jpg  25%  10.0 MiB/40.0 MiB  2.0 MiB/s  ETA 0:15");
  assertEquals(line(some, 45), "photo.jpg  25%  10.0 MiB/40.0 MiB  2.0 MiB/s");
  assertEquals(line(some, 33), "photo.jpg  25%  10.0 MiB/40.0 MiB");
  assertEquals(line(some, 32), "phot…jpg  25%  10.0 MiB/40.0 MiB");
  assertEquals(line(some, 13), "phot…jpg  25%");
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.nat(),
      fc.option(fc.nat(), { nil: undefined }),
      fc.nat(),
      fc.nat(200),
      (name, done, total, rate, columns) => {
        const text = line({ name, done, total, rate }, columns);
        assert(stringWidth(text) <= columns, text);
      },
    ),
  );
});

Deno.test("a progress line of unknown length has no bar", () => {
  assertEquals(line({ ...some, total: undefined }, 80), "photo.jpg  10.0 MiB  2.0 MiB/s");
});

Deno.test("a progress line knows no more than all of it", () => {
  const more = line({ ...some, done: 50 * MiB }, 120);
  assert(/\] 100%.*ETA 0:00$/.test(more), more);
  assert(line({ ...some, rate: 0 }, 120).endsWith("ETA --:--"));
  assert(line({ ...some, done: 0, total: 0 }, 120).includes("100%"));
});

Deno.test("the rate is that of the last seconds", () => {
  const rate = new RecentRate(0);
  assertEquals(rate.at(1000, 1000), 1000);
  for (let second = 2; second <= 10; second++) rate.at(second * 1000, 1000 + (second - 1) * 5000);
  assertEquals(rate.at(11_000, 51_000), 5000);
  for (let second = 12; second <= 15; second++) rate.at(second * 1000, 51_000);
  assertEquals(rate.at(16_000, 51_000), 0);
});
