import { benchFile } from "../programs.ts";
import { showRate, showSeconds } from "../harness/units.ts";
import type { Scenario } from "../scenario.ts";

/** What `deno bench --json` prints, as far as it matters here. */
interface BenchOutput {
  benches: { name: string; results: { ok?: { n: number; min: number; p75: number; avg: number } }[] }[];
}

/** The hot code by itself: `deno bench bench/hot` shows the same in more detail. */
export const frames: Scenario = {
  name: "frames",
  summary: "the hot code by itself: frames, the exact reader, bodies",
  async run() {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bench", "--quiet", "--json", "-A", "--no-check", benchFile("hot/")],
      stdin: "null",
      env: { NO_COLOR: "1" },
    }).output();
    if (!success) throw new Error(`deno bench failed: ${new TextDecoder().decode(stderr).slice(-500)}`);
    const { benches } = JSON.parse(new TextDecoder().decode(stdout)) as BenchOutput;
    const notes: string[] = [];
    const rows = benches.flatMap(({ name, results: [{ ok }] }) => {
      if (!ok) return notes.push(`${name} failed.`), [];
      const mib = Number(/(\d+) MiB/.exec(name)?.[1] ?? 0);
      const rate = mib > 0 ? showRate(mib * 2 ** 20, ok.avg / 1e9) : "";
      return [[name, showTime(ok.avg), showTime(ok.min), showTime(ok.p75), rate]];
    });
    return {
      tables: [{ title: "One round each", head: ["", "mean", "fastest", "75 % below", "rate"], rows }],
      notes,
      data: benches,
      failed: notes.length > 0,
    };
  },
};

/** @param ns nanoseconds */
function showTime(ns: number): string {
  return ns < 1000 ? `${ns.toFixed(0)} ns` : ns < 1e6 ? `${(ns / 1000).toFixed(1)} µs` : showSeconds(ns / 1e9);
}
