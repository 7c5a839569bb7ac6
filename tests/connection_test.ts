/** A connection: the same frames however the bytes are cut, few writes however many frames, one error for every loss. */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Connection, type Transport } from "../protocol/connection.ts";
import { ConnectionLostError, ProtocolError, TruncatedError } from "../protocol/errors.ts";
import { decodeHeader, encodeFrame, FrameKind, HEADER_BYTES, MAX_DATA_BYTES, PREAMBLE } from "../protocol/frame.ts";
import { type AnyFrame, concat, encodeAll, frames } from "./support/frames.ts";
import { incoming, memoryPair } from "./support/memory_transport.ts";
import { until } from "./support/until.ts";
import { inTime, settled, turn } from "./support/watchdog.ts";

/** A transport that takes a write only when the test says so. */
class SlowTransport implements Transport {
  readonly readable = new ReadableStream<Uint8Array<ArrayBuffer>>({ type: "bytes" });
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  /** What was written, taken or not. */
  readonly writes: Uint8Array<ArrayBuffer>[] = [];
  closed = false;
  #taken = Promise.withResolvers<void>();

  constructor() {
    this.writable = new WritableStream({
      write: (chunk) => {
        this.writes.push(chunk);
        return this.#taken.promise;
      },
    });
  }

  /** Takes the write under way, and lets follow what follows. */
  async take(): Promise<void> {
    this.#taken.resolve();
    this.#taken = Promise.withResolvers();
    await turn();
  }

  /** Fails the write under way. */
  async break(error: unknown): Promise<void> {
    this.#taken.reject(error);
    await turn();
  }

  close(): void {
    this.closed = true;
  }
}

function ping(payload: number): AnyFrame {
  return { kind: FrameKind.PING, id: 0, flags: 0, payload: new Uint8Array([payload]) };
}

function write(connection: Connection, { kind, id, payload, flags }: AnyFrame): Promise<void> {
  return connection.writeFrame(kind, id, payload, flags);
}

async function readAll(connection: Connection): Promise<AnyFrame[]> {
  const all: AnyFrame[] = [];
  for (;;) {
    const frame = await inTime(connection.readFrame(), "readFrame");
    if (frame === null) return all;
    const { kind, id, flags, payload } = frame;
    assertEquals(frame.length, payload.length);
    all.push({ kind, id, flags, payload: payload.slice() });
  }
}

Deno.test("any cutting of the stream of bytes gives the same frames", async () => {
  const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 100_000 })), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(frames(), { maxLength: 12 }), cuts, async (sent, cuts) => {
      let at = 0;
      const transport = incoming(encodeAll(sent), () => cuts[at++ % cuts.length]);
      assertEquals(await readAll(new Connection(transport)), sent);
    }),
    { numRuns: 200 },
  );
});

Deno.test("what one end writes the other end reads, in both directions at once", async () => {
  const some = fc.array(frames(), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(some, some, async (one, two) => {
      const [left, right] = memoryPair({ cut: (available) => Math.ceil(available / 3), capacity: 10_000 });
      const [a, b] = [new Connection(left), new Connection(right)];
      const send = async (connection: Connection, all: AnyFrame[]) => {
        for (const frame of all) write(connection, frame);
        await connection.closeWrite();
      };
      const [, , atB, atA] = await Promise.all([send(a, one), send(b, two), readAll(b), readAll(a)]);
      assertEquals([atB, atA], [one, two]);
    }),
    { numRuns: 100 },
  );
});

Deno.test("a stream that ends inside a frame is truncated, wherever it ends", async () => {
  const bytes = encodeAll([ping(1), { kind: FrameKind.DATA, id: 1, flags: 0, payload: new Uint8Array(20) }]);
  const boundaries = [0, HEADER_BYTES + 1, bytes.length];
  for (let length = 0; length <= bytes.length; length++) {
    const connection = new Connection(incoming(bytes.subarray(0, length), () => 3));
    const result = await readAll(connection).catch((error) => error);
    if (boundaries.includes(length)) assert(Array.isArray(result), `${length}: ${result}`);
    else assertInstanceOf(result, TruncatedError, `${length} bytes`);
  }
});

Deno.test("the opening is eight bytes, nothing, or truncated", async () => {
  const open = (bytes: Uint8Array) => new Connection(incoming(bytes, () => 1)).readOpening();
  assertEquals(await open(concat([PREAMBLE, new Uint8Array(9)])), PREAMBLE);
  assertEquals(await open(new Uint8Array(0)), null);
  await assertRejects(() => open(PREAMBLE.subarray(0, 7)), TruncatedError);
});

Deno.test("what a peer announces is refused before anything is allocated for it", async () => {
  const announced = new Uint8Array([0xff, 0xff, 0xff, 0xff, FrameKind.DATA, 0, 0, 1]);
  const transport = incoming(concat([announced, new Uint8Array(100_000)]));
  await assertRejects(() => new Connection(transport).readFrame(), ProtocolError, "4294967295");
  assertEquals(transport.views, [4096]);
});

Deno.test("a reader that expects little can set a lower limit, which is kept before anything is allocated", async () => {
  const hello = encodeFrame(FrameKind.HELLO, 0, new Uint8Array(20));
  const open = (limit: number) => new Connection(incoming(hello)).readFrame(limit);
  assertEquals((await open(20))!.length, 20);
  await assertRejects(() => open(19), ProtocolError, "HELLO frame of 20 bytes");
  const transport = incoming(encodeFrame(FrameKind.DATA, 1, new Uint8Array(100_000)));
  await assertRejects(() => new Connection(transport).readFrame(65_536), ProtocolError, "100000");
  assertEquals(transport.views, [4096]);
});

Deno.test("the largest frame is read, with one buffer of its size", async () => {
  const payload = new Uint8Array(MAX_DATA_BYTES).fill(7);
  const transport = incoming(encodeFrame(FrameKind.DATA, 1, payload));
  const frame = await new Connection(transport).readFrame();
  assertEquals(frame!.payload.length, MAX_DATA_BYTES);
  assert(Math.max(...transport.views) <= MAX_DATA_BYTES + HEADER_BYTES);
});

Deno.test("after a control frame the next wait holds a small buffer, within a body a large one", async () => {
  const [here, there] = memoryPair({ capacity: Infinity });
  const connection = new Connection(here);
  const writer = there.writable.getWriter();
  const body = { kind: FrameKind.DATA, id: 1, flags: 0, payload: new Uint8Array(60_000) };
  await writer.write(encodeAll([body, body, body, body]));
  for (let time = 0; time < 4; time++) await connection.readFrame();
  const inBody = connection.readFrame();
  await turn();
  assert(here.views.at(-1)! > 60_000);
  await writer.write(encodeAll([ping(1)]));
  await inBody;
  const atRest = connection.readFrame();
  await turn();
  assertEquals(here.views.at(-1), 4096);
  await writer.close();
  assertEquals(await atRest, null);
});

Deno.test("everything queued in one turn goes out in one write, in order", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  const all = Array.from({ length: 50 }, (_, number) => ping(number));
  for (const frame of all) write(connection, frame);
  assertEquals(transport.writes, []);
  await turn();
  assertEquals(transport.writes, [encodeAll(all)]);
});

Deno.test("everything queued while a write is under way goes out together in the next one", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  write(connection, ping(0));
  await turn();
  const rest = [ping(1), ping(2), ping(3)];
  for (const frame of rest) {
    write(connection, frame);
    await turn();
  }
  assertEquals(transport.writes, [encodeAll([ping(0)])]);
  await transport.take();
  assertEquals(transport.writes, [encodeAll([ping(0)]), encodeAll(rest)]);
});

Deno.test("what is held waits for more, and goes out together when it is released, or when it is much", async () => {
  const { connection, written, clock } = await writingMuch(1);
  using _clock = clock;
  clock.now += 1000;
  connection.hold();
  const three = await writeThree(connection);
  assertEquals(written, []);
  connection.release();
  await connection.flush();
  assertEquals(written.splice(0), [encodeAll(three)]);
  clock.now += 1000;
  connection.hold();
  const large = encodeFrame(FrameKind.DATA, 1, new Uint8Array(40_000));
  await connection.write(large);
  assertEquals(written, [large]);
});

Deno.test("what is held goes out soon, even when nobody releases it", async () => {
  const { connection, written } = await writingMuch(1).then(({ clock, ...rest }) => (clock[Symbol.dispose](), rest));
  connection.hold();
  await write(connection, ping(7));
  assertEquals(written, [encodeAll([ping(7)])]);
});

/** A connection that has written a few times, over a transport that takes everything at once, and a clock that stands. */
async function writingMuch(writes: number) {
  const written: Uint8Array<ArrayBuffer>[] = [];
  const writable = new WritableStream<Uint8Array<ArrayBuffer>>({ write: (chunk) => void written.push(chunk) });
  const connection = new Connection({ readable: new ReadableStream({ type: "bytes" }), writable, close() {} });
  const clock = new StandingClock();
  for (let number = 0; number < writes; number++) {
    clock.now += 1000;
    await write(connection, ping(number));
  }
  assertEquals(written.splice(0).length, writes);
  return { connection, written, clock };
}

/** `performance.now()` says what the test wants. */
class StandingClock implements Disposable {
  readonly #real = performance.now;
  now = performance.now();

  constructor() {
    performance.now = () => this.now;
  }

  [Symbol.dispose](): void {
    performance.now = this.#real;
  }
}

/** Promises only: the event loop does not come round. */
async function microtasks(): Promise<void> {
  for (let step = 0; step < 50; step++) await null;
}

/** Writes three frames, the last two of them a while of microtasks after the one before. */
async function writeThree(connection: Connection): Promise<AnyFrame[]> {
  const three = [ping(101), ping(102), ping(103)];
  for (const frame of three) {
    write(connection, frame);
    await microtasks();
  }
  return three;
}

Deno.test("many writes that follow each other closely wait for the turn of the event loop, and go out as one", async () => {
  const { connection, written, clock } = await writingMuch(4);
  using _clock = clock;
  const three = await writeThree(connection);
  assertEquals(written, []);
  await turn();
  await connection.flush();
  assertEquals(written, [encodeAll(three)]);
});

Deno.test("a write that comes a while after the last one goes out at once", async () => {
  const { connection, written, clock } = await writingMuch(20);
  using _clock = clock;
  clock.now += 0.25;
  write(connection, ping(101));
  await microtasks();
  assertEquals(written, [encodeAll([ping(101)])]);
  clock.now += 0.1;
  write(connection, ping(102));
  await microtasks();
  assertEquals(written.length, 1);
  await turn();
  assertEquals(written.length, 2);
});

Deno.test("the first four writes of a connection go out at once, however close they are", async () => {
  const { connection, written, clock } = await writingMuch(1);
  using _clock = clock;
  const three = await writeThree(connection);
  assertEquals(written, three.map((frame) => encodeAll([frame])));
  write(connection, ping(104));
  await microtasks();
  assertEquals(written.length, 3);
  await turn();
  assertEquals(written.length, 4);
});

Deno.test("a write resolves when the transport has taken it, not before", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  const first = write(connection, ping(1));
  await turn();
  const second = write(connection, ping(2));
  assertEquals([await settled(first), await settled(second)], [false, false]);
  await transport.take();
  assertEquals([await settled(first), await settled(second)], [true, false]);
  await transport.take();
  assertEquals([await settled(first), await settled(second)], [true, true]);
});

Deno.test("many writers share the connection without mixing their frames", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(frames(), { maxLength: 6 }), { minLength: 2, maxLength: 4 }), async (all) => {
      const [left, right] = memoryPair({ cut: (available) => Math.min(available, 1_000), capacity: 5_000 });
      const writer = new Connection(left);
      const reading = readAll(new Connection(right));
      await Promise.all(all.map(async (mine, index) => {
        for (const frame of mine) {
          await (index % 2 === 0 ? write(writer, frame) : (write(writer, frame), turn()));
        }
      }));
      await writer.closeWrite();
      const read = await reading;
      assertEquals(read.length, all.flat().length);
      // Each writer's own frames come in the order in which it wrote them.
      for (const mine of all) {
        let at = 0;
        for (const frame of mine) {
          while (at < read.length && !same(read[at], frame)) at++;
          assert(at++ < read.length, "a frame is missing or out of order");
        }
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("a payload is copied at once, so that its buffer can be used again", async () => {
  const [left, right] = memoryPair();
  const connection = new Connection(left);
  const payload = new Uint8Array([1, 2, 3]);
  connection.writeFrame(FrameKind.PING, 0, payload);
  payload.fill(9);
  assertEquals((await new Connection(right).readFrame())!.payload, new Uint8Array([1, 2, 3]));
});

Deno.test("DATA is sent without a copy, its header written into the spare bytes", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  const buffer = new Uint8Array(HEADER_BYTES + 3).fill(0xaa);
  connection.writeData(7, buffer);
  await turn();
  assertStrictEquals(transport.writes[0], buffer);
  assertEquals(decodeHeader(buffer), { length: 3, kind: FrameKind.DATA, flags: 0, id: 7 });
});

Deno.test("a frame that no peer would take is not sent", () => {
  const connection = new Connection(new SlowTransport());
  assertThrows(() => connection.writeFrame(FrameKind.PING, 0, new Uint8Array(65_537)), ProtocolError);
  assertThrows(() => connection.writeFrame(FrameKind.REPLY, 0, new Uint8Array(0)), ProtocolError);
  assertThrows(() => connection.writeData(0, new Uint8Array(HEADER_BYTES)), ProtocolError);
});

Deno.test("what is small goes out in one write, what is large as it is", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  const large = [new Uint8Array(100_000), new Uint8Array(70_000)];
  write(connection, ping(1));
  await transport.take();
  write(connection, ping(2));
  write(connection, ping(3));
  connection.writeData(1, large[0]);
  write(connection, ping(4));
  connection.writeData(1, large[1]);
  for (let time = 0; time < 4; time++) await transport.take();
  const [, pings, first, between, second] = transport.writes;
  assertEquals(pings, encodeAll([ping(2), ping(3)]));
  assertStrictEquals(first, large[0]);
  assertEquals(between, encodeAll([ping(4)]));
  assertStrictEquals(second, large[1]);
});

Deno.test("ready waits while much is queued, and only then", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  write(connection, ping(1));
  assertEquals(await settled(connection.ready()), true);
  for (let time = 0; time < 5; time++) connection.writeData(1, new Uint8Array(300_000));
  const ready = connection.ready();
  assertEquals(await settled(ready), false);
  await transport.take();
  for (let time = 0; time < 5; time++) {
    assertEquals(await settled(ready), false);
    await transport.take();
  }
  assertEquals(await settled(ready), true);
});

Deno.test("flush waits for everything that was queued", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  await connection.flush();
  write(connection, ping(1));
  await turn();
  write(connection, ping(2));
  const flushed = connection.flush();
  await transport.take();
  assertEquals(await settled(flushed), false);
  await transport.take();
  assertEquals(await settled(flushed), true);
});

Deno.test("a failed write fails all that waits and all that follows, as a lost connection", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  const cause = new Deno.errors.BrokenPipe("broken");
  const fails = async (promise: Promise<void>) => {
    const error = await inTime(assertRejects(() => promise, ConnectionLostError), "a write of a broken transport");
    assertStrictEquals(error.cause, cause);
  };
  const waiting = [fails(write(connection, ping(1)))];
  await turn();
  waiting.push(fails(write(connection, ping(2))), fails(connection.writeData(1, new Uint8Array(1_000_000))));
  waiting.push(fails(connection.writeData(1, new Uint8Array(1_000_000))));
  waiting.push(fails(connection.ready()), fails(connection.flush()));
  await transport.break(cause);
  await Promise.all(waiting);
  await fails(write(connection, ping(3)));
  await fails(connection.ready());
  await fails(connection.flush());
  assertEquals(transport.writes.length, 1);
  await connection.closeWrite(); // never throws
});

Deno.test("a failed write that nobody awaits is no unhandled rejection", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  write(connection, ping(1));
  await turn();
  write(connection, ping(2));
  await transport.break(new Error("broken"));
  await turn();
});

Deno.test("a failed read is a lost connection, with the reason as its cause", async () => {
  const [here] = memoryPair();
  const connection = new Connection(here);
  const reading = connection.readFrame();
  await turn();
  connection.close();
  const error = await inTime(assertRejects(() => reading, ConnectionLostError), "a read of a closed connection");
  assertEquals((error.cause as Error).message, "this end was closed");
});

Deno.test("closing says so, closes the transport once, and is no error twice", () => {
  let closes = 0;
  const transport = new SlowTransport();
  transport.close = () => {
    closes++;
    throw new Error("closed already");
  };
  const connection = new Connection(transport);
  assertEquals(connection.closed, false);
  connection.close();
  connection.close();
  assertEquals([connection.closed, closes], [true, 1]);
});

Deno.test("closeWrite sends what is queued, then a clean end; reading goes on", async () => {
  const [left, right] = memoryPair();
  const [a, b] = [new Connection(left), new Connection(right)];
  write(a, ping(1));
  await a.closeWrite();
  assertEquals((await readAll(b)).length, 1);
  write(b, ping(2));
  assertEquals((await inTime(a.readFrame(), "readFrame"))!.payload, new Uint8Array([2]));
});

Deno.test("linger sends what is queued and throws away what comes, until the peer closes", async () => {
  const [left, right] = memoryPair({ capacity: Infinity });
  const [a, b] = [new Connection(left), new Connection(right)];
  for (let time = 0; time < 10; time++) b.writeData(1, new Uint8Array(100_000));
  write(a, ping(1));
  const lingering = a.linger(60_000);
  assertEquals((await readAll(b)).length, 1);
  assertEquals(await settled(lingering), false);
  await b.closeWrite();
  await inTime(lingering, "linger");
  assertEquals(a.closed, false);
});

Deno.test("linger gives up on a peer that does not close", async () => {
  const [left] = memoryPair();
  const connection = new Connection(left);
  await inTime(connection.linger(20), "linger");
  assertEquals(connection.closed, true);
});

Deno.test("linger gives up on a peer that does not read", async () => {
  const [left] = memoryPair({ capacity: 10 });
  const connection = new Connection(left);
  connection.writeData(1, new Uint8Array(1_000));
  await inTime(connection.linger(20), "linger");
  assertEquals(connection.closed, true);
});

Deno.test("readingSince, silentSince and writingSince say since when a read or a write is under way", async () => {
  const transport = new SlowTransport();
  const connection = new Connection(transport);
  assertEquals([connection.readingSince, connection.writingSince], [undefined, undefined]);
  const before = performance.now();
  write(connection, ping(1));
  await turn();
  assert(connection.writingSince! >= before && connection.writingSince! <= performance.now());
  await transport.take();
  assertEquals(connection.writingSince, undefined);

  const [here, there] = memoryPair();
  const reader = new Connection(here);
  const reading = reader.readFrame();
  assert(reader.readingSince! >= before && reader.readingSince! <= performance.now());
  const first = reader.readingSince!;
  const bytes = encodeAll([ping(2)]);
  const writer = there.writable.getWriter();
  for (let at = 0; at < bytes.length - 1; at++) {
    const last = reader.silentSince!;
    await writer.write(bytes.slice(at, at + 1));
    await until(() => reader.silentSince! > last, "the silence to begin anew, whatever comes");
    if (at < HEADER_BYTES - 1) assertEquals(reader.readingSince, first);
  }
  await writer.write(bytes.slice(-1));
  await reading;
  assertEquals([reader.readingSince, reader.silentSince], [undefined, undefined]);

  const large = reader.readFrame();
  await writer.write(
    encodeAll([{ kind: FrameKind.DATA, id: 1, flags: 0, payload: new Uint8Array(200_000) }]).slice(0, 100),
  );
  await until(() => reader.silentSince! > before, "the first part");
  const step = reader.readingSince!;
  await writer.write(new Uint8Array(64 * 1024));
  await until(() => reader.readingSince! > step, "the wait to begin anew after 64 KiB");
  there.close();
  await assertRejects(() => large, TruncatedError);
});

function same(a: AnyFrame, b: AnyFrame): boolean {
  return a.kind === b.kind && a.id === b.id && a.flags === b.flags && a.payload.length === b.payload.length &&
    a.payload.every((byte, at) => byte === b.payload[at]);
}
