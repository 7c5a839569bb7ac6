/**
 * A timer that costs a short run nothing: the first `setTimeout` of a program loads Node's timers, which takes a tenth of a
 * whole one-shot command.
 *
 * @module
 */

/**
 * Does something after a while. Until then, or until it is called off, it keeps the program running.
 *
 * @param ms how long to wait, in milliseconds
 * @param work what to do
 * @returns calls it off
 */
export function after(ms: number, work: () => void): () => void {
  const signal = AbortSignal.timeout(ms);
  signal.addEventListener("abort", work);
  return () => signal.removeEventListener("abort", work);
}
