/**
 * Doing many things at once, within bounds.
 *
 * @module
 */

/** Bounds of {@linkcode pipeline}. */
export interface PipelineLimits {
  /** Most items under way. */
  count: number;
  /** Most bytes under way; one item alone may be larger. */
  bytes: number;
}

/**
 * Works on items, many at once, begun in their order.
 *
 * @param items what to work on
 * @param sizeOf the bytes that an item has under way
 * @param limits see {@linkcode PipelineLimits}
 * @param work begins synchronously where it can; what it throws ends the pipeline
 * @throws the first thing that `work` threw, after what was under way has ended
 *
 * @example
 * ```ts
 * import { pipeline } from "./pipeline.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const done: number[] = [];
 * await pipeline([1, 2, 3], (n) => n, { count: 2, bytes: 10 }, async (n) => {
 *   await Promise.resolve();
 *   done.push(n);
 * });
 * assertEquals(done, [1, 2, 3]);
 * ```
 */
export async function pipeline<T>(
  items: Iterable<T>,
  sizeOf: (item: T) => number,
  limits: PipelineLimits,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let count = 0;
  let bytes = 0;
  let failure: { error: unknown } | undefined;
  let room = Promise.withResolvers<void>();
  for (const item of items) {
    const size = sizeOf(item);
    while (count > 0 && (count >= limits.count || bytes + size > limits.bytes)) await room.promise;
    if (failure) break;
    count++;
    bytes += size;
    work(item).catch((error) => {
      failure ??= { error };
    }).finally(() => {
      count--;
      bytes -= size;
      room.resolve();
      room = Promise.withResolvers();
    });
  }
  while (count > 0) await room.promise;
  if (failure) throw failure.error;
}
