/**
 * A proxy that delays: `delay.ts LISTEN TARGET DELAY_MS BITS_A_SECOND QUEUE_BYTES PORT...` listens on some ports of one
 * address and passes everything on to the same ports of another one, as a link of this delay and rate would.
 *
 * @module
 */

/** Bytes travel in pieces of this size at most, so that connections share the link evenly. */
const PIECE_BYTES = 16 * 1024;

const [listen, target, ...numbers] = Deno.args;
const [delay, rate, queueBytes, ...ports] = numbers.map(Number);

/** One direction of the link, shared by all connections. Times are in milliseconds of `performance.now()`. */
class Lane {
  #free = 0;

  /** When a piece that is sent now has arrived. */
  arrival(bytes: number): number {
    this.#free = Math.max(this.#free, performance.now()) + bytes * 8000 / rate;
    return this.#free + delay;
  }

  /** Waits until the queue has room. */
  async room(): Promise<void> {
    await until(this.#free - queueBytes * 8000 / rate);
  }
}

const up = new Lane();
const down = new Lane();

async function until(time: number): Promise<void> {
  const wait = time - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}

/** Passes on what comes, each piece at its time, and then the end. */
async function pump(from: Deno.TcpConn, to: Promise<Deno.TcpConn>, lane: Lane): Promise<void> {
  let arrived: Promise<void> = to.then(() => {});
  let failed = false;
  const deliver = (time: number, work: (conn: Deno.TcpConn) => Promise<unknown>) => {
    arrived = arrived.then(async () => {
      await until(time);
      await work(await to);
    });
    arrived.catch(() => failed = true);
  };
  for (;;) {
    await lane.room();
    const piece = new Uint8Array(PIECE_BYTES);
    const count = await from.read(piece);
    if (failed) break;
    if (count === null) {
      deliver(lane.arrival(0), (conn) => conn.closeWrite());
      break;
    }
    deliver(lane.arrival(count), async (conn) => {
      for (let sent = 0; sent < count;) sent += await conn.write(piece.subarray(sent, count));
    });
  }
  await arrived;
}

async function join(client: Deno.TcpConn, port: number): Promise<void> {
  client.setNoDelay(true);
  const asked = performance.now();
  // The client's first word leaves when the server has agreed to talk, and that agreement needs to be heard there as well.
  const server = until(asked + 3 * delay).then(() => Deno.connect({ hostname: target, port }));
  server.then((conn) => conn.setNoDelay(true), () => {});
  const both = await Promise.allSettled([
    until(asked + 2 * delay).then(() => pump(client, server, up)),
    server.then((conn) => pump(conn, Promise.resolve(client), down)),
  ]);
  if (both.some(({ status }) => status === "rejected")) close(client);
  close(client);
  await server.then(close, () => {});
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch { /* closed already */ }
}

for (const port of ports) {
  const listener = Deno.listen({ hostname: listen, port });
  (async () => {
    for (;;) {
      try {
        join(await listener.accept(), port);
      } catch { /* it was gone at once */ }
    }
  })();
}
console.log("listening");
