/**
 * The few statistics that a comparison needs.
 *
 * @module
 */

/** The middle of some numbers: unlike a mean it does not care about one run that was disturbed. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * By how much one contender is faster than another: the median of the ratios of the runs that followed each other.
 *
 * The load of a machine drifts over minutes. Runs of one round see nearly the same machine, so their ratio holds even
 * where the medians of both sides would not.
 *
 * @param seconds of the contender, one value a round
 * @param against of the other one, in the same rounds
 * @returns above 1 when the contender is the faster one
 */
export function speedup(seconds: readonly number[], against: readonly number[]): number {
  return median(seconds.map((value, round) => against[round] / value));
}
