import { ExactReader } from "../../protocol/exact_reader.ts";

const BYTES = 4 * 1024 * 1024;

/** A source that fills whatever view it is given. */
function endless(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = controller.byobRequest!;
      request.respond(request.view!.byteLength);
    },
  });
}

for (const size of [8, 1024, 64 * 1024, 256 * 1024 + 8]) {
  Deno.bench(`exact reader: 4 MiB in reads of ${size} bytes`, async () => {
    const reader = new ExactReader(endless());
    for (let read = 0; read < BYTES; read += size) await reader.read(size);
    await reader.cancel();
  });
}
