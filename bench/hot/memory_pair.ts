import type { Transport } from "../../protocol/connection.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Two ends of a connection without a network, which shows what our own code costs. */
export function memoryPair(): [Transport, Transport] {
  const there = pipe();
  const back = pipe();
  const close = () => {};
  return [
    { readable: back.readable, writable: there.writable, close },
    { readable: there.readable, writable: back.writable, close },
  ];
}

/** Copies each write into the reader's views, as a system does. */
function pipe(): { readable: ReadableStream<Bytes>; writable: WritableStream<Bytes> } {
  let chunk: Bytes = new Uint8Array(0);
  let over = false;
  let taken = Promise.withResolvers<void>();
  let wanted: PromiseWithResolvers<void> | undefined;
  const readable = new ReadableStream({
    type: "bytes",
    async pull(controller: ReadableByteStreamController) {
      if (chunk.length === 0 && !over) {
        wanted = Promise.withResolvers();
        await wanted.promise;
      }
      const request = controller.byobRequest!;
      if (chunk.length === 0) {
        controller.close();
        return request.respond(0);
      }
      const view = new Uint8Array(request.view!.buffer, request.view!.byteOffset, request.view!.byteLength);
      const count = Math.min(view.length, chunk.length);
      view.set(chunk.subarray(0, count));
      chunk = chunk.subarray(count);
      request.respond(count);
      if (chunk.length === 0) taken.resolve();
    },
  });
  const writable = new WritableStream<Bytes>({
    async write(bytes) {
      chunk = bytes;
      taken = Promise.withResolvers();
      wanted?.resolve();
      await taken.promise;
    },
    close() {
      over = true;
      wanted?.resolve();
    },
  });
  return { readable, writable };
}
