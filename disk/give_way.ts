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

let round: { readonly began: number; readonly over: Promise<void> } | undefined;

/** To be awaited between two of many things. Returns at once, unless the event loop has not come round for some time. */
export async function giveWay(): Promise<void> {
  if (round === undefined) {
    const over = comeRound();
    round = { began: performance.now(), over };
    over.then(() => round = undefined);
  } else if (performance.now() - round.began > ROUND_MS) {
    await round.over;
  }
}

/**
 * Lets the event loop come round once. Not by `setImmediate`, which comes before the sockets are looked at again, nor by a
 * timer, the shortest of which is a millisecond: another thread looks at something that is always there, which takes a
 * twentieth of that.
 */
export async function comeRound(): Promise<void> {
  await Deno.lstat("/");
}
