/**
 * The log: one line on standard error for everything that an operator may want to know later.
 *
 * @module
 */

import { escapeUnprintable, quote } from "../protocol/path.ts";

/** What a log line says besides its time and its event. Values are escaped, so that a client cannot forge lines. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Longest value, in UTF-16 code units: no path of a file is longer, so what is cut names nothing. A fault's stack fits. */
const MAX_VALUE_LENGTH = 4096;

/** Writes log lines; of several sets of fields, the first ones first. */
export type Log = (event: string, ...fields: LogFields[]) => void;

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
  const lineOf = format === "json" ? jsonLine : textLine;
  return (event, ...fields) => write(lineOf(now(), event, fields));
}

function jsonLine(time: string, event: string, fields: LogFields[]): string {
  const object: LogFields = { time, event };
  for (const some of fields) for (const name in some) object[name] = shorten(some[name]);
  return `${escapeUnprintable(JSON.stringify(object))}\n`;
}

function textLine(time: string, event: string, fields: LogFields[]): string {
  let line = `${time} ${event}`;
  for (const some of fields) {
    for (const name in some) {
      const value = shorten(some[name]);
      if (value !== undefined) line += ` ${name}=${typeof value === "string" ? word(value) : value}`;
    }
  }
  return `${line}\n`;
}

let [lastMs, lastTime] = [NaN, ""];

/** The time, as text; of many lines in a row it is made once a millisecond. */
function now(): string {
  const ms = Date.now();
  if (ms !== lastMs) [lastMs, lastTime] = [ms, new Date(ms).toISOString()];
  return lastTime;
}

/** A value as it is when it is plain, in quotes and escaped otherwise. */
function word(value: string): string {
  return /^[\w./:@%+,[\]-]+$/.test(value) ? value : quote(value);
}

function shorten(value: LogFields[string]): LogFields[string] {
  if (typeof value !== "string" || value.length <= MAX_VALUE_LENGTH) return value;
  return `${value.slice(0, MAX_VALUE_LENGTH).toWellFormed()}…`;
}

/** Lines that go out together, as soon as what produced them lets go of the thread: each write costs more than the line. */
let gathered = "";
const MOST_GATHERED = 64 * 1024;

function toStandardError(line: string): void {
  if (gathered === "") queueMicrotask(flush);
  gathered += line;
  if (gathered.length > MOST_GATHERED) flush();
}

function flush(): void {
  const lines = gathered;
  gathered = "";
  try {
    const bytes = encoder.encode(lines);
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  } catch { /* nobody listens any more: no reason to stop serving */ }
}
