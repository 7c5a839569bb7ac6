/**
 * Messages as bytes: JSON, checked against the schema that it must fit (PROTOCOL.md sections 4, 5 and 7).
 *
 * @module
 */

import * as v from "valibot";
import { CommandError, ProtocolError } from "./errors.ts";
import { type CommandName, COMMANDS, isCommand, type Request } from "./messages.ts";

/** The outside of every REQUEST: which command. */
const anyRequest = v.object({ command: v.string() });

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A message as the payload of a control frame: UTF-8 JSON.
 *
 * @param message any plain object
 */
export function encodeMessage(message: object): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(message));
}

/**
 * Reads the payload of a control frame.
 *
 * @param schema what it must be
 * @param payload UTF-8 JSON
 * @param what the name of the frame, for the error
 * @returns the message, with the defaults filled in and unknown members left out
 * @throws {ProtocolError} for invalid UTF-8, invalid JSON, or something else than the schema wants
 *
 * @example
 * ```ts
 * import { decodeMessage, encodeMessage } from "./message_codec.ts";
 * import { bodyEnd } from "./messages.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const end = { size: 0, crc32: "00000000" };
 * assertEquals(decodeMessage(bodyEnd, encodeMessage(end), "END"), end);
 * ```
 */
export function decodeMessage<S extends v.GenericSchema>(
  schema: S,
  payload: Uint8Array,
  what: string,
): v.InferOutput<S> {
  return check(schema, parseJson(decodeText(payload, what), what), what);
}

/**
 * Messages as a part of a body of lines: one a line (PROTOCOL.md section 7.3).
 *
 * @param messages any plain objects
 */
export function encodeLines(messages: readonly object[]): Uint8Array<ArrayBuffer> {
  return encoder.encode(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
}

/**
 * Reads whole lines of a body.
 *
 * @param schema what each must be
 * @param lines UTF-8 JSON, a newline behind each
 * @param what the name of the body, for the error
 * @returns the messages, in order
 * @throws {ProtocolError} as {@linkcode decodeMessage} does
 *
 * @example
 * ```ts
 * import { decodeLines, encodeLines } from "./message_codec.ts";
 * import { packLine } from "./messages.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lines = [{ at: 0, path: "/a" }, { at: 1, path: "/b" }];
 * assertEquals(decodeLines(packLine, encodeLines(lines), "listing"), lines);
 * ```
 */
export function decodeLines<S extends v.GenericSchema>(
  schema: S,
  lines: Uint8Array,
  what: string,
): v.InferOutput<S>[] {
  const texts = decodeText(lines, what).split("\n");
  texts.pop(); // behind the last newline
  return check(v.array(schema), texts.map((text) => parseJson(text, what)), what);
}

function check<S extends v.GenericSchema>(schema: S, value: unknown, what: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (!result.success) throw new ProtocolError(`${what} does not fit its schema: ${explain(result.issues)}`);
  return result.output;
}

/** A REQUEST that was read and checked. */
export type AnyRequest = { [C in CommandName]: { command: C; parameters: Request<C> } }[CommandName];

/**
 * Reads the payload of a REQUEST frame (PROTOCOL.md section 5).
 *
 * @param payload UTF-8 JSON
 * @returns the command and its parameters
 * @throws {ProtocolError} when it is not a request at all
 * @throws {CommandError} `unsupported` or `bad_request`; the connection can go on
 */
export function decodeRequest(payload: Uint8Array): AnyRequest {
  const json = parseJson(decodeText(payload, "REQUEST"), "REQUEST");
  const outside = v.safeParse(anyRequest, json);
  if (!outside.success) throw new ProtocolError(`REQUEST names no command: ${explain(outside.issues)}`);
  const { command } = outside.output;
  if (!isCommand(command)) throw new CommandError("unsupported", `this server does not know the command "${command}"`);
  const inside = v.safeParse(COMMANDS[command].request, json);
  if (!inside.success) throw new CommandError("bad_request", `${command}: ${explain(inside.issues)}`);
  return { command, parameters: inside.output } as AnyRequest;
}

function decodeText(payload: Uint8Array, what: string): string {
  try {
    return decoder.decode(payload);
  } catch {
    throw new ProtocolError(`${what} is not valid UTF-8`);
  }
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError(`${what} is not valid JSON`);
  }
}

function explain(issues: [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  return `${v.getDotPath(issue) ?? "message"}: ${issue.message}`;
}
