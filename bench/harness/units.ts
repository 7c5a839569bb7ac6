/**
 * Sizes, and how figures are written.
 *
 * @module
 */

/** 1024 bytes. */
export const KIB = 1024;
/** 1024 KiB. */
export const MIB = 1024 * KIB;
/** 1024 MiB. */
export const GIB = 1024 * MIB;

/** Bytes a second, such as `1.42 GB/s`. */
export function showRate(bytes: number, seconds: number): string {
  const rate = bytes / seconds;
  return rate >= 1e8 ? `${(rate / 1e9).toFixed(2)} GB/s` : `${(rate / 1e6).toFixed(1)} MB/s`;
}

/** A duration, such as `1.42 s` or `37 ms`. */
export function showSeconds(seconds: number): string {
  return seconds >= 1 ? `${seconds.toFixed(2)} s` : `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
}

/** An amount of data, such as `64 MiB`. */
export function showBytes(bytes: number): string {
  for (const [unit, name] of [[GIB, "GiB"], [MIB, "MiB"], [KIB, "KiB"]] as const) {
    if (bytes >= unit) return `${Number((bytes / unit).toFixed(bytes >= 10 * unit ? 0 : 1))} ${name}`;
  }
  return `${bytes} B`;
}

/** A factor, such as `1.42x`. */
export function showRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)}x` : "";
}

/** A count with its thousands apart. */
export function showCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}
