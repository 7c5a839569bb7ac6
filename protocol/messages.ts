/**
 * What the control frames say: every message with its schema, in one table (PROTOCOL.md sections 4, 5 and 7).
 *
 * Unknown members are ignored everywhere, so that version 1 can grow.
 *
 * @module
 */

import * as v from "valibot";
import { ERROR_CODES, type ErrorCode } from "./errors.ts";
import { MODE_BITS, USUAL_MODE } from "./mode.ts";
import { MAX_PACK_FILES } from "./pack.ts";

/** Length of a block of a partial transfer in bytes (PROTOCOL.md section 7.11). */
export const BLOCK_BYTES = 1024 * 1024;
/** Length of a block's digest in bytes: SHA-256. */
export const BLOCK_DIGEST_BYTES = 32;
/** The version of the protocol that HELLO carries. */
export const PROTOCOL_VERSION = 1;
/** Most requests that a client may have unanswered on one connection. */
export const MAX_OUTSTANDING_REQUESTS = 256;
/** Bytes of queued upload bodies that a server keeps while earlier requests run. */
export const BODY_WINDOW_BYTES = 1024 * 1024;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** As far as a JavaScript `Date` goes: 8.64e15 milliseconds before and after 1970. */
const time = v.pipe(v.number(), v.minValue(-8.64e15), v.maxValue(8.64e15));
const path = v.string();
const flag = v.optional(v.boolean(), false);
const mode = v.pipe(count, v.maxValue(MODE_BITS));

/** What stands under a name: a link that stays inside shows what it leads to, any other one is `link`. */
const kind = v.picklist(["file", "folder", "link", "other"]);

/** A file, a folder or whatever else stands under a name (PROTOCOL.md section 7.1). */
const entry = v.object({
  /** Its name; in a recursive listing the path below the listed folder. */
  name: v.string(),
  kind,
  /** Bytes; 0 for all but files. */
  size: count,
  /** Time of the last change of its content, in milliseconds since 1970. */
  modified: time,
  /** Its rights: the lowest nine bits of its mode. */
  mode: v.optional(mode, USUAL_MODE),
  /** Whether it was reached through a symbolic link. */
  link: flag,
  /** Whether its name is not valid Unicode: shown with U+FFFD for what is none, it leads nowhere. */
  lossy: v.optional(v.boolean()),
  /** Why it cannot be looked at; with the kind `folder`, and beside the entry of that folder, why it cannot be looked into. */
  unreadable: v.optional(v.picklist(["denied", "changed", "failed"])),
});

/** What a server does when the name of an upload is taken (PROTOCOL.md section 7.5). */
const collision = v.picklist(["rename", "overwrite", "fail"]);

/** Whether a command changes what is served. */
export type Access = "read" | "write";

/** What one command needs, and its schemas. `body` says which messages, if any, are followed by a body. */
interface CommandSchema {
  readonly access: Access;
  readonly request: v.ObjectSchema<v.ObjectEntries, undefined>;
  readonly reply: v.ObjectSchema<v.ObjectEntries, undefined>;
  readonly body?: "request" | "reply" | "both";
}

const nothing = v.object({});

/** Who may go on with an interrupted upload (PROTOCOL.md section 7.11). */
const owner = {
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  run: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
};
const checksumAlgorithm = v.picklist(["sha256", "crc32"]);

/** Every command: whether it changes something, and what its REQUEST and its REPLY carry (PROTOCOL.md section 7). */
export const COMMANDS = {
  stat: { access: "read", request: v.object({ path }), reply: v.object({ entry }) },
  ls: {
    access: "read",
    request: v.object({ path, recursive: flag, hidden: flag }),
    // The path of the folder with all symbolic links resolved.
    reply: v.object({ real: v.optional(path) }),
    body: "reply",
  },
  size: { access: "read", request: v.object({ path }), reply: v.object({ size: count, files: count, folders: count }) },
  download: {
    access: "read",
    request: v.object({ path, sha256: flag, offset: v.optional(count, 0) }),
    reply: v.object({ entry }),
    body: "reply",
  },
  upload: {
    access: "write",
    request: v.object({
      path,
      size: v.optional(count),
      modified: v.optional(time),
      mode: v.optional(mode),
      collision: v.optional(collision),
      sha256: flag,
      token: v.optional(owner.token),
      run: v.optional(owner.run),
      offset: v.optional(count, 0),
      again: flag,
    }),
    reply: v.object({ path, size: count }),
    body: "request",
  },
  rm: {
    access: "write",
    request: v.object({ path, recursive: flag }),
    reply: v.object({ files: count, folders: count }),
  },
  mkdir: { access: "write", request: v.object({ path, mode: v.optional(mode) }), reply: nothing },
  touch: { access: "write", request: v.object({ path, before: time, modified: time, mode }), reply: nothing },
  rmdir: { access: "write", request: v.object({ path }), reply: nothing },
  mv: { access: "write", request: v.object({ from: path, to: path }), reply: v.object({ path }) },
  resume: {
    access: "write",
    request: v.object({ path, ...owner }),
    reply: v.object({ size: count, held: flag }),
    body: "reply",
  },
  blocks: { access: "read", request: v.object({ path, size: count }), reply: v.object({ entry }), body: "reply" },
  checksum: {
    access: "read",
    request: v.object({ path, algorithm: checksumAlgorithm }),
    reply: v.object({ size: count, checksum: v.pipe(v.string(), v.regex(/^[0-9a-f]{8,64}$/)) }),
  },
  cp: { access: "write", request: v.object({ from: path, to: path }), reply: v.object({ path }) },
  df: { access: "read", request: v.object({ path }), reply: v.object({ size: count, free: count }) },
  upload_pack: {
    access: "write",
    request: v.object({ collision: v.optional(collision), again: flag }),
    reply: v.object({ files: count, size: count }),
    body: "both",
  },
  download_pack: {
    access: "read",
    request: v.object({ paths: v.pipe(v.array(path), v.maxLength(MAX_PACK_FILES)) }),
    reply: nothing,
    body: "reply",
  },
  folder_digests: { access: "read", request: v.object({ path }), reply: nothing, body: "reply" },
  cp_pack: {
    access: "write",
    request: v.object({ files: v.pipe(v.array(v.object({ from: path, to: path })), v.maxLength(MAX_PACK_FILES)) }),
    reply: v.object({ files: count, size: count }),
    body: "reply",
  },
} as const satisfies Record<string, CommandSchema>;

/** The name of a command on the wire. */
export type CommandName = keyof typeof COMMANDS;
/** What a REQUEST for a command carries, as its sender writes it. */
export type RequestInput<C extends CommandName> = v.InferInput<typeof COMMANDS[C]["request"]>;
/** What a REQUEST for a command carries, as its receiver sees it. */
export type Request<C extends CommandName> = v.InferOutput<typeof COMMANDS[C]["request"]>;
/** What a REPLY to a command carries, as its sender writes it. */
export type ReplyInput<C extends CommandName> = v.InferInput<typeof COMMANDS[C]["reply"]>;
/** What a REPLY to a command carries, as its receiver sees it. */
export type Reply<C extends CommandName> = v.InferOutput<typeof COMMANDS[C]["reply"]>;
/** A file, a folder or whatever else stands under a name. */
export type Entry = v.InferOutput<typeof entry>;
/** The same as it is sent. */
export type EntryInput = v.InferInput<typeof entry>;
/** What a folder holds, as a digest. */
export type FolderDigest = v.InferOutput<typeof folderDigestLine>;
/** What came of a file of a pack that was uploaded. */
export type PackLine = v.InferOutput<typeof packLine>;
/** How a checksum is computed. */
export type ChecksumAlgorithm = v.InferOutput<typeof checksumAlgorithm>;
/** What a server does when the name of an upload is taken. */
export type Collision = v.InferOutput<typeof collision>;

const software = v.pipe(v.string(), v.maxLength(200));
const capabilities = v.optional(v.array(v.string()), []);

/** HELLO of a client (PROTOCOL.md section 4). */
export const clientHello = v.object({ version: v.number(), software, capabilities });
/** HELLO of a server (PROTOCOL.md section 4). */
export const serverHello = v.object({
  version: v.number(),
  software,
  capabilities,
  /** Whether commands that change something are refused. */
  readOnly: flag,
  /** What becomes of an upload whose name is taken, unless it says so itself. */
  collision: v.optional(v.fallback(collision, "rename"), "rename"),
  /** Seconds of silence after which the server closes. */
  idleTimeout: v.pipe(v.number(), v.minValue(0)),
  /** Most requests that may be unanswered. */
  maxRequests: v.pipe(count, v.minValue(1)),
  /** Bytes of bodies of queued requests that the server keeps. */
  window: count,
});
/** ERROR (PROTOCOL.md section 8). A code that is not known yet is `internal` to us. */
export const errorMessage = v.object({
  code: v.fallback(v.picklist(Object.keys(ERROR_CODES) as ErrorCode[]), "internal"),
  message: v.string(),
});
/** END (PROTOCOL.md section 6.1). */
export const bodyEnd = v.object({
  size: count,
  /** Eight hexadecimal digits. */
  crc32: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
  sha256: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
});
/** GOODBYE (PROTOCOL.md section 4). */
export const goodbye = v.object({ reason: v.optional(v.string(), "") });
/** One line of the body of an `ls` reply. */
export const entryLine = entry;
/** One line of the body of a `folder_digests` reply. */
export const folderDigestLine = v.object({
  /** The path of the folder below the one that was asked for; empty for that one itself. */
  name: v.string(),
  /** 32 hexadecimal digits; left out where there is none. */
  digest: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))),
});
/** One line of the body of an `upload_pack` reply: a file that got another path than its own, or was not stored. */
export const packLine = v.object({
  /** Which file of the pack, counted from 0. */
  at: count,
  /** The path that it got. */
  path: v.optional(path),
  /** Why it was not stored. */
  error: v.optional(errorMessage),
});

/** HELLO of a client. */
export type ClientHello = v.InferInput<typeof clientHello>;
/** HELLO of a server, as the client sees it. */
export type ServerHello = v.InferOutput<typeof serverHello>;
/** What an ERROR frame carries. */
export type ErrorMessage = v.InferOutput<typeof errorMessage>;
/** What END carries. */
export type BodyEnd = v.InferOutput<typeof bodyEnd>;

/**
 * Whether a name is one of {@linkcode COMMANDS}.
 *
 * @param name as it came over the wire
 */
export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
