import { encodeMessage } from "../../protocol/messages.ts";
import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** The entries of a folder, one JSON object a line (PROTOCOL.md section 7.3). */
export const ls: Handler<"ls"> = async ({ storage }, { path, recursive, hidden }) => {
  const lines = encodeLines(storage.list(splitPath(path), { recursive, hidden }));
  // The first entry is fetched before the answer, so that a folder that cannot be listed is an error and no broken body.
  let line = await lines.next();
  return {
    reply: {},
    body: {
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
    },
  };
};

const NEWLINE = 0x0a;

async function* encodeLines(items: AsyncIterable<object>): AsyncGenerator<Uint8Array, undefined, undefined> {
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
