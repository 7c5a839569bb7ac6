/**
 * Names that mean something: partial files, and the numbered names of files whose own name was taken.
 *
 * @module
 */

/** `.connme-TOKEN-RUN-RANDOM.partial`: whose it is, which run writes it, and what makes the name its own. */
const PARTIAL = /^\.connme-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{16}\.partial$/;

/** The run of a partial that nobody goes on with. */
const NO_RUN = "0".repeat(16);

/** Whose a partial file is. Both are hexadecimal, and secret: who knows them may go on with the partial. */
export interface PartialOwner {
  /** 32 digits: what is transferred where, the same for each attempt. */
  readonly token: string;
  /** 16 digits: the run of the program that attempts it. */
  readonly run: string;
}

/**
 * A new name for a partial file, which nobody can guess.
 *
 * @param owner who may go on with it; nobody without one
 * @param own 16 hexadecimal digits that no other name of this owner has
 */
export function newPartialName(
  owner: PartialOwner = { token: random(32), run: NO_RUN },
  own: string = random(16),
): string {
  return `.connme-${owner.token}-${owner.run}-${own}.partial`;
}

/**
 * Whether a name is one that a partial file has. Such names are never listed, and nobody may ask for them.
 *
 * @param name a name without its folder
 */
export function isPartialName(name: string): boolean {
  return PARTIAL.test(name);
}

/**
 * Whose a partial file is.
 *
 * @param name a name without its folder
 * @returns `undefined` when it is not the name of a partial
 *
 * @example
 * ```ts
 * import { newPartialName, partialOwner } from "./names.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const owner = { token: "0123456789abcdef0123456789abcdef", run: "0123456789abcdef" };
 * assertEquals(partialOwner(newPartialName(owner)), owner);
 * ```
 */
export function partialOwner(name: string): PartialOwner | undefined {
  const [, token, run] = PARTIAL.exec(name) ?? [];
  return token === undefined ? undefined : { token, run };
}

/**
 * Whether a name is that of a partial which nobody goes on with, once its program is gone.
 *
 * @param name a name without its folder
 *
 * @example
 * ```ts
 * import { isOwnerless, newPartialName } from "./names.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const owner = { token: "0123456789abcdef0123456789abcdef", run: "0123456789abcdef" };
 * assertEquals([newPartialName(), newPartialName(owner), "name"].map(isOwnerless), [true, false, false]);
 * ```
 */
export function isOwnerless(name: string): boolean {
  return partialOwner(name)?.run === NO_RUN;
}

function random(digits: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(digits / 2));
  return bytes.toHex();
}

/**
 * The name that a file gets when its own is taken (PROTOCOL.md section 7.5): the number goes before the extension.
 *
 * @param name the name that is taken
 * @param number 1, 2, 3 ...
 *
 * @example
 * ```ts
 * import { numberedName } from "./names.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(numberedName("photo.jpg", 2), "photo_2.jpg");
 * assertEquals(numberedName(".profile", 1), ".profile_1");
 * ```
 */
export function numberedName(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? `${name}_${number}` : `${name.slice(0, dot)}_${number}${name.slice(dot)}`;
}
