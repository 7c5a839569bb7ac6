/**
 * Letting others have their turn.
 *
 * What is ready at once goes on without the event loop coming round: synchronous file calls, frames that have arrived
 * already, and awaiting any of that. A thousand small things in a row would keep every other client waiting for all of them.
 *
 * @module
 */

/** How long the event loop may not come round, in milliseconds. */
const ROUND_MS = 2;

/** The event loop is looked after once in so many milliseconds at the most: that costs. */
const REST_MS = 1;

let round: { readonly began: number; readonly over: Promise<void> } | undefined;
let lastOver = 0;

/** To be awaited between two of many things. Returns at once, unless the event loop has not come round for some time. */
export async function giveWay(): Promise<void> {
  const now = performance.now();
  if (round !== undefined) {
    if (now - round.began > ROUND_MS) await round.over;
  } else if (now - lastOver > REST_MS) {
    const over = comeRound();
    round = { began: now, over };
    over.then(() => {
      round = undefined;
      lastOver = performance.now();
    });
  }
}

/** Waits for what {@linkcode giveWay} may have begun and nobody waits for: a test is to leave nothing behind. */
export async function wayGiven(): Promise<void> {
  await round?.over;
}

/**
 * Lets the event loop come round once. Not by `setImmediate`, which comes before the sockets are looked at again, nor by a
 * timer, the shortest of which is a millisecond: another thread looks at something that is always there, which takes a
 * twentieth of that.
 */
export async function comeRound(): Promise<void> {
  await Deno.lstat("/");
}
