/**
 * What a program prints, as it comes, to be waited for without sleeping.
 *
 * @module
 */

/** How long a test waits for something that should come at once, in milliseconds: long, as machines can be busy. */
export const PATIENCE_MS = 40_000;

/** The text of a stream so far. */
export class Transcript {
  /** All of it. */
  text = "";
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #over = false;
  readonly #clean: (text: string) => string;

  /**
   * @param stream read to its end
   * @param clean what is done to all of the text before it is looked at
   */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, clean: (text: string) => string = (text) => text) {
    this.#clean = clean;
    this.ended = this.#read(stream);
  }

  /**
   * Waits until a pattern stands in the text.
   *
   * @param pattern text, or a regular expression without `g`
   * @param options `from`: where to begin to look; `timeout`: milliseconds
   * @returns the match; its `index` counts from the start of the whole text
   * @throws {Error} with the text when it does not come in time, or the stream ends without it
   */
  async waitFor(
    pattern: string | RegExp,
    { from = 0, timeout = PATIENCE_MS }: { from?: number; timeout?: number } = {},
  ): Promise<RegExpExecArray> {
    const expression = typeof pattern === "string" ? new RegExp(RegExp.escape(pattern)) : pattern;
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), timeout);
    try {
      for (;;) {
        const match = expression.exec(this.text.slice(from));
        if (match) {
          match.index += from;
          return match;
        }
        const why = this.#over
          ? "the program ended"
          : await Promise.race([this.#changed.promise, late.promise]) && `${timeout / 1000} s passed`;
        if (why) throw new Error(`${why} without ${pattern}; since then came:\n${this.text.slice(from)}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let raw = "";
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      raw += piece;
      this.text = this.#clean(raw);
      this.#notify();
    }
    this.#over = true;
    this.#notify();
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
