/**
 * Waits for a promise, but not for ever: a test of something that must not hang would otherwise hang itself.
 *
 * @param promise what must settle
 * @param what for the error
 * @param ms how long to wait, in milliseconds
 * @returns what the promise resolves to
 * @throws {Error} when it does not settle in time
 */
export async function inTime<T>(promise: Promise<T>, what: string, ms = 20_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs: nothing for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Lets everything run that is ready to run.
 *
 * @returns resolves after a turn of the event loop
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Whether a promise has settled by now, everything having run that was ready to run.
 *
 * @param promise any
 */
export async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(() => done = true, () => done = true);
  await turn();
  return done;
}
