/** Messages: every kind and every command survives the wire, and nothing that does not fit its schema gets in. */

import { assertEquals, assertGreater, assertInstanceOf, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import type * as v from "valibot";
import { CommandError, ERROR_CODES, ProtocolError } from "../protocol/errors.ts";
import { encodeFrame, FrameKind, MAX_CONTROL_BYTES } from "../protocol/frame.ts";
import { decodeMessage, decodeRequest, encodeMessage } from "../protocol/message_codec.ts";
import {
  bodyEnd,
  clientHello,
  type CommandName,
  COMMANDS,
  entryLine,
  errorMessage,
  goodbye,
  isCommand,
  serverHello,
} from "../protocol/messages.ts";
import { quote } from "../protocol/path.ts";
import { fitting } from "./support/arbitraries.ts";

const MESSAGES: Record<string, v.GenericSchema> = {
  "HELLO of a client": clientHello,
  "HELLO of a server": serverHello,
  ERROR: errorMessage,
  END: bodyEnd,
  GOODBYE: goodbye,
  "a line of a listing": entryLine,
};
for (const [name, { reply }] of Object.entries(COMMANDS)) MESSAGES[`REPLY to ${name}`] = reply;

for (const [what, schema] of Object.entries(MESSAGES)) {
  Deno.test(`${what} is decoded as it was encoded`, () => {
    fc.assert(fc.property(fitting(schema), ({ sent, seen }) => {
      assertEquals(decodeMessage(schema, encodeMessage(sent as object), what), seen);
    }));
  });

  Deno.test(`${what} is decoded the same with members that version 1 does not know`, () => {
    fc.assert(fc.property(fitting(schema), fc.json(), ({ sent, seen }, json) => {
      const grown = { ...sent as object, "x-later": JSON.parse(json), __proto__x: 1 };
      assertEquals(decodeMessage(schema, encodeMessage(grown), what), seen);
    }));
  });
}

for (const command of Object.keys(COMMANDS) as CommandName[]) {
  Deno.test(`REQUEST for ${command} is decoded as it was encoded`, () => {
    fc.assert(fc.property(fitting(COMMANDS[command].request), ({ sent, seen }) => {
      assertEquals(decodeRequest(encodeMessage({ command, ...sent as object })) as unknown, {
        command,
        parameters: seen,
      });
    }));
  });

  Deno.test(`REQUEST for ${command} with a member missing or of another type is a bad request`, () => {
    const schema = COMMANDS[command].request;
    const names = Object.keys(schema.entries);
    fc.assert(fc.property(fitting(schema), fc.constantFrom(...names), ({ sent, seen }, name) => {
      const wrong = { command, ...sent as object, [name]: { a: ["value", "of no", "member"] } };
      assertEquals(commandError(wrong).code, "bad_request");
      if (!isOptional(schema.entries, name)) {
        const { [name]: _, ...without } = seen as Record<string, unknown>;
        assertEquals(commandError({ command, ...without }).code, "bad_request");
      }
    }));
  });
}

Deno.test("any JSON at all is a request, a command error or a protocol error", () => {
  const inside = fc.object({ key: fc.constantFrom("command", "path", "size", "from"), maxDepth: 1 });
  const named = fc.tuple(
    fc.constantFrom(...Object.keys(COMMANDS), "no", "__proto__", "toString", "constructor"),
    inside,
  )
    .map(([command, parameters]) => ({ ...parameters, command }));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), inside, named), (value) => {
      try {
        decodeRequest(new TextEncoder().encode(JSON.stringify(value)));
      } catch (error) {
        if (!(error instanceof CommandError || error instanceof ProtocolError)) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("an unknown command is unsupported, whatever objects inherit", () => {
  for (const command of ["format", "", "toString", "__proto__", "constructor", "STAT"]) {
    assertEquals(commandError({ command, path: "/" }).code, "unsupported", command);
    assertEquals(isCommand(command), false, command);
  }
});

const NO_MESSAGE: Record<string, Uint8Array> = {
  "nothing at all": new Uint8Array(0),
  "half an object": new TextEncoder().encode('{"reason":'),
  "a byte order mark": new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
  "null": new TextEncoder().encode("null"),
  "a member that is null": new TextEncoder().encode('{"reason":null}'),
  "brackets without end": new TextEncoder().encode("[".repeat(MAX_CONTROL_BYTES)),
};

for (const [what, payload] of Object.entries(NO_MESSAGE)) {
  Deno.test(`${what} is no message`, () => {
    assertThrows(() => decodeMessage(goodbye, payload, "GOODBYE"), ProtocolError, "GOODBYE");
    assertThrows(() => decodeRequest(payload), ProtocolError, "REQUEST");
  });
}

Deno.test("a message in invalid UTF-8 is a protocol error, though all around it is right", () => {
  const broken = (message: object) => encodeMessage(message).map((byte) => byte === 0x3f ? 0xff : byte); // ? becomes 0xff
  assertThrows(() => decodeMessage(goodbye, broken({ reason: "?" }), "GOODBYE"), ProtocolError, "UTF-8");
  assertThrows(() => decodeRequest(broken({ command: "stat", path: "/?" })), ProtocolError, "UTF-8");
});

Deno.test("brackets as deep as a frame allows exhaust no stack", () => {
  const half = MAX_CONTROL_BYTES / 2;
  const payload = new TextEncoder().encode("[".repeat(half) + "]".repeat(half));
  assertThrows(() => decodeMessage(clientHello, payload, "HELLO"), ProtocolError);
  assertThrows(() => decodeRequest(payload), ProtocolError);
});

Deno.test("a request that names no command is a protocol error", () => {
  assertThrows(() => decodeRequest(encodeMessage({})), ProtocolError);
  assertThrows(() => decodeRequest(encodeMessage({ command: 1 })), ProtocolError);
});

Deno.test("sizes and counts are whole, not negative and exact", () => {
  for (const size of ["-1", "0.5", "1e300", "9007199254740992", '"5"', "true"]) {
    const payload = new TextEncoder().encode(`{"size":${size},"crc32":"00000000"}`);
    assertThrows(() => decodeMessage(bodyEnd, payload, "END"), ProtocolError, "size", size);
  }
});

Deno.test("a digest is as many lower-case hexadecimal digits as it has", () => {
  for (const crc32 of ["", "0000000", "000000000", "0000000G", "ABCDEF01", "00000000\n"]) {
    const payload = encodeMessage({ size: 0, crc32 });
    assertThrows(() => decodeMessage(bodyEnd, payload, "END"), ProtocolError, "crc32", crc32);
  }
  for (const sha256 of ["0".repeat(63), "0".repeat(65), "F".repeat(64)]) {
    const payload = encodeMessage({ size: 0, crc32: "00000000", sha256 });
    assertThrows(() => decodeMessage(bodyEnd, payload, "END"), ProtocolError, "sha256", sha256);
  }
});

Deno.test("an error code that is not known yet is internal", () => {
  const payload = encodeMessage({ code: "on_fire", message: "the disk burns" });
  assertEquals(decodeMessage(errorMessage, payload, "ERROR"), { code: "internal", message: "the disk burns" });
});

Deno.test("every command error and protocol error keeps its code", () => {
  for (const code of Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]) {
    assertEquals(new CommandError(code, "m").code, code);
    assertEquals(new ProtocolError("m", { code }).code, code);
  }
});

// An ERROR frame that would not fit ended the server: whatever a peer sends, it must be possible to complain about it.
Deno.test("a complaint about the longest message of a peer fits an ERROR frame", () => {
  for (const filler of ["a", '"', "\\", "\u0001", "\u{1f600}", "é"]) {
    const room = MAX_CONTROL_BYTES - 50;
    const long = filler.repeat(Math.floor(room / (new TextEncoder().encode(JSON.stringify(filler)).length - 2)));
    const hello = encodeMessage({ version: long, software: "x" });
    const requests = [{ command: long }, { command: 1, x: long }, { command: "ls", path: "/", recursive: long }];
    assertGreater(hello.length, MAX_CONTROL_BYTES / 2);
    const errors = [thrown(() => decodeMessage(clientHello, hello, "HELLO"))];
    for (const request of requests) errors.push(thrown(() => decodeRequest(encodeMessage(request))));
    errors.push(new CommandError("bad_path", `the path ${quote(long)} does not start with /`));
    for (const { code, message } of errors) {
      encodeFrame(FrameKind.ERROR, 0, encodeMessage({ code, message }));
      assertEquals(message.isWellFormed(), true);
      assertLessOrEqual(message.length, 1000); // as section 9 has it
    }
  }
});

function thrown(work: () => unknown): ProtocolError | CommandError {
  try {
    work();
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof CommandError) return error;
    throw error;
  }
  throw new Error("it was let through");
}

function commandError(request: object): CommandError {
  const error = thrown(() => decodeRequest(encodeMessage(request)));
  assertInstanceOf(error, CommandError);
  return error;
}

function isOptional(entries: object, name: string): boolean {
  return (entries as Record<string, { type: string }>)[name].type === "optional";
}
