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

/**
 * Waits for something, unless nobody wants it any more.
 *
 * @param promise what is waited for; goes on all the same
 * @param signal ends the waiting
 * @returns what it resolves to
 * @throws what the signal says, or what the promise rejects with
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => {});
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
