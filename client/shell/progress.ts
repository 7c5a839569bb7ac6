/**
 * The progress line of a transfer.
 *
 * @module
 */

import { green } from "@std/fmt/colors";
import { bytes, printable } from "../format.ts";
import { terminalSize } from "../terminal_size.ts";
import { cutMiddle, type Measure, measureFor } from "../text_width.ts";

/** Told how a transfer goes. */
export interface Meter {
  /**
   * Something has been moved.
   *
   * @param bytes how many so far
   * @param resumed of these, how many an earlier attempt had moved
   * @param name what is being moved now, where there are many
   * @param total bytes in all, where that has become more
   */
  update(bytes: number, resumed: number, name?: string, total?: number): void;
  /** Removes the line; the result line follows. */
  finish(): void;
}

/** A transfer that is over sooner needs no line, in milliseconds. */
const DELAY_MS = 1000;
/** Milliseconds from one picture to the next. */
const INTERVAL_MS = 100;
/** The rate shown is that of the last few seconds, in milliseconds. */
const WINDOW_MS = 3000;
const SMALLEST_BAR = 10;
const LARGEST_BAR = 40;

/**
 * A progress line on standard error, where that is a terminal and nobody asked for silence.
 *
 * @param name what is transferred
 * @param total in bytes, where it is known
 * @param quiet when not to show anything
 */
export function createMeter(
  name: string,
  total: number | undefined,
  quiet: { json: boolean; quiet: boolean },
): Meter {
  if (quiet.json || quiet.quiet || !Deno.stderr.isTerminal()) return { update() {}, finish() {} };
  const encoder = new TextEncoder();
  return new ProgressLine(name, total, (text) => {
    try {
      Deno.stderr.writeSync(encoder.encode(text));
    } catch { /* the terminal is gone; the transfer need not be */ }
  });
}

/** Draws one line again and again, at its own pace: {@linkcode ProgressLine.update} costs nothing. */
class ProgressLine implements Meter {
  #name: string;
  #measured: string | undefined;
  #total: number | undefined;
  readonly #write: (text: string) => void;
  readonly #rate = new RecentRate(performance.now());
  #timer: ReturnType<typeof setTimeout>;
  #done = 0;
  #resumed = 0;
  #shown = false;
  #finished = false;
  #measure: Measure | undefined;

  constructor(name: string, total: number | undefined, write: (text: string) => void) {
    this.#name = name;
    this.#total = total;
    this.#write = write;
    this.#timer = setTimeout(() => this.#begin(), DELAY_MS);
  }

  update(bytes: number, resumed: number, name?: string, total = this.#total): void {
    this.#done = bytes;
    this.#total = total;
    this.#resumed = resumed;
    if (name !== undefined) this.#name = name;
  }

  finish(): void {
    clearInterval(this.#timer);
    this.#finished = true;
    if (this.#shown) this.#write("\r\x1b[K");
  }

  #begin(): void {
    this.#timer = setInterval(() => this.#draw(), INTERVAL_MS);
  }

  async #draw(): Promise<void> {
    if (this.#measured !== this.#name) {
      this.#measured = this.#name;
      this.#measure = await measureFor([printable(this.#name)]);
      if (this.#finished) return;
    }
    if (!this.#measure) return;
    const rate = this.#rate.at(performance.now(), this.#done - this.#resumed);
    const state = { name: printable(this.#measured), done: this.#done, total: this.#total, rate };
    this.#shown = true;
    this.#write(`\r${progressLine(state, terminalSize().columns - 1, this.#measure)}\x1b[K`);
  }
}

/** What a progress line shows. */
export interface Progress {
  /** What is transferred, without control characters. */
  name: string;
  /** Bytes so far. */
  done: number;
  /** Bytes in all, where that is known. */
  total?: number;
  /** Bytes a second. */
  rate: number;
}

/**
 * A progress line that fits.
 *
 * @param progress what it shows
 * @param columns that it may take
 * @param measure see `measureFor`
 *
 * @example
 * ```ts
 * import { progressLine } from "./progress.ts";
 * import { assertEquals } from "@std/assert";
 * import { stripAnsiCode } from "@std/fmt/colors";
 *
 * const progress = { name: "a.iso", done: 3 << 20, total: 12 << 20, rate: 1 << 20 };
 * assertEquals(
 *   stripAnsiCode(progressLine(progress, 80, (text) => text.length)),
 *   "a.iso  [=====>              ]  25%  3.0 MiB/12.0 MiB  1.0 MiB/s  ETA 0:09",
 * );
 * ```
 */
export function progressLine({ name, done, total, rate }: Progress, columns: number, measure: Measure): string {
  const speed = `${bytes(rate)}/s`;
  if (total === undefined) return withoutBar(name, [bytes(done), speed], columns, measure);
  // A file may have grown since its size was told; no bar goes over its end.
  const fraction = total === 0 ? 1 : Math.min(1, done / total);
  const percent = `${Math.floor(fraction * 100)}%`;
  const left = rate > 0 ? clock(Math.max(0, total - done) / rate) : "--:--";
  const parts = [percent, `${bytes(done)}/${bytes(total)}`, speed, `ETA ${left}`];
  const shown = cutMiddle(name, Math.floor(columns / 3), measure);
  // By the greatest length that each part can have, so that the bar keeps its own.
  const rest = "  [] 100%".length + "  1023.9 KiB/".length + bytes(total).length + "  1023.9 MiB/s  ETA 00:00".length;
  const length = Math.min(LARGEST_BAR, columns - measure(shown) - rest);
  if (length < SMALLEST_BAR) return withoutBar(name, parts, columns, measure);
  const bar = ("=".repeat(Math.floor(fraction * length)) + ">").slice(0, length).padEnd(length);
  return `${shown}  [${green(bar)}] ${[percent.padStart(4), ...parts.slice(1)].join("  ")}`;
}

/** As many of the parts as fit, and what is left for the name. */
function withoutBar(name: string, parts: string[], columns: number, measure: Measure): string {
  const least = Math.min(measure(name), 8) + 2;
  let text = parts.join("  ");
  for (let count = parts.length - 1; count > 0 && least + text.length > columns; count--) {
    text = parts.slice(0, count).join("  ");
  }
  const shown = cutMiddle(name, columns - text.length - 2, measure);
  return shown ? `${shown}  ${text}` : text.slice(0, Math.max(0, columns));
}

/** A duration as `M:SS` or `H:MM:SS`. */
function clock(seconds: number): string {
  if (seconds >= 360_000) return "--:--"; // a hundred hours are a guess
  const whole = Math.ceil(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** The rate over the last few seconds, so that it neither jumps about nor lags behind for long. */
export class RecentRate {
  #samples: { time: number; bytes: number }[];

  /** @param time when it began, in milliseconds */
  constructor(time: number) {
    this.#samples = [{ time, bytes: 0 }];
  }

  /**
   * Takes a sample.
   *
   * @param time now, in milliseconds
   * @param bytes moved so far
   * @returns bytes a second
   */
  at(time: number, bytes: number): number {
    this.#samples.push({ time, bytes });
    while (this.#samples.length > 2 && this.#samples[1].time <= time - WINDOW_MS) this.#samples.shift();
    const [first] = this.#samples;
    return time > first.time ? (bytes - first.bytes) / (time - first.time) * 1000 : 0;
  }
}
