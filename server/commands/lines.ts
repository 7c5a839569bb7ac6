/**
 * Bodies of text: one JSON object a line.
 *
 * @module
 */

import { encodeLines } from "../../protocol/message_codec.ts";
import type { OutgoingBody } from "./handler.ts";

/** For so long, in milliseconds, lines are gathered before they go out. */
const GATHER_MS = 2;

/**
 * A body of lines.
 *
 * @param messages some at a time, one a line. The first are fetched at once, so that what cannot even begin is an error and no
 * broken body
 */
export async function linesOf(
  messages: AsyncIterable<object[]> | Iterable<object[]>,
): Promise<OutgoingBody> {
  const parts = encode(messages);
  let rest = (await parts.next()).value;
  let failure: { error: unknown } | undefined;
  return {
    async read(into) {
      const began = performance.now();
      let used = 0;
      // What comes at once goes out together: a frame of its own costs both sides more than a folder of a hundred names.
      while (used < into.length && (used === 0 || performance.now() - began < GATHER_MS)) {
        if (failure) throw failure.error;
        try {
          if (rest?.length === 0) rest = (await parts.next()).value;
        } catch (error) {
          failure = { error };
          if (used === 0) throw error;
          break; // first what came before it
        }
        if (rest === undefined) break;
        const count = Math.min(rest.length, into.length - used);
        into.set(rest.subarray(0, count), used);
        rest = rest.subarray(count);
        used += count;
      }
      return used;
    },
    close: async () => {
      await parts.return(undefined);
    },
  };
}

async function* encode(
  messages: AsyncIterable<object[]> | Iterable<object[]>,
): AsyncGenerator<Uint8Array, undefined, undefined> {
  for await (const some of messages) {
    // Nothing would be taken for the end.
    if (some.length > 0) yield encodeLines(some);
  }
}
