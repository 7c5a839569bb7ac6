/**
 * Bodies of text: one JSON object a line.
 *
 * @module
 */

import { encodeLines } from "../../protocol/messages.ts";
import type { Outcome } from "./handler.ts";

/**
 * A body of lines.
 *
 * @param messages some at a time, one a line. The first are fetched at once, so that what cannot even begin is an error and no
 * broken body
 */
export async function linesOf(
  messages: AsyncIterable<object[]> | Iterable<object[]>,
): Promise<Outcome<"ls">["body"]> {
  const parts = encode(messages);
  let rest = (await parts.next()).value;
  return {
    async read(into) {
      if (rest?.length === 0) rest = (await parts.next()).value;
      if (rest === undefined) return 0;
      const used = Math.min(rest.length, into.length);
      into.set(rest.subarray(0, used));
      rest = rest.subarray(used);
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
