/**
 * The client as a library: connect to a server and work with its files.
 *
 * @example Fetch a file's size
 * ```ts ignore
 * import { connect } from "./client/client.ts";
 *
 * const client = await connect({ hostname: "localhost", port: 8080 });
 * console.log(await client.size("/report.pdf"));
 * await client.close();
 * ```
 *
 * @module
 */

import { Connection } from "../protocol/connection.ts";
import { CommandError, ConnectionLostError, ProtocolError, UnreachableError } from "../protocol/errors.ts";
import { hostPort } from "../protocol/host_port.ts";
import {
  type ChecksumAlgorithm,
  type Collision,
  type Entry,
  entryLine,
  folderDigestLine,
  type PackLine,
  type Reply,
  type ServerHello,
} from "../protocol/messages.ts";
import { type PackedFile, packSource } from "../protocol/pack.ts";
import { quote } from "../protocol/path.ts";
import type { ByteSource } from "../protocol/send_body.ts";
import { type BlockDigests, readDigests, readLines, readPackLines } from "./answer_body.ts";
import { Download, PackDownload } from "./download.ts";
import type { RateLimit } from "./rate_limit.ts";
import { Requests } from "./requests.ts";

export type { BlockDigests } from "./answer_body.ts";
export { RateLimit } from "./rate_limit.ts";
export { Download, PackDownload } from "./download.ts";
export type { ByteSource } from "../protocol/send_body.ts";
export {
  CommandError,
  ConnectionLostError,
  type ErrorCode,
  ProtocolError,
  UnreachableError,
} from "../protocol/errors.ts";
export type { ChecksumAlgorithm, Collision, Entry, PackLine, ServerHello } from "../protocol/messages.ts";
export { MAX_PACK_FILES, MAX_PACKED_BYTES, type PackedFile } from "../protocol/pack.ts";

/** The port of a server that names none. */
export const DEFAULT_PORT = 8080;
/** Seconds of silence after which a server that owes an answer counts as lost. */
export const DEFAULT_TIMEOUT = 30;
/** Where to connect. */
export interface ConnectOptions {
  /** Name or address. */
  hostname: string;
  /** TCP port; {@linkcode DEFAULT_PORT} by default. */
  port?: number;
  /** Seconds of silence after which the server counts as lost; {@linkcode DEFAULT_TIMEOUT} by default. */
  timeout?: number;
  /**
   * Does not wait for the server to say what it is: the first request goes out at once if it changes nothing, which saves the
   * time of the way there and back. It fails with what would have been thrown here.
   */
  eager?: boolean;
  /** How fast bytes may go, shared with other connections that are given the same one; as fast as they can by default. */
  limit?: RateLimit;
}

/** Options that every request takes. */
export interface CallOptions {
  /** Cancels the request; the connection lives on. */
  signal?: AbortSignal;
}

/** Options of {@linkcode Client.list}. */
export interface ListOptions extends CallOptions {
  /** Everything below the folder, too, each with its path below it as its name. */
  recursive?: boolean;
  /** Names that start with a dot, too. */
  hidden?: boolean;
  /**
   * Told the path of the folder with all symbolic links resolved, by servers that say so. Returns whether to list it.
   */
  accept?(real: string): boolean;
}

/** Options of {@linkcode Client.upload}. */
export interface UploadOptions extends CallOptions {
  /** What to do when the name is taken; the server's own setting by default. */
  collision?: Collision;
  /** Modification time to keep, in milliseconds since 1970, unless the source tells one. */
  modified?: number;
  /** The rights of what it is a copy of, the lowest nine bits of its mode, unless the source tells them. */
  mode?: number;
  /** Whether to verify by SHA-256 besides CRC-32. */
  sha256?: boolean;
  /** Who may go on with it after an interruption, see {@linkcode Client.interrupted}. */
  owner?: TransferOwner;
  /** How many bytes of the last attempt are to be kept; the source begins behind them. */
  offset?: number;
  /** Whether an earlier attempt may have stored it: a file there with the same content and time is taken for that one. */
  again?: boolean;
  /** Told how many bytes have been sent. */
  onProgress?: (bytes: number) => void;
}

/** What is uploaded, opened when its turn has come. */
export interface UploadSource extends ByteSource {
  /** Modification time to keep, in milliseconds since 1970. */
  modified?: number;
  /** The rights of what it is a copy of: the lowest nine bits of its mode. */
  mode?: number;
}

/** Whose an interrupted upload is (PROTOCOL.md section 7.11). Both are hexadecimal, and secret. */
export interface TransferOwner {
  /** 32 digits: what is sent where, the same for each attempt. */
  token: string;
  /** 16 digits: the run of the program that attempts it. */
  run: string;
}

/** A connection to a server. Paths start with `/`, which is the served folder. */
export class Client {
  readonly #requests: Requests;

  /** For {@linkcode connect} only. */
  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /**
   * What the server says of itself.
   *
   * @throws {UnreachableError} (rejects) when it is no connme server, takes no more clients, or says nothing in time
   * @throws {ConnectionLostError} (rejects) when the connection was closed here before that
   */
  get hello(): Promise<ServerHello> {
    return this.#requests.hello;
  }

  /** Whether the server has said so yet: without {@linkcode ConnectOptions.eager}, always. */
  get greeted(): boolean {
    return this.#requests.greeted;
  }

  /** Resolves when the connection has ended. */
  get ended(): Promise<void> {
    return this.#requests.ended;
  }

  /** Why the connection is gone; `undefined` while it stands. */
  get lost(): ProtocolError | undefined {
    return this.#requests.lost;
  }

  /**
   * What stands under a path.
   *
   * @throws {CommandError} `not_found` and others (PROTOCOL.md section 7.2)
   */
  async stat(path: string, options: CallOptions = {}): Promise<Entry> {
    return (await this.#requests.send("stat", { path }, options)).reply.entry;
  }

  /**
   * What a folder holds, in no particular order.
   *
   * @param path the folder
   * @param options see {@linkcode ListOptions}
   * @throws {CommandError} `not_found`, `not_folder` and others (PROTOCOL.md section 7.3); `denied` and
   * `changed` also for something in it that cannot be looked at
   */
  async list(path: string, options: ListOptions = {}): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const batch of this.entries(path, options)) {
      for (const entry of batch) {
        if (entry.unreadable) {
          throw new CommandError(
            entry.unreadable === "failed" ? "denied" : entry.unreadable,
            `${quote(entry.name)} cannot be read`,
          );
        }
        entries.push(entry);
      }
    }
    return entries;
  }

  /**
   * As {@linkcode Client.list}, but as it comes, many at a time: of a hundred thousand nobody need keep all. What cannot be
   * looked at comes with `unreadable`; a folder below that cannot be looked into comes twice, the second time with it.
   */
  async *entries(path: string, options: ListOptions = {}): AsyncGenerator<Entry[]> {
    const { recursive, hidden, signal, accept } = options;
    const answer = await this.#requests.send("ls", { path, recursive, hidden }, { signal });
    const { real } = answer.reply;
    if (real !== undefined && accept?.(real) === false) return answer.cancel();
    yield* readLines(answer, entryLine);
  }

  /**
   * What each folder of a tree holds, as a digest (PROTOCOL.md section 7.18).
   *
   * @param path the topmost folder
   * @returns for each folder, by its path below that one, the digest, or `undefined` where it has none
   * @throws {CommandError} `not_found`, `not_folder` and others; `unsupported` by a server without the capability
   */
  async folderDigests(path: string, options: CallOptions = {}): Promise<Map<string, string | undefined>> {
    const answer = await this.#requests.send("folder_digests", { path }, options);
    const digests = new Map<string, string | undefined>();
    for await (const lines of readLines(answer, folderDigestLine)) {
      for (const { name, digest } of lines) digests.set(name, digest);
    }
    return digests;
  }

  /** The size of a file or of everything below a folder (PROTOCOL.md section 7.4). */
  async size(path: string, options: CallOptions = {}): Promise<Reply<"size">> {
    return (await this.#requests.send("size", { path }, options)).reply;
  }

  /**
   * Begins a download (PROTOCOL.md section 7.6).
   *
   * @param path the file
   * @param options `sha256`: verify by SHA-256 besides CRC-32; `offset`: begin behind so many bytes
   * @throws {CommandError} `not_found`, `is_folder` and others
   */
  async download(
    path: string,
    options: CallOptions & { sha256?: boolean; offset?: number } = {},
  ): Promise<Download> {
    const { sha256 = false, offset = 0, signal } = options;
    const answer = await this.#requests.send("download", { path, sha256, offset }, { signal });
    return new Download(answer, sha256, offset);
  }

  /**
   * Uploads a file. When this returns, the server has all of it, verified and on its disk.
   *
   * @param path where to
   * @param source its bytes; or opens them, when their turn to be sent has come
   * @param options see {@linkcode UploadOptions}
   * @returns the path that it got, which is another one when the name was taken, and its size in bytes
   * @throws {CommandError} `exists`, `no_space`, `mismatch` and others (PROTOCOL.md section 7.5); what the source threw
   */
  async upload(
    path: string,
    source: ByteSource | (() => UploadSource),
    options: UploadOptions = {},
  ): Promise<Reply<"upload">> {
    const { collision, sha256, owner, offset = 0, again, signal, onProgress } = options;
    const prepare = () => {
      const opened: UploadSource = typeof source === "function" ? source() : source;
      const { modified = options.modified, mode = options.mode } = opened;
      const size = opened.size === undefined ? undefined : opened.size + offset;
      return { parameters: { path, size, collision, modified, mode, sha256, offset, again, ...owner }, source: opened };
    };
    let sent = offset;
    const count = (bytes: number) => {
      sent = offset + bytes;
      onProgress?.(bytes);
    };
    const { reply } = await this.#requests.send("upload", prepare, { sha256, signal, onProgress: count });
    if (reply.size !== sent) {
      throw new CommandError("mismatch", `the server says that it stored ${reply.size} of ${sent} bytes`);
    }
    return reply;
  }

  /** Removes a file, or with `recursive` a folder and all below it (PROTOCOL.md section 7.7). */
  async remove(path: string, options: CallOptions & { recursive?: boolean } = {}): Promise<Reply<"rm">> {
    const { recursive, signal } = options;
    return (await this.#requests.send("rm", { path, recursive }, { signal })).reply;
  }

  /** Makes a folder in an existing one, with `mode` as of {@linkcode UploadOptions} (PROTOCOL.md section 7.8). */
  async makeFolder(path: string, options: CallOptions & { mode?: number } = {}): Promise<void> {
    const { mode, signal } = options;
    await this.#requests.send("mkdir", { path, mode }, { signal });
  }

  /**
   * Sets the time of a file, and the rights of a file or folder (PROTOCOL.md section 7.19).
   *
   * @param path of either
   * @param times of a file, in milliseconds since 1970: the one that it has, and the one to set
   * @param mode the rights of what it is a copy of
   * @param options see {@linkcode CallOptions}
   * @throws {CommandError} `changed` when it has another time
   */
  async touch(
    path: string,
    times: { before: number; modified: number },
    mode: number,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#requests.send("touch", { path, ...times, mode }, options);
  }

  /** Removes an empty folder (PROTOCOL.md section 7.9). */
  async removeFolder(path: string, options: CallOptions = {}): Promise<void> {
    await this.#requests.send("rmdir", { path }, options);
  }

  /** Gives a file or folder another path, which must be free (PROTOCOL.md section 7.10). */
  async move(from: string, to: string, options: CallOptions = {}): Promise<void> {
    await this.#requests.send("mv", { from, to }, options);
  }

  /**
   * What an interrupted upload left on the server (PROTOCOL.md section 7.11). From now on it is this attempt's to go on with.
   *
   * @param path where the upload goes
   * @param owner the same as in the interrupted upload
   * @returns the digests of what is left; `held`: whether there is something that another run is writing
   */
  async interrupted(
    path: string,
    owner: TransferOwner,
    options: CallOptions = {},
  ): Promise<BlockDigests & { held: boolean }> {
    const answer = await this.#requests.send("resume", { path, ...owner }, options);
    const { size, held } = answer.reply;
    return { held, ...readDigests(answer, size) };
  }

  /**
   * The digests of the first blocks of a file (PROTOCOL.md section 7.12).
   *
   * @param path the file
   * @param size how many bytes to cover
   * @returns the digests, and what the file is now
   */
  async blocks(path: string, size: number, options: CallOptions = {}): Promise<BlockDigests & { entry: Entry }> {
    const answer = await this.#requests.send("blocks", { path, size }, options);
    const { entry } = answer.reply;
    return { entry, ...readDigests(answer, Math.min(size, entry.size)) };
  }

  /** The checksum of a file, computed by the server (PROTOCOL.md section 7.13). */
  async checksum(path: string, algorithm: ChecksumAlgorithm, options: CallOptions = {}): Promise<Reply<"checksum">> {
    return (await this.#requests.send("checksum", { path, algorithm }, options)).reply;
  }

  /** Copies a file on the server, to a free name (PROTOCOL.md section 7.14). */
  async copy(from: string, to: string, options: CallOptions = {}): Promise<void> {
    await this.#requests.send("cp", { from, to }, options);
  }

  /** Room on the disk that holds a path (PROTOCOL.md section 7.15). */
  async room(path: string, options: CallOptions = {}): Promise<Reply<"df">> {
    return (await this.#requests.send("df", { path }, options)).reply;
  }

  /**
   * Uploads small files in one request (PROTOCOL.md section 7.16). When this returns, each of them is stored, verified and on
   * the server's disk, or there is an error for it.
   *
   * @param next gives one file after the other, `undefined` after the last
   * @param options `collision`: what to do when a name is taken; `again`: an earlier attempt may have stored them;
   * `onProgress`: told how many bytes of content have been sent
   * @returns for those files, counted from 0, that got another path or none: the path, or why
   * @throws {CommandError} `mismatch`, `read_only` and others; what `next` throws
   */
  async uploadPack(
    next: () => PackedFile | undefined,
    options: CallOptions & { collision?: Collision; again?: boolean; onProgress?: (bytes: number) => void } = {},
  ): Promise<Map<number, PackLine>> {
    const { collision, again, signal, onProgress } = options;
    let [files, size] = [0, 0];
    const source = packSource(() => {
      const file = next();
      if (file) {
        files++;
        size += file.content.length;
        onProgress?.(size);
      }
      return file;
    });
    const answer = await this.#requests.send("upload_pack", { collision, again }, { source, signal });
    const unusual = await readPackLines(answer, files);
    const isWhole = unusual.values().every(({ error }) => error === undefined);
    if (isWhole && answer.reply.size !== size) {
      throw new CommandError("mismatch", `the server says that it stored ${answer.reply.size} of ${size} bytes`);
    }
    return unusual;
  }

  /**
   * Copies small files on the server in one request (PROTOCOL.md section 7.20), each to a free name. When this returns, each of
   * them is on the server's disk, or there is an error for it.
   *
   * @param files no more than {@linkcode MAX_PACK_FILES}
   * @returns for those files, counted from 0, that were not copied: why
   * @throws {CommandError} `read_only` and others
   */
  async copyPack(
    files: readonly { from: string; to: string }[],
    { signal }: CallOptions = {},
  ): Promise<Map<number, PackLine>> {
    const answer = await this.#requests.send("cp_pack", { files: [...files] }, { signal });
    return await readPackLines(answer, files.length);
  }

  /**
   * Downloads small files in one request (PROTOCOL.md section 7.17). The result must be read to its end or canceled before the
   * next answer can come.
   *
   * @param paths no more than {@linkcode MAX_PACK_FILES}
   * @throws {CommandError} `bad_request` and others
   */
  async downloadPack(paths: readonly string[], options: CallOptions = {}): Promise<PackDownload> {
    const answer = await this.#requests.send("download_pack", { paths: [...paths] }, options);
    return new PackDownload(answer);
  }

  /** Says goodbye and closes. Never throws. */
  async close(): Promise<void> {
    await this.#requests.close();
  }

  /** Closes at once, whatever is under way: that fails with the error. */
  abort(error: ConnectionLostError = new ConnectionLostError("the connection was closed")): void {
    this.#requests.abort(error);
  }
}

/**
 * Connects to a server.
 *
 * @param options see {@linkcode ConnectOptions}
 * @throws {UnreachableError} when nobody answers there, or what answers is no connme server, or takes no more clients
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { hostname, port = DEFAULT_PORT, timeout = DEFAULT_TIMEOUT, eager = false, limit } = options;
  const where = hostPort(hostname, port);
  let conn: Deno.TcpConn;
  try {
    conn = await Deno.connect({ hostname, port, signal: AbortSignal.timeout(timeout * 1000) });
  } catch (error) {
    throw new UnreachableError(where, whyNot(error, timeout), { cause: error });
  }
  conn.setNoDelay(true);
  const client = new Client(new Requests(new Connection(limit ? limit.around(conn) : conn), where, timeout * 1000));
  if (!eager) await client.hello;
  return client;
}

function whyNot(error: unknown, timeout: number): string {
  if (error instanceof Deno.errors.ConnectionRefused) return "connection refused; is ftpd running there?";
  if (error instanceof DOMException && error.name === "TimeoutError") return `no answer within ${timeout} s`;
  if (/lookup|resolve/.test(String(error))) return "there is no host of that name";
  return (error as Error).message.replace(/ \(os error \d+\)/, "");
}
