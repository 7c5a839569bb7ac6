/**
 * The log: one line on standard error for everything that an operator may want to know later.
 *
 * @module
 */

/** What a log line says besides its time and its event. Values are escaped, so that a client cannot forge lines. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Writes log lines. */
export type Log = (event: string, fields?: LogFields) => void;

const encoder = new TextEncoder();

/**
 * A log in one of two forms.
 *
 * @param format `text`: time, event and `name=value`; `json`: one object a line
 * @param write where a line goes; standard error unless a test wants it
 *
 * @example
 * ```ts
 * import { createLog } from "./log.ts";
 * import { assertMatch } from "@std/assert";
 *
 * let line = "";
 * createLog("text", (text) => line = text)("command", { path: "a\nb", bytes: 5 });
 * assertMatch(line, /^\S+Z command path="a\\nb" bytes=5\n$/);
 * ```
 */
export function createLog(format: "text" | "json", write: (line: string) => void = toStandardError): Log {
  return (event, fields = {}) => {
    const time = new Date().toISOString();
    write(format === "json" ? `${JSON.stringify({ time, event, ...fields })}\n` : textLine(time, event, fields));
  };
}

function textLine(time: string, event: string, fields: LogFields): string {
  let line = `${time} ${event}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${name}=${typeof value === "string" ? word(value) : value}`;
  }
  return `${line}\n`;
}

/** A value as it is when it is plain, in quotes and escaped otherwise. */
function word(value: string): string {
  return /^[\w./:@%+,[\]-]+$/.test(value) ? value : JSON.stringify(value);
}

function toStandardError(line: string): void {
  try {
    const bytes = encoder.encode(line);
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  } catch { /* nobody listens any more: no reason to stop serving */ }
}
