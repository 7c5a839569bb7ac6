/**
 * The proof of a body: what END says of it (PROTOCOL.md section 6.1).
 *
 * @module
 */

import type { Hash } from "node:crypto";
import { crc32, crc32Text } from "./crc32.ts";
import type { BodyEnd } from "./messages.ts";

/** The proof of a body without a byte. */
export const EMPTY_END: BodyEnd = { size: 0, crc32: "00000000" };

/** The running proof of a body: its size, CRC-32 and, where asked for, SHA-256. */
export class BodyDigest {
  /** Bytes so far. */
  size = 0;
  #crc = 0;
  readonly #sha256: Hash | undefined;

  /**
   * Starts at zero bytes.
   *
   * @param sha256 whether to compute SHA-256 as well
   */
  constructor(sha256 = false) {
    this.#sha256 = sha256 ? process.getBuiltinModule("node:crypto").createHash("sha256") : undefined;
  }

  /** Takes the next bytes. */
  update(chunk: Uint8Array): void {
    this.size += chunk.length;
    this.#crc = crc32(chunk, this.#crc);
    this.#sha256?.update(chunk);
  }

  /**
   * What END carries; to be called once, at the end.
   *
   * @example
   * ```ts
   * import { BodyDigest } from "./body_digest.ts";
   * import { assertEquals } from "@std/assert";
   *
   * const digest = new BodyDigest();
   * digest.update(new TextEncoder().encode("hello"));
   * assertEquals(digest.end(), { size: 5, crc32: "3610a686" });
   * ```
   */
  end(): BodyEnd {
    const end: BodyEnd = { size: this.size, crc32: crc32Text(this.#crc) };
    if (this.#sha256) end.sha256 = this.#sha256.digest("hex");
    return end;
  }
}
