/**
 * Packs: many small files in one body (PROTOCOL.md section 7.16). A request of its own for each would cost more than the files.
 *
 * @module
 */

import { crc32 } from "./crc32.ts";
import { CommandError } from "./errors.ts";
import { MODE_BITS } from "./mode.ts";
import type { ByteSource } from "./send_body.ts";

/** Most files in a pack. */
export const MAX_PACK_FILES = 256;
/** Longest content of a file in a pack, in bytes. */
export const MAX_PACKED_BYTES = 128 * 1024;

/** Bytes before the path: length, path length, flags and mode, time, check sum. */
const HEAD_BYTES = 20;
const MAX_PATH_BYTES = 0xffff;
/** How long files are read in one go, in milliseconds. */
const READ_MS = 2;
const FLAG_FAILED = 0x8000;
const NO_NAME = new Uint8Array(0);

/** A file in a pack. */
export interface PackedFile {
  /** Its path; empty in a pack that was asked for by paths, where files come in the order of these. */
  path: string;
  /** Its content; valid until the next file is read. */
  content: Uint8Array<ArrayBuffer>;
  /** Time of the last change of its content, in milliseconds since 1970. */
  modified: number;
  /** Its rights: the lowest nine bits of its mode. */
  mode: number;
  /** Whether there is no such file: the content is an error message then. */
  failed: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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
 * const file = { path: "/a", content: new Uint8Array([1, 2]), modified: 5, mode: 0o644, failed: false };
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
  let rest = scratch; // of a file that did not fit as a whole
  return {
    read(into) {
      const began = performance.now();
      let used = Math.min(rest.length, into.length);
      into.set(rest.subarray(0, used));
      rest = rest.subarray(used);
      while (used < into.length) {
        // Files come from a disk, on the spot: whoever else waits must not wait for a bufferful of them.
        if (used > 0 && performance.now() - began > READ_MS) break;
        const file = next();
        if (file === undefined) break;
        const name = file.path === "" ? NO_NAME : encoder.encode(file.path);
        if (name.length > MAX_PATH_BYTES) {
          throw new CommandError("name_too_long", "the path is longer than any can be; shorten it");
        }
        const length = HEAD_BYTES + name.length + file.content.length;
        const room = into.length - used;
        if (length <= room) {
          encodeFile(file, name, into.subarray(used, used + length));
          used += length;
        } else {
          if (scratch.length < length) scratch = new Uint8Array(length);
          encodeFile(file, name, scratch);
          into.set(scratch.subarray(0, room), used);
          rest = scratch.subarray(room, length);
          used = into.length;
        }
      }
      return used;
    },
  };
}

function encodeFile({ content, modified, mode, failed }: PackedFile, name: Uint8Array, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, HEAD_BYTES);
  view.setUint32(0, content.length);
  view.setUint16(4, name.length);
  view.setUint16(6, (mode & MODE_BITS) | (failed ? FLAG_FAILED : 0));
  view.setFloat64(8, modified);
  view.setUint32(16, crc32(content));
  into.set(name, HEAD_BYTES);
  into.set(content, HEAD_BYTES + name.length);
}

/** Reads a pack, file by file. Of what has arrived, a file that is not complete yet is kept, and nothing else. */
export class PackReader {
  readonly #read: () => Promise<Uint8Array<ArrayBuffer> | null>;
  #chunk = new Uint8Array(0);
  #view = viewOf(this.#chunk);
  #at = 0;
  /** The beginning of a file whose rest comes with the next chunk. */
  #begun = new Uint8Array(HEAD_BYTES);
  #have = 0;
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
   * Gets more bytes, when {@linkcode PackReader.next} has none left. What that gave out is not valid any more.
   *
   * @returns false at the end of the pack
   * @throws {CommandError} `bad_request` when it ends in the middle of a file; what reading throws
   */
  async fill(): Promise<boolean> {
    this.#keep(this.#have + this.#chunk.length - this.#at);
    const chunk = await this.#read();
    if (chunk === null && this.#have > 0) {
      throw new CommandError("bad_request", "the pack ends in the middle of a file");
    }
    this.#chunk = chunk ?? new Uint8Array(0);
    this.#view = viewOf(this.#chunk);
    this.#at = 0;
    return chunk !== null;
  }

  /**
   * The next file of which all bytes are there.
   *
   * @returns `undefined` when {@linkcode PackReader.fill} must be called first
   * @throws {CommandError} `mismatch` when the content is not what its sender read; `bad_request` for what is no pack
   */
  next(): PackedFile | undefined {
    if (this.#have > 0) {
      if (!this.#keep(HEAD_BYTES) || !this.#keep(lengthAt(viewOf(this.#begun), 0))) return undefined;
      const length = this.#have;
      this.#have = 0;
      return this.#decode(this.#begun, viewOf(this.#begun), 0, length);
    }
    const [at, left] = [this.#at, this.#chunk.length - this.#at];
    if (left < HEAD_BYTES) return undefined;
    const length = lengthAt(this.#view, at);
    if (left < length) return undefined;
    this.#at += length;
    return this.#decode(this.#chunk, this.#view, at, length);
  }

  /** Takes from the chunk what is missing of the first bytes of the file that was begun; whether they are all there. */
  #keep(length: number): boolean {
    if (this.#begun.length < length) {
      const grown = new Uint8Array(length);
      grown.set(this.#begun.subarray(0, this.#have));
      this.#begun = grown;
    }
    if (this.#have < length) {
      const part = this.#chunk.subarray(this.#at, this.#at + length - this.#have);
      this.#begun.set(part, this.#have);
      this.#have += part.length;
      this.#at += part.length;
    }
    return this.#have >= length;
  }

  /** The file that begins at `at` and has so many bytes; `view` is one of all `bytes`. */
  #decode(bytes: Uint8Array<ArrayBuffer>, view: DataView, at: number, length: number): PackedFile {
    if (++this.#count > MAX_PACK_FILES) {
      throw new CommandError("bad_request", `the pack has more than ${MAX_PACK_FILES} files`);
    }
    const flags = view.getUint16(at + 6);
    const modified = view.getFloat64(at + 8);
    // As far as a JavaScript Date goes.
    if (!(Math.abs(modified) <= 8.64e15)) throw new CommandError("bad_request", "a packed file has an impossible time");
    const nameEnd = at + HEAD_BYTES + view.getUint16(at + 4);
    const content = bytes.subarray(nameEnd, at + length);
    if (view.getUint32(at + 16) !== crc32(content)) {
      throw new CommandError("mismatch", "the CRC-32 of a packed file is not that of its content");
    }
    return {
      path: decodePath(bytes, at + HEAD_BYTES, nameEnd),
      content,
      modified,
      mode: flags & MODE_BITS,
      failed: (flags & FLAG_FAILED) !== 0,
    };
  }
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Bytes of the file that begins there; checked before anything of that size is kept. */
function lengthAt(view: DataView, at: number): number {
  const content = view.getUint32(at);
  if (content > MAX_PACKED_BYTES) {
    throw new CommandError("bad_request", `a packed file has ${content} bytes; the limit is ${MAX_PACKED_BYTES}`);
  }
  return HEAD_BYTES + view.getUint16(at + 4) + content;
}

function decodePath(bytes: Uint8Array, at: number, end: number): string {
  if (at === end) return ""; // as in every pack that was asked for
  try {
    return decoder.decode(bytes.subarray(at, end));
  } catch {
    throw new CommandError("bad_request", "the path of a packed file is not valid UTF-8");
  }
}
