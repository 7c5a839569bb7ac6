/**
 * Downloads that have begun.
 *
 * @module
 */

import { CommandError } from "../protocol/errors.ts";
import { decodeMessage } from "../protocol/message_codec.ts";
import { type Entry, errorMessage } from "../protocol/messages.ts";
import { type PackedFile, PackReader } from "../protocol/pack.ts";
import type { Answer } from "./requests.ts";

/** A download that has begun. It must be read to its end or canceled before the next answer can come. */
export class Download {
  /** What is being downloaded. */
  readonly entry: Entry;
  readonly #answer: Answer<"download">;

  /** For {@linkcode Client.download} only. */
  constructor(answer: Answer<"download">, sha256: boolean, offset: number) {
    this.#answer = answer;
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
    return await this.#answer.body.read();
  }

  /** Stops it; the connection lives on. */
  cancel(): void {
    this.#answer.cancel();
  }
}

/** A pack on its way. It must be read to its end or canceled before the next answer can come. */
export class PackDownload {
  readonly #reader: PackReader;
  readonly #answer: Answer<"download_pack">;

  /** For {@linkcode Client.downloadPack} only. */
  constructor(answer: Answer<"download_pack">) {
    this.#answer = answer;
    this.#reader = new PackReader(() => answer.body.read());
  }

  /**
   * Waits for more of it. What {@linkcode PackDownload.next} gave out is not valid any more.
   *
   * @returns false at the end, when all of it was verified
   */
  async fill(): Promise<boolean> {
    return await this.#reader.fill();
  }

  /**
   * The next file that is there, in the order of the paths.
   *
   * @returns why it is not there, where it is not; `undefined` when {@linkcode PackDownload.fill} must be called first
   * @throws {CommandError} `mismatch` when its content is not what the server read
   */
  next(): PackedFile | CommandError | undefined {
    const file = this.#reader.next();
    if (!file?.failed) return file;
    const { code, message } = decodeMessage(errorMessage, file.content, "the error of a packed file");
    return new CommandError(code, message);
  }

  /** Stops it; the connection lives on. */
  cancel(): void {
    this.#answer.cancel();
  }
}
