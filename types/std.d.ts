// Types of the standard library modules we use. The npm package that deno.json maps them to ships plain
// JavaScript, and without these declarations every import from it would silently be `any`. They follow upstream's
// own signatures, narrowed to what one program can reasonably need; a module is declared here whole or not at all.

declare module "@std/cli/parse-args" {
  /** One name or several: `"quiet"` or `["quiet", "force"]`. */
  type Names<N extends string> = N | readonly N[];

  /** How {@linkcode parseArgs} reads a command line. */
  export interface ParseOptions<B extends string, S extends string, C extends string> {
    /** Put everything after `--` into the result's `"--"` instead of its `_`. */
    "--"?: boolean;
    /** Other names of an option: `{ help: "h" }`. Each name is set in the result. */
    alias?: Record<string, string | readonly string[]>;
    /** Options that take no value; each is `false` when absent. */
    boolean?: Names<B>;
    /** Options whose value stays text, even if it looks like a number. */
    string?: Names<S>;
    /** Options that may be repeated; each becomes an array, empty when absent. */
    collect?: Names<C>;
    /** Boolean options that also exist as `--no-NAME`. */
    negatable?: string | readonly string[];
    /** Values of options that are absent. */
    default?: Record<string, unknown>;
    /** Everything from the first positional argument on goes to `_` unparsed. */
    stopEarly?: boolean;
    /** Called with each argument no other option names; returning `false` leaves it out of the result. */
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }

  /**
   * What {@linkcode parseArgs} returns. Options not named in `boolean`, `string` or `collect` (aliases too) are
   * `unknown`. The type of a `default` is not followed: give each default the type of its option.
   */
  export type Args<B extends string = never, S extends string = never, C extends string = never> =
    & { [K in Exclude<B, C>]: boolean }
    & { [K in Exclude<S, B | C>]?: string }
    & { [K in C]: (K extends S ? string : K extends B ? boolean : unknown)[] }
    & {
      [name: string]: unknown;
      /** Positional arguments, in order. With `string: ["_"]` they all stay text. */
      _: ("_" extends S ? string : string | number)[];
      /** What followed `--`, when the option of that name was set. */
      "--"?: string[];
    };

  /** Reads a command line into an object: options by name, everything else in `_`. */
  export function parseArgs<
    const B extends string = never,
    const S extends string = never,
    const C extends string = never,
  >(args: readonly string[], options?: ParseOptions<B, S, C>): Args<B, S, C>;
}

declare module "@std/cli/prompt-secret" {
  /** How {@linkcode promptSecret} looks. */
  export interface PromptSecretOptions {
    /** Shown in place of each character; `"*"` by default, nothing when empty. */
    mask?: string;
    /** Wipe the line after the input. */
    clear?: boolean;
  }

  /** Asks for a secret without showing it. `null` when standard input is no terminal. */
  export function promptSecret(message?: string, options?: PromptSecretOptions): string | null;
}

declare module "@std/fmt/bytes" {
  /** How {@linkcode format} writes a size. */
  export interface FormatOptions {
    /** Bits instead of bytes: `kbit`. */
    bits?: boolean;
    /** Powers of 1024 instead of 1000: `KiB`. */
    binary?: boolean;
    /** Put a sign before positive numbers, too. */
    signed?: boolean;
    /** `true`: the system's locale; text: that locale. */
    locale?: boolean | string | string[];
    /** Least number of digits after the point. */
    minimumFractionDigits?: number;
    /** Greatest number of digits after the point. */
    maximumFractionDigits?: number;
  }

  /**
   * A size for people: 1337 -> `1.34 kB`.
   *
   * @throws {TypeError} if `num` is not finite
   */
  export function format(num: number, options?: FormatOptions): string;
}

declare module "@std/fmt/colors" {
  /** A color by its three parts, 0 to 255 each. */
  export interface Rgb {
    /** Red part. */
    r: number;
    /** Green part. */
    g: number;
    /** Blue part. */
    b: number;
  }

  /** Turns colors on or off. They start off when `NO_COLOR` is set. */
  export function setColorEnabled(value: boolean): void;
  /** Whether colors are on. */
  export function getColorEnabled(): boolean;
  /** The text without its escape sequences. */
  export function stripAnsiCode(string: string): string;

  // All of the following wrap a text in one escape sequence, or return it as it is when colors are off.
  type Paint = (str: string) => string;
  export const reset: Paint;
  export const bold: Paint;
  export const dim: Paint;
  export const italic: Paint;
  export const underline: Paint;
  export const inverse: Paint;
  export const hidden: Paint;
  export const strikethrough: Paint;
  export const black: Paint;
  export const red: Paint;
  export const green: Paint;
  export const yellow: Paint;
  export const blue: Paint;
  export const magenta: Paint;
  export const cyan: Paint;
  export const white: Paint;
  export const gray: Paint;
  export const brightBlack: Paint;
  export const brightRed: Paint;
  export const brightGreen: Paint;
  export const brightYellow: Paint;
  export const brightBlue: Paint;
  export const brightMagenta: Paint;
  export const brightCyan: Paint;
  export const brightWhite: Paint;
  export const bgBlack: Paint;
  export const bgRed: Paint;
  export const bgGreen: Paint;
  export const bgYellow: Paint;
  export const bgBlue: Paint;
  export const bgMagenta: Paint;
  export const bgCyan: Paint;
  export const bgWhite: Paint;
  export const bgBrightBlack: Paint;
  export const bgBrightRed: Paint;
  export const bgBrightGreen: Paint;
  export const bgBrightYellow: Paint;
  export const bgBrightBlue: Paint;
  export const bgBrightMagenta: Paint;
  export const bgBrightCyan: Paint;
  export const bgBrightWhite: Paint;
  /** Text in one of the 256 palette colors. */
  export function rgb8(str: string, color: number): string;
  /** Background in one of the 256 palette colors. */
  export function bgRgb8(str: string, color: number): string;
  /** Text in any color. */
  export function rgb24(str: string, color: number | Rgb): string;
  /** Background in any color. */
  export function bgRgb24(str: string, color: number | Rgb): string;
}

declare module "@std/fmt/duration" {
  /** How {@linkcode format} writes a duration. */
  export interface FormatOptions {
    /** `narrow`: `1m 39s`; `full`: `1 minute, 39 seconds`; `digital`: `00:00:01:39:...`. `narrow` by default. */
    style?: "narrow" | "full" | "digital";
    /** Leave out parts that are zero. */
    ignoreZero?: boolean;
  }

  /** A duration in milliseconds for people. */
  export function format(ms: number, options?: FormatOptions): string;
}

declare module "@std/streams/text-line-stream" {
  /** How {@linkcode TextLineStream} splits. */
  export interface TextLineStreamOptions {
    /** A lone `\r` ends a line, too. */
    allowCR?: boolean;
  }

  /** Splits text into lines at `\n` or `\r\n`, without them. */
  export class TextLineStream extends TransformStream<string, string> {
    constructor(options?: TextLineStreamOptions);
  }
}

declare module "@std/assert" {
  // deno-lint-ignore no-explicit-any -- any class at all, abstract ones too, as upstream has it
  type AnyClass = abstract new (...args: any[]) => any;
  // deno-lint-ignore no-explicit-any -- any class of errors, whatever its constructor takes
  type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;
  type Falsy = false | 0 | 0n | "" | null | undefined;

  /** What every failed assertion throws. */
  export class AssertionError extends Error {
    constructor(message: string, options?: ErrorOptions);
  }

  /** Whether two values are deeply equal. */
  export function equal(a: unknown, b: unknown): boolean;
  export function assert(expr: unknown, msg?: string): asserts expr;
  export function assertFalse(expr: unknown, msg?: string): asserts expr is Falsy;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
  export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void;
  export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  export function assertInstanceOf<T extends AnyClass>(
    actual: unknown,
    expectedType: T,
    msg?: string,
  ): asserts actual is InstanceType<T>;
  export function assertNotInstanceOf<A, T>(
    actual: A,
    // deno-lint-ignore no-explicit-any
    unexpectedType: abstract new (...args: any[]) => T,
    msg?: string,
  ): asserts actual is Exclude<A, T>;
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void;
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertObjectMatch(
    // deno-lint-ignore no-explicit-any -- upstream's own type: an interface has no index signature
    actual: Record<PropertyKey, any>,
    expected: Record<PropertyKey, unknown>,
    msg?: string,
  ): void;
  export function assertIsError<E extends Error = Error>(
    error: unknown,
    ErrorClass?: ErrorClass<E>,
    msgMatches?: string | RegExp,
    msg?: string,
  ): asserts error is E;
  /** Calls `fn` and returns what it throws, which must be something. */
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  /** Calls `fn` and returns what it throws, which must be of that class and say that. */
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    ErrorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  /** Calls `fn` and resolves to what its promise rejects with. A synchronous throw fails the assertion. */
  export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  /** Calls `fn` and resolves to what its promise rejects with, which must be of that class and say that. */
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    ErrorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  export function fail(msg?: string): never;
  export function unimplemented(msg?: string): never;
  export function unreachable(msg?: string): never;
}

declare module "@std/path/is-glob" {
  /** Whether a text has a wildcard in it. */
  export function isGlob(str: string): boolean;
}

declare module "@std/path/posix/glob-to-regexp" {
  /** How {@linkcode globToRegExp} reads a pattern. */
  export interface GlobOptions {
    /** `+(a|b)` and the like; on by default. */
    extended?: boolean;
    /** `**` for any number of folders; on by default. */
    globstar?: boolean;
    /** Upper and lower case are the same. */
    caseInsensitive?: boolean;
  }

  /** A pattern with wildcards as a regular expression for the whole of a path. */
  export function globToRegExp(glob: string, options?: GlobOptions): RegExp;
}
