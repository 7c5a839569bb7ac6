/**
 * Doing many things at once, within bounds.
 *
 * @module
 */

/** Bounds of {@linkcode pipeline}. */
export interface PipelineLimits<T> {
  /** Most items under way. */
  count: number;
  /** Most bytes under way; one item alone may be larger. Any number by default. */
  bytes?: number;
  /** The bytes that an item has under way. */
  sizeOf?: (item: T) => number;
}

/**
 * Works on items, many at once, begun in their order.
 *
 * @param items what to work on; each is asked for when there is room for it
 * @param limits see {@linkcode PipelineLimits}
 * @param work begins synchronously where it can; what it throws ends the pipeline
 * @throws the first thing that `work`, or `items`, threw, after what was under way has ended
 *
 * @example
 * ```ts
 * import { pipeline } from "./pipeline.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const done: number[] = [];
 * await pipeline([1, 2, 3], { count: 2, bytes: 10, sizeOf: (n) => n }, async (n) => {
 *   await Promise.resolve();
 *   done.push(n);
 * });
 * assertEquals(done, [1, 2, 3]);
 * ```
 */
export async function pipeline<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { count: mostItems, bytes: mostBytes = Infinity, sizeOf = () => 0 }: PipelineLimits<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let count = 0;
  let bytes = 0;
  let failure: { error: unknown } | undefined;
  let wake = () => {};
  let room = Promise.withResolvers<void>();
  const all = Symbol.iterator in items ? items[Symbol.iterator]() : items[Symbol.asyncIterator]();
  try {
    while (!failure) {
      const step = all.next();
      // Whoever looks for the next one may wait for long: a failure ends that, too. (A race against a promise that stands for as
      // long as all of this would keep every item.)
      const next = !(step instanceof Promise) ? step : await new Promise<IteratorResult<T> | undefined>(
        (resolve, reject) => {
          wake = () => resolve(undefined);
          step.then(resolve, reject);
        },
      );
      if (!next || next.done) break;
      const item = next.value;
      const size = sizeOf(item);
      while (count > 0 && (count >= mostItems || bytes + size > mostBytes)) await room.promise;
      if (failure) break;
      count++;
      bytes += size;
      work(item).catch((error) => {
        failure ??= { error };
        wake();
      }).finally(() => {
        count--;
        bytes -= size;
        room.resolve();
        room = Promise.withResolvers();
      });
    }
  } catch (error) {
    failure ??= { error };
  }
  while (count > 0) await room.promise;
  if (!failure) return;
  Promise.resolve(all.return?.()).catch(() => {}); // it ends when it can
  throw (failure as { error: unknown }).error;
}

/**
 * Looks for the next items while the last ones are at work.
 *
 * @param items asked for one ahead
 */
export async function* ahead<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const all = items[Symbol.asyncIterator]();
  const ask = () => {
    const next = all.next();
    next.catch(() => {}); // until it is waited for
    return next;
  };
  try {
    for (let next = ask();;) {
      const { done, value } = await next;
      if (done) return;
      next = ask();
      yield value;
    }
  } finally {
    Promise.resolve(all.return?.()).catch(() => {}); // it ends when it can
  }
}

/** Where nobody takes what was found, the next is looked for after so long, in milliseconds: whoever works on the first needs us. */
const LOOK_MS = 100;

/**
 * Looks for all items while the first ones are at work.
 *
 * @param items asked for one ahead, and further ones at some distance in time; they are kept until somebody takes them
 */
export async function* allAhead<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const found: T[] = [];
  let isOver = false;
  let onNews = () => {};
  let onTaken = () => {};
  const look = async () => {
    try {
      for await (const item of items) {
        if (isOver) return; // nobody takes them any more
        found.push(item);
        onNews();
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, LOOK_MS);
          onTaken = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    } finally {
      isOver = true;
      onNews();
    }
  };
  const looking = look();
  looking.catch(() => {}); // until it is waited for
  try {
    for (;;) {
      while (found.length === 0 && !isOver) await new Promise<void>((resolve) => onNews = resolve);
      const item = found.shift();
      if (item === undefined) break;
      onTaken();
      yield item;
    }
  } finally {
    isOver = true;
    onTaken();
  }
  await looking; // what it threw comes behind what it had found
}
