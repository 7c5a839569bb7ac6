/**
 * What a command is to the server.
 *
 * @module
 */

import type { IncomingBody } from "../../protocol/incoming_body.ts";
import type { ByteSource } from "../../protocol/send_body.ts";
import type { Collision, CommandName, ReplyInput, Request } from "../../protocol/messages.ts";
import type { LogFields } from "../log.ts";
import type { Storage } from "../storage/storage.ts";

/** What a handler works with. */
export interface Call {
  /** The served files. */
  readonly storage: Storage;
  /** What an upload does with a name that is taken, unless it says so itself. */
  readonly collision: Collision;
  /** Fires when the request is canceled or the client is gone. */
  readonly signal: AbortSignal;
  /** Bytes that follow the request; empty for a request without a body. */
  readonly body: IncomingBody;
}

/** A body that is sent; closed by whoever called the handler. */
export type OutgoingBody = ByteSource & { close(): void | Promise<void> };

/** What a handler returns: a value, optionally with a stream of bytes behind it. */
export interface Outcome<C extends CommandName> {
  /** What REPLY carries. */
  reply: ReplyInput<C>;
  /** What follows it. */
  body?: OutgoingBody;
  /** Whether END carries SHA-256 as well. */
  sha256?: boolean;
  /** What the log says of each file, where there are many, and under which event; complete when the body has been sent. */
  parts?: { readonly event: CommandName; readonly files: readonly LogFields[] };
}

/**
 * One command: it takes checked parameters and returns what to answer. Whatever it throws becomes an ERROR frame.
 */
export type Handler<C extends CommandName> = (
  call: Call,
  parameters: Request<C>,
) => Outcome<C> | Promise<Outcome<C>>;
