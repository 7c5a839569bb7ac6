/**
 * From a request to its answer: checks, handler, reply. The only place that catches what a handler throws.
 *
 * @module
 */

import type { Connection } from "../protocol/connection.ts";
import { CommandError, type ErrorCode, ProtocolError } from "../protocol/errors.ts";
import { FLAG_BODY, FrameKind } from "../protocol/frame.ts";
import { type AnyRequest, encodeMessage } from "../protocol/message_codec.ts";
import { type Access, type CommandName, COMMANDS } from "../protocol/messages.ts";
import { sendBody } from "../protocol/send_body.ts";
import type { Call, Handler, Outcome } from "./commands/handler.ts";
import { HANDLERS } from "./commands/table.ts";
import { commandErrorOf } from "./errors.ts";
import type { Log } from "./log.ts";

/** What dispatching needs to know of the connection and the server. */
export interface Dispatcher {
  /** Where the answer goes. */
  readonly connection: Connection;
  /** What the clients of this server may do. */
  readonly allowed: ReadonlySet<Access>;
  /** Told of every command and its outcome. */
  readonly log: Log;
}

/**
 * Carries out one request and answers it.
 *
 * @param dispatcher see {@linkcode Dispatcher}
 * @param id the request's id
 * @param request what it asks for, or why that cannot be
 * @param call what the handler works with
 * @throws {ProtocolError} only for what ends the connection: everything else is answered by an ERROR frame
 */
export async function dispatch(
  { connection, allowed, log }: Dispatcher,
  id: number,
  request: AnyRequest | CommandError,
  call: Call,
): Promise<void> {
  const began = performance.now();
  let outcome: Outcome<CommandName> | undefined;
  let bytes = 0;
  let failure: Failure | undefined;
  try {
    call.signal.throwIfAborted();
    if (request instanceof CommandError) throw request;
    if (!allowed.has(COMMANDS[request.command].access)) {
      throw new CommandError("read_only", "this server serves for reading only");
    }
    outcome = await (HANDLERS[request.command] as Handler<CommandName>)(call, request.parameters);
    connection.writeFrame(FrameKind.REPLY, id, encodeMessage(outcome.reply), outcome.body ? FLAG_BODY : 0);
    if (outcome.body) {
      const { size } = await sendBody(connection, id, outcome.body, {
        sha256: outcome.sha256,
        signal: call.signal,
        onProgress: (sent) => bytes = sent,
      });
      bytes = size;
    }
  } catch (error) {
    if (error instanceof ProtocolError) {
      failure = { code: "lost", message: error.message };
      throw error;
    }
    const { code, message } = failure = toCommandError(error);
    if (code === "internal") log("fault", { message: Deno.inspect(error) });
    connection.writeFrame(FrameKind.ERROR, id, encodeMessage({ code, message }));
  } finally {
    await outcome?.body?.close();
    call.body.discard();
    for (const file of outcome?.parts?.files ?? []) log(outcome!.parts!.event, file);
    logOutcome(
      log,
      request,
      outcome?.reply as { path?: string } | undefined,
      Math.max(bytes, call.body.size),
      performance.now() - began,
      failure,
    );
  }
  await connection.ready();
}

/** Why a request was not carried out: the code of its ERROR, or `lost` when there was nobody left to answer. */
interface Failure {
  readonly code: ErrorCode | "lost";
  readonly message: string;
}

function logOutcome(
  log: Log,
  request: AnyRequest | CommandError,
  reply: { path?: string } | undefined,
  bytes: number,
  ms: number,
  failure: Failure | undefined,
): void {
  const { command, parameters } = request instanceof CommandError ? { command: "request", parameters: {} } : request;
  const { path, from, to } = parameters as { path?: string; from?: string; to?: string };
  log(command, {
    path: path && (reply?.path ?? path), // an upload may have got another one than it asked for
    from,
    to,
    outcome: failure?.code ?? "ok",
    message: failure?.message,
    bytes,
    ms: Math.round(ms * 10) / 10,
    mb_per_s: bytes > 0 ? Math.round(bytes / ms / 1048.576 * 10) / 10 : undefined,
  });
}

/** What a person on the other side may see of an error. What we did not foresee stays in our log. */
function toCommandError(error: unknown): CommandError {
  return commandErrorOf(error) ?? new CommandError("internal", "the server failed; its log says more");
}
