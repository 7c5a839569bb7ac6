import { assertEquals } from "@std/assert";
import { Pace } from "../disk/pace.ts";

/** How many asynchronous calls come before the next synchronous one. */
function pause(pace: Pace): number {
  for (let calls = 0;; calls++) if (pace.next()) return calls;
}

Deno.test("calls are synchronous while they are quick", () => {
  const pace = new Pace();
  for (let call = 0; call < 100; call++) {
    assertEquals(pace.next(), true);
    pace.took(19);
  }
});

Deno.test("each stall is followed by twice as many asynchronous calls as the last one, up to a limit", () => {
  const pace = new Pace();
  assertEquals(
    Array.from({ length: 10 }, () => {
      pace.took(21);
      return pause(pace);
    }),
    [8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024],
  );
});
