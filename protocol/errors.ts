/**
 * What can go wrong, in two kinds that never mix: a {@linkcode ProtocolError} ends the connection, a
 * {@linkcode CommandError} is one answer to one request (PROTOCOL.md section 8).
 *
 * @module
 */

/** Every code that an ERROR frame may carry, with its meaning (PROTOCOL.md section 8). */
export const ERROR_CODES = {
  not_found: "there is nothing under that name",
  exists: "the name is taken",
  is_folder: "a file was needed, a folder is there",
  not_folder: "a folder was needed, something else is there",
  not_empty: "the folder is not empty",
  denied: "the operating system does not permit it",
  outside: "the path or a link in it leads out of the served folder",
  bad_path: "the path is not one that this protocol allows",
  name_too_long: "a name is longer than the file system takes",
  read_only: "the server serves for reading only",
  no_space: "the disk or the quota is full",
  changed: "the file changed while it was being read",
  mismatch: "the bytes that arrived are not the bytes that were sent",
  canceled: "the request was canceled",
  bad_request: "the request does not fit its schema",
  unsupported: "the server does not know that command",
  busy: "the server has as many connections as it takes",
  idle: "nothing came for too long",
  stopping: "the server is stopping",
  protocol: "the peer broke the protocol",
  internal: "the server failed in a way that it did not foresee",
} as const;

/** One of the codes of {@linkcode ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * Longest message of an error, in UTF-16 code units. Messages quote what a peer sent, which may be as long as a frame; cut
 * here, every error fits the ERROR frame that reports it, however much JSON escapes.
 */
const MAX_MESSAGE_LENGTH = 1000;

/**
 * The peer broke the protocol, or the transport did. The connection cannot go on.
 *
 * @example
 * ```ts
 * import { ProtocolError } from "./errors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new ProtocolError("unknown frame kind 99").code, "protocol");
 * ```
 */
export class ProtocolError extends Error {
  /** The name of the class, for logs. */
  override name = "ProtocolError";
  /** What the last ERROR frame, or the log, calls it. */
  readonly code: ErrorCode;

  /**
   * Ends a connection.
   *
   * @param message what was wrong, with the offending value; cut when it is over 1000 characters long
   * @param options the code for the ERROR frame, and what caused it
   */
  constructor(message: string, options: { code?: ErrorCode; cause?: unknown } = {}) {
    super(shorten(message), { cause: options.cause });
    this.code = options.code ?? "protocol";
  }
}

/** The stream ended inside something that had a known length. */
export class TruncatedError extends ProtocolError {
  /** The name of the class, for logs. */
  override name = "TruncatedError";
}

/** The connection is gone: closed by the peer, reset, or silent for too long. */
export class ConnectionLostError extends ProtocolError {
  /** The name of the class, for logs. */
  override name = "ConnectionLostError";
}

/** There is no server to talk to: nobody answers, or what answers has not said HELLO. */
export class UnreachableError extends ConnectionLostError {
  /** The name of the class, for logs. */
  override name = "UnreachableError";

  /**
   * Nobody to talk to.
   *
   * @param where what people call the server
   * @param why for a person
   * @param options as for any {@linkcode ProtocolError}
   */
  constructor(where: string, why: string, options: { code?: ErrorCode; cause?: unknown } = {}) {
    super(`cannot connect to ${where}: ${why}`, options);
  }
}

/**
 * One request failed; the connection lives on.
 *
 * @example
 * ```ts
 * import { CommandError } from "./errors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new CommandError("not_found", "/a.txt does not exist").code, "not_found");
 * ```
 */
export class CommandError extends Error {
  /** The name of the class, for logs. */
  override name = "CommandError";
  /** The code that the ERROR frame carries. */
  readonly code: ErrorCode;

  /**
   * Answers a request.
   *
   * @param code one of {@linkcode ERROR_CODES}
   * @param message a sentence for a person: what was tried and what happened; cut when it is over 1000 characters long
   */
  constructor(code: ErrorCode, message: string) {
    super(shorten(message));
    this.code = code;
  }
}

function shorten(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH ? message : `${message.slice(0, MAX_MESSAGE_LENGTH - 1).toWellFormed()}…`;
}

/**
 * What a transport has thrown, as an error of ours. Transports throw whatever they like (resets, broken pipes, closed
 * resources): to us all of it is one thing.
 *
 * @param error what was thrown
 */
export function lostError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ConnectionLostError("the other side closed or reset it", { cause: error });
}
