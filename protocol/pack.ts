/**
 * Packs: many small files in one body (PROTOCOL.md section 7.16). A request of its own for each would cost more than the files.
 *
 * @module
 */

import type { ByteSource } from "./body.ts";
import { CommandError } from "./errors.ts";

/** Most files in a pack. */
export const MAX_PACK_FILES = 256;
/** Longest content of a file in a pack, in bytes. */
export const MAX_PACKED_BYTES = 128 * 1024;

/** Bytes before the path: length, path length, flags, a spare one, time, check sum. */
const HEAD_BYTES = 20;
const MAX_PATH_BYTES = 0xffff;
const FLAG_EXECUTABLE = 1;
const FLAG_FAILED = 2;

/** A file in a pack. */
export interface PackedFile {
  /** Its path; empty in a pack that was asked for by paths, where files come in the order of these. */
  path: string;
  /** Its content; valid until the next file is read. */
  content: Uint8Array<ArrayBuffer>;
  /** Time of the last change of its content, in milliseconds since 1970. */
  modified: number;
  /** Whether its owner may execute it. */
  executable: boolean;
  /** Whether there is no such file: the content is an error message then. */
  failed: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** CRC-32, loaded when the first pack needs it: see `body.ts`. */
let crc32: typeof import("node:zlib").crc32 | undefined;

function sumOf(content: Uint8Array): number {
  crc32 ??= process.getBuiltinModule("node:zlib").crc32;
  return crc32(content);
}

/**
 * A pack as the bytes of a body.
 *
 * @param next gives one file after the other; `undefined` after the last
 *
 * @example
 * ```ts
 * import { packSource, PackReader } from "./pack.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const file = { path: "/a", content: new Uint8Array([1, 2]), modified: 5, executable: false, failed: false };
 * const files = [file];
 * const source = packSource(() => files.shift());
 * const bytes = new Uint8Array(100);
 * const chunks = [bytes.subarray(0, await source.read(bytes))];
 * const reader = new PackReader(() => Promise.resolve(chunks.shift() ?? null));
 * assertEquals(await reader.fill(), true);
 * assertEquals(reader.next(), file);
 * assertEquals(await reader.fill(), false);
 * ```
 */
export function packSource(next: () => PackedFile | undefined): ByteSource {
  let scratch = new Uint8Array(0); // what is no longer needed of one file is used for the next
  let record = scratch;
  let at = 0;
  return {
    read(into) {
      let used = 0;
      while (used < into.length) {
        if (at === record.length) {
          const file = next();
          if (file === undefined) break;
          record = encodeFile(file, scratch);
          if (record.buffer !== scratch.buffer) scratch = record;
          at = 0;
        }
        const count = Math.min(record.length - at, into.length - used);
        into.set(record.subarray(at, at + count), used);
        at += count;
        used += count;
      }
      return used;
    },
  };
}

function encodeFile(file: PackedFile, scratch: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const { path, content, modified, executable, failed } = file;
  const name = encoder.encode(path);
  if (name.length > MAX_PATH_BYTES) throw new CommandError("name_too_long", "the path is longer than any can be");
  const length = HEAD_BYTES + name.length + content.length;
  const record = length <= scratch.length ? scratch.subarray(0, length) : new Uint8Array(length);
  const view = new DataView(record.buffer);
  view.setUint32(0, content.length);
  view.setUint16(4, name.length);
  record[6] = (executable ? FLAG_EXECUTABLE : 0) | (failed ? FLAG_FAILED : 0);
  record[7] = 0;
  view.setFloat64(8, modified);
  view.setUint32(16, sumOf(content));
  record.set(name, HEAD_BYTES);
  record.set(content, HEAD_BYTES + name.length);
  return record;
}

/** Reads a pack, file by file. Nothing larger than one file is kept. */
export class PackReader {
  readonly #read: () => Promise<Uint8Array<ArrayBuffer> | null>;
  #bytes = new Uint8Array(0);
  #joined = new Uint8Array(0);
  #at = 0;
  #count = 0;

  /**
   * Reads from the chunks of a body.
   *
   * @param read gives one chunk after the other, each valid until the next; `null` at the end
   */
  constructor(read: () => Promise<Uint8Array<ArrayBuffer> | null>) {
    this.#read = read;
  }

  /**
   * Gets more bytes. What {@linkcode PackReader.next} gave out is not valid any more.
   *
   * @returns false at the end of the pack
   * @throws {CommandError} `bad_request` when it ends in the middle of a file; what reading throws
   */
  async fill(): Promise<boolean> {
    // The chunk that the rest lies in is about to be used again.
    const rest = this.#bytes.length - this.#at;
    this.#join(this.#bytes.subarray(this.#at), 0);
    const chunk = await this.#read();
    if (chunk === null) {
      if (rest > 0) throw new CommandError("bad_request", "the pack ends in the middle of a file");
      return false;
    }
    this.#at = 0;
    if (rest === 0) this.#bytes = chunk;
    else {
      this.#join(chunk, rest);
      this.#bytes = this.#joined.subarray(0, rest + chunk.length);
    }
    return true;
  }

  /** Puts bytes where the rest of one chunk and the next one go together. */
  #join(bytes: Uint8Array<ArrayBuffer>, at: number): void {
    if (this.#joined.length < at + bytes.length) {
      const grown = new Uint8Array(at + bytes.length);
      grown.set(this.#joined.subarray(0, at));
      this.#joined = grown;
    }
    this.#joined.set(bytes, at);
  }

  /**
   * The next file of which all bytes are there.
   *
   * @returns `undefined` when {@linkcode PackReader.fill} must be called first
   * @throws {CommandError} `mismatch` when the content is not what its sender read; `bad_request` for what is no pack
   */
  next(): PackedFile | undefined {
    const left = this.#bytes.length - this.#at;
    if (left < HEAD_BYTES) return undefined;
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, HEAD_BYTES);
    const length = view.getUint32(0);
    const nameEnd = HEAD_BYTES + view.getUint16(4);
    if (length > MAX_PACKED_BYTES) {
      throw new CommandError("bad_request", `a packed file has ${length} bytes; the limit is ${MAX_PACKED_BYTES}`);
    }
    if (left < nameEnd + length) return undefined;
    if (++this.#count > MAX_PACK_FILES) {
      throw new CommandError("bad_request", `the pack has more than ${MAX_PACK_FILES} files`);
    }
    const record = this.#bytes.subarray(this.#at, this.#at += nameEnd + length);
    const content = record.subarray(nameEnd);
    const modified = view.getFloat64(8);
    // As far as a JavaScript Date goes.
    if (!(Math.abs(modified) <= 8.64e15)) throw new CommandError("bad_request", "a packed file has an impossible time");
    if (view.getUint32(16) !== sumOf(content)) {
      throw new CommandError("mismatch", "the CRC-32 of a packed file is not that of its content");
    }
    return {
      path: decodePath(record.subarray(HEAD_BYTES, nameEnd)),
      content,
      modified,
      executable: (record[6] & FLAG_EXECUTABLE) !== 0,
      failed: (record[6] & FLAG_FAILED) !== 0,
    };
  }
}

function decodePath(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new CommandError("bad_request", "the path of a packed file is not valid UTF-8");
  }
}
