/**
 * What a folder holds, as one digest (PROTOCOL.md section 7.18): two sides that have the same need not list it.
 *
 * @module
 */

import { COMPARED_FOLDER_MODE, COMPARED_MODE } from "./mode.ts";

/** Most entries of a folder that a server keeps in memory for its digest. */
export const MAX_DIGESTED_ENTRIES = 10_000;

/** What counts of an entry beside its name. */
export interface DigestedEntry {
  /** `file` or `folder`; a folder that holds anything else has no digest. */
  kind: string;
  /** Bytes. */
  size: number;
  /** Time of the last change of its content, in milliseconds since 1970. */
  modified: number;
  /** Its rights; what counts of them is {@linkcode COMPARED_MODE}, or {@linkcode COMPARED_FOLDER_MODE}. */
  mode: number;
}

const encoder = new TextEncoder();

/**
 * The line that stands for an entry in the digest of its folder.
 *
 * @param name its name in the folder
 * @param entry see {@linkcode DigestedEntry}
 *
 * @example
 * ```ts
 * import { digestedLine } from "./folder_digest.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const file = { kind: "file", size: 3, modified: 1500, mode: 0o755 };
 * assertEquals(digestedLine("a.sh", file), "a.sh\0file 3 1500 144\n");
 * assertEquals(digestedLine("sub", { ...file, kind: "folder" }), "sub\0folder 55\n");
 * ```
 */
export function digestedLine(name: string, { kind, size, modified, mode }: DigestedEntry): string {
  if (kind === "folder") return `${name}\0folder ${(mode & COMPARED_FOLDER_MODE).toString(8)}\n`;
  return `${name}\0file ${size} ${modified} ${(mode & COMPARED_MODE).toString(8)}\n`;
}

/**
 * The digest of a folder.
 *
 * @param lines of all of its entries, in any order; they are sorted in place
 * @returns the first 32 hexadecimal digits of a SHA-256
 */
export async function folderDigest(lines: string[]): Promise<string> {
  const bytes = encoder.encode(lines.sort().join(""));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 32);
}
