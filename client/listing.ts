/**
 * Listings, of remote and local folders alike.
 *
 * @module
 */

import type { Entry } from "../protocol/messages.ts";
import { isExecutable } from "../protocol/mode.ts";
import { bytes, printable, time } from "./format.ts";
import type { Output } from "./output.ts";

/** How a listing looks. */
export interface ListingOptions {
  /** Exact sizes, and what each entry is in words. */
  long?: boolean;
  /** What the largest of stands first; sorted by name where it is missing, and where it is equal. */
  by?: "modified" | "size";
}

/** The options of what prints a listing. */
export const LISTING_OPTIONS = {
  long: { short: "l", help: "exact sizes, and what each entry is" },
  all: { short: "a", help: "names that start with a dot, too" },
  time: { short: "t", help: "the newest first" },
  size: { short: "S", help: "the largest first" },
};

/**
 * What {@linkcode LISTING_OPTIONS} say of the looks of a listing.
 *
 * @param on those that were given
 */
export function listingOptions(on: ReadonlySet<string>): ListingOptions {
  return { long: on.has("long"), by: on.has("size") ? "size" : on.has("time") ? "modified" : undefined };
}

/**
 * Prints a listing: an entry a line, then the count and the total size.
 *
 * @param out where to
 * @param entries in any order
 * @param options see {@linkcode ListingOptions}
 */
export function printListing(out: Output, entries: Entry[], { long, by }: ListingOptions = {}): void {
  entries.sort((a, b) => by && a[by] !== b[by] ? b[by] - a[by] : a.name < b.name ? -1 : 1);
  for (const entry of entries) out.result(toJson(entry), long ? longLine(entry) : shortLine(entry));
  const files = entries.filter(({ kind }) => kind === "file");
  const folders = entries.filter(({ kind }) => kind === "folder").length;
  const others = entries.length - files.length - folders;
  const counts = [plural(files.length, "file"), plural(folders, "folder")];
  if (others > 0) counts.push(plural(others, "other"));
  out.text(`${counts.join(", ")}, ${bytes(files.reduce((sum, { size }) => sum + size, 0))}`);
}

/**
 * An entry as `--json` shows it.
 *
 * @param entry as it came
 * @returns the same with its time in ISO 8601
 */
export function toJson(entry: Entry): object {
  return { ...entry, modified: new Date(entry.modified).toISOString(), mode: octal(entry.mode) };
}

/** Rights as people write them, such as `0644`. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/**
 * A number of things.
 *
 * @example
 * ```ts
 * import { plural } from "./listing.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(plural(1, "file"), "1 file");
 * assertEquals(plural(0, "folder"), "0 folders");
 * ```
 */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function shortLine(entry: Entry): string {
  const size = entry.kind === "file" ? bytes(entry.size) : "";
  return `${size.padStart(10)}  ${time(entry.modified)}  ${shown(entry)}`;
}

function longLine(entry: Entry): string {
  const size = entry.kind === "file" ? String(entry.size) : "";
  const kind = entry.kind === "file" && isExecutable(entry.mode) ? "program" : entry.kind;
  return `${kind.padEnd(7)} ${size.padStart(14)}  ${time(entry.modified)}  ${shown(entry)}`;
}

/** The name as a terminal may see it; a folder is marked with `/`, a link with `@`. */
function shown({ name, kind, link }: Entry): string {
  return printable(name) + (kind === "folder" ? "/" : "") + (link ? "@" : "");
}
