/**
 * Downloads that have begun.
 *
 * @module
 */

import type { Entry } from "../protocol/messages.ts";
import { type PackedFile, PackReader } from "../protocol/pack.ts";
import type { Answer } from "./requests.ts";

/** A download that has begun. It must be read to its end or canceled before the next answer can come. */
export class Download {
  /** What is being downloaded. */
  readonly entry: Entry;
  readonly #answer: Answer<"download">;
  readonly #onEnd: () => void;

  /** For {@linkcode Client.download} only. */
  constructor(answer: Answer<"download">, sha256: boolean, offset: number, onEnd: () => void) {
    this.#answer = answer;
    this.#onEnd = onEnd;
    this.entry = answer.reply.entry;
    answer.body.expect({ size: Math.max(0, this.entry.size - offset), sha256 });
  }

  /**
   * The next bytes.
   *
   * @returns bytes that are valid until the next call; `null` at the end, when all of it was verified
   * @throws {CommandError} `mismatch` when it is not what the server sent, or the server's own error
   * @throws {ProtocolError} when the connection is gone
   */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunk = await this.#answer.body.read();
    if (chunk === null) this.#onEnd();
    return chunk;
  }

  /** Stops it; the connection lives on. */
  cancel(): void {
    this.#onEnd();
    this.#answer.cancel();
  }
}

/** A pack on its way. It must be read to its end or canceled before the next answer can come. */
export class PackDownload {
  readonly #reader: PackReader;
  readonly #answer: Answer<"download_pack">;
  readonly #onEnd: () => void;

  /** For {@linkcode Client.downloadPack} only. */
  constructor(answer: Answer<"download_pack">, onEnd: () => void) {
    this.#answer = answer;
    this.#onEnd = onEnd;
    this.#reader = new PackReader(() => answer.body.read());
  }

  /**
   * Waits for more of it. What {@linkcode PackDownload.next} gave out is not valid any more.
   *
   * @returns false at the end, when all of it was verified
   */
  async fill(): Promise<boolean> {
    const more = await this.#reader.fill();
    if (!more) this.#onEnd();
    return more;
  }

  /**
   * The next file that is there, in the order of the paths.
   *
   * @returns `undefined` when {@linkcode PackDownload.fill} must be called first
   * @throws {CommandError} `mismatch` when its content is not what the server read
   */
  next(): PackedFile | undefined {
    return this.#reader.next();
  }

  /** Stops it; the connection lives on. */
  cancel(): void {
    this.#onEnd();
    this.#answer.cancel();
  }
}
