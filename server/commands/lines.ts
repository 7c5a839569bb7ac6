/**
 * Bodies of text: one JSON object a line.
 *
 * @module
 */

import { encodeMessage } from "../../protocol/messages.ts";
import type { Outcome } from "./handler.ts";

const NEWLINE = 0x0a;

/**
 * A body of lines.
 *
 * @param items one a line. The first is fetched at once, so that what cannot even begin is an error and no broken body
 */
export async function linesOf(items: AsyncIterable<object> | Iterable<object>): Promise<Outcome<"ls">["body"]> {
  const lines = encodeLines(items);
  let line = await lines.next();
  return {
    async read(into) {
      let used = 0;
      while (!line.done) {
        const { read, rest } = put(line.value, into.subarray(used));
        used += read;
        if (rest.length > 0) {
          line.value = rest;
          break;
        }
        line = await lines.next();
      }
      return used;
    },
    close: async () => {
      await lines.return(undefined);
    },
  };
}

async function* encodeLines(
  items: AsyncIterable<object> | Iterable<object>,
): AsyncGenerator<Uint8Array, undefined, undefined> {
  for await (const item of items) {
    const json = encodeMessage(item);
    const line = new Uint8Array(json.length + 1);
    line.set(json);
    line[json.length] = NEWLINE;
    yield line;
  }
}

/** Copies as much of a line as there is room for. */
function put(line: Uint8Array, into: Uint8Array): { read: number; rest: Uint8Array } {
  const read = Math.min(line.length, into.length);
  into.set(line.subarray(0, read));
  return { read, rest: line.subarray(read) };
}
