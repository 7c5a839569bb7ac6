/**
 * What the system knows of other processes (Linux: /proc).
 *
 * @module
 */

/** Clock ticks a second in /proc; the same on every Linux that Deno runs on. */
const TICKS = 100;

/** The largest resident memory of a process so far, in bytes; 0 when it is gone. */
export function peakMemory(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Starts the measure of {@linkcode peakMemory} afresh. */
export function resetPeakMemory(pid: number): void {
  try {
    Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch { /* not ours to reset: the peak then counts from its start */ }
}

/** Processor time in seconds that this process and all of its ended and running descendants have used. */
export function processorTime(): number {
  const children = new Map<number, number[]>();
  const ticks = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
      const pid = Number(name);
      children.set(fields[1], [...children.get(fields[1]) ?? [], pid]);
      // utime and stime of its own; cutime and cstime of those it has waited for.
      ticks.set(pid, fields[11] + fields[12] + fields[13] + fields[14]);
    } catch { /* it has ended meanwhile */ }
  }
  const sum = (pid: number): number =>
    (children.get(pid) ?? []).reduce((all, child) => all + sum(child), ticks.get(pid) ?? 0);
  return sum(Deno.pid) / TICKS;
}

/** Processor time in seconds that everybody together has used since the machine started, waiting not counted. */
export function busyTime(): number {
  const line = Deno.readTextFileSync("/proc/stat").split("\n", 1)[0];
  const [user, nice, system, _idle, _waiting, irq, softirq, steal] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS;
}
