import { Connection, type Transport } from "../../protocol/connection.ts";
import { FrameKind } from "../../protocol/frame.ts";
import { IncomingBody } from "../../protocol/incoming_body.ts";
import { decodeMessage } from "../../protocol/message_codec.ts";
import { BODY_WINDOW_BYTES, bodyEnd } from "../../protocol/messages.ts";
import { type ByteSource, sendBody } from "../../protocol/send_body.ts";
import { memoryPair } from "./memory_pair.ts";

const BYTES = 64 * 1024 * 1024;

/** Bytes that cost nothing to read. */
function zeros(size: number): ByteSource {
  let left = size;
  return {
    size,
    read(into) {
      const count = Math.min(left, into.length);
      left -= count;
      return count;
    },
  };
}

async function receive(connection: Connection): Promise<void> {
  const body = new IncomingBody({ left: BODY_WINDOW_BYTES });
  const consumed = (async () => {
    while (await body.read() !== null);
  })();
  while (!body.ended) {
    const frame = await connection.readFrame();
    if (frame?.kind === FrameKind.DATA) await body.push(frame.payload);
    else body.end(decodeMessage(bodyEnd, frame!.payload, "END"));
  }
  await consumed;
}

async function tcpPair(): Promise<[Transport, Transport]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [one, other] = await Promise.all([Deno.connect({ port: listener.addr.port }), listener.accept()]);
  return [one, other];
}

for (const [name, pair] of [["memory", memoryPair], ["loopback TCP", tcpPair]] as const) {
  Deno.bench(`body of 64 MiB over ${name}`, { group: "body" }, async (bench) => {
    const [one, other] = await pair();
    const sender = new Connection(one);
    const receiver = new Connection(other);
    bench.start();
    await Promise.all([sendBody(sender, 1, zeros(BYTES)), receive(receiver)]);
    bench.end();
    sender.close();
    receiver.close();
  });

  Deno.bench(`1,000 round trips of 64 bytes over ${name}`, { group: "round trips" }, async (bench) => {
    const [one, other] = await pair();
    const asking = new Connection(one);
    const answering = new Connection(other);
    const payload = new Uint8Array(64);
    let left = 1000;
    bench.start();
    const answers = (async () => {
      for (let frame = await answering.readFrame(); frame; frame = await answering.readFrame()) {
        answering.writeFrame(FrameKind.PONG, 0, frame.payload);
        if (--left === 0) break;
      }
    })();
    for (let trip = 0; trip < 1000; trip++) {
      asking.writeFrame(FrameKind.PING, 0, payload);
      await asking.readFrame();
    }
    await answers;
    bench.end();
    asking.close();
    answering.close();
  });
}
