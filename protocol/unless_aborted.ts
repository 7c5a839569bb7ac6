/**
 * Waiting that somebody may end.
 *
 * @module
 */

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
