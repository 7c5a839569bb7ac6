/**
 * The few calls of the C library that are made for each of many small files, and those that Deno has none for.
 *
 * Deno takes every path apart, and asks the system about each part of it, before it opens, looks at or moves anything, for a
 * program that may not do everything: for a file of a few kilobytes that is several times the work of the call itself. Nor can it
 * be asked to do something in a folder that is held open, to refuse symbolic links in a path, or to move a file to a free name in
 * one step. **Whoever makes one of these calls has another way where there is no library**: other systems than Linux, say.
 *
 * @module
 */

import { PATH_BYTES } from "./path.ts";
import type { Stat } from "./stat.ts";

/** Where the C library of a Linux system lies. The programs may load these, and no other foreign code. */
export const LIBC_PATHS: readonly string[] = [
  `/lib/${Deno.build.arch}-linux-gnu/libc.so.6`, // Debian, Ubuntu
  "/lib64/libc.so.6", // Fedora, openSUSE, Arch
];

const SIG_IGN = 1n;

const SYMBOLS = {
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  fdatasync: { parameters: ["i32"], result: "i32" },
  futimens: { parameters: ["i32", "buffer"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  linkat: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  fchmodat: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  syscall: { parameters: ["i64", "i32", "buffer", "buffer", "usize"], result: "i32" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "i32", optional: true }, // of 2019
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
  memcpy: { parameters: ["buffer", "pointer", "usize"], result: "void" },
  signal: { parameters: ["i32", "usize"], result: "pointer" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** In the place of a folder that is held open: the path says it all. */
export const AT_FDCWD = -100;

// What these are called in the system's own headers.
const AT_REMOVEDIR = 0x200;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const O_WRONLY = 0o1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_DIRECTORY = Deno.build.arch === "aarch64" ? 0o40000 : 0o200000;
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
/** `openat2`, which the library has no name for. */
const SYS_OPENAT2 = 437n;
const RESOLVE_NO_SYMLINKS = 4;
const RENAME_NOREPLACE = 1;
const STATX_BASIC_STATS = 0x7ff;
const KINDS: Record<number, Stat["kind"]> = { 0o10: "file", 0o04: "folder", 0o12: "link" };

/** What the numbers of errors are called. */
const ERRORS: Record<number, string> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  16: "EBUSY",
  17: "EEXIST",
  18: "EXDEV",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  26: "ETXTBSY",
  27: "EFBIG",
  28: "ENOSPC",
  30: "EROFS",
  31: "EMLINK",
  36: "ENAMETOOLONG",
  38: "ENOSYS",
  39: "ENOTEMPTY",
  40: "ELOOP",
  74: "EBADMSG",
  75: "EOVERFLOW",
  84: "EILSEQ",
  95: "EOPNOTSUPP",
  107: "ENOTCONN",
  110: "ETIMEDOUT",
  116: "ESTALE",
  122: "EDQUOT",
};

/** Bytes of a `struct open_how`. */
const HOW_BYTES = 24;
/** Bytes of a `struct statx`. */
const STATX_BYTES = 256;
/** The latest time that a Date holds, and, negative, the earliest one. */
const LATEST_MS = 8.64e15;
const NO_PATH = new Uint8Array(1);

const encoder = new TextEncoder();

/**
 * The calls. A path begins in a folder that is held open, or with {@linkcode AT_FDCWD} where a path does. What is not there, or
 * fails, is `undefined`, `false` or negative; {@linkcode Libc.error} says why.
 */
export class Libc {
  /** Whether the system can be asked to refuse symbolic links in a path: since Linux 5.6. */
  readonly refusesLinks: boolean;
  readonly #calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;
  readonly #path = new Uint8Array(PATH_BYTES);
  readonly #other = new Uint8Array(PATH_BYTES);
  readonly #stat = new Uint8Array(STATX_BYTES);
  readonly #view = new DataView(this.#stat.buffer);
  readonly #how = new Uint8Array(HOW_BYTES);
  readonly #howView = new DataView(this.#how.buffer);
  readonly #times = new Uint8Array(32);
  readonly #timesView = new DataView(this.#times.buffer);
  /** Where the last error of this thread is; and a copy of it, as only the library may look there. */
  readonly #errnoAt: Deno.PointerValue;
  readonly #errno = new Int32Array(1);
  /** Why the path of the last call was not even given to the system. */
  #refusal: string | undefined;

  private constructor(calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>) {
    this.#calls = calls;
    this.#errnoAt = calls.__errno_location();
    const root = this.openFolder("/", true);
    this.refusesLinks = root >= 0;
    if (root >= 0) this.close(root);
  }

  /**
   * Loads the library, which stays loaded.
   *
   * @param paths where to look for it
   * @returns `undefined` where there is none that has all the calls, or it may not be loaded
   */
  static load(paths: readonly string[]): Libc | undefined {
    if (Deno.build.os !== "linux") return undefined;
    for (const path of paths) {
      try {
        return new Libc(Deno.dlopen(path, SYMBOLS).symbols);
      } catch { /* not there, or too old */ }
    }
  }

  /**
   * Ignores a signal from now on.
   *
   * @param signal its number
   */
  ignoreSignal(signal: number): void {
    this.#calls.signal(signal, SIG_IGN);
  }

  /**
   * Sends a signal to this program, and to those that a shell has started together with it.
   *
   * @param signal its number
   */
  signalGroup(signal: number): void {
    this.#calls.kill(0, signal);
  }

  /** Why the last call failed, with the `code` that Deno's own errors have; to be asked right after it. */
  error(): Error {
    this.#calls.memcpy(this.#errno, this.#errnoAt, BigInt(this.#errno.byteLength));
    const [number] = this.#errno;
    const code = this.#refusal ?? ERRORS[number] ?? `error ${number} of the system`;
    return Object.assign(new Error(code), { code });
  }

  /**
   * Opens a folder: to hold it, or for {@linkcode Libc.names}.
   *
   * @param path of the folder
   * @param plain whether no part of the path may be a symbolic link; only where {@linkcode Libc.refusesLinks}
   * @param toRead whether its names are to be read
   * @returns its descriptor
   */
  openFolder(path: string, plain: boolean, toRead = false): number {
    if (!this.#take(path)) return -1;
    const flags = O_DIRECTORY | O_CLOEXEC | (toRead ? O_NONBLOCK : O_PATH);
    if (!plain) return this.#calls.openat(AT_FDCWD, this.#path, flags, 0);
    this.#howView.setUint32(0, flags, true);
    this.#howView.setUint32(16, RESOLVE_NO_SYMLINKS, true);
    return this.#calls.syscall(SYS_OPENAT2, AT_FDCWD, this.#path, this.#how, BigInt(HOW_BYTES));
  }

  /** Opens once more a folder that is held open, for {@linkcode Libc.names}; returns its descriptor. */
  openToList(folder: number): number {
    if (!this.#take(".")) return -1;
    return this.#calls.openat(folder, this.#path, O_DIRECTORY | O_CLOEXEC | O_NONBLOCK, 0);
  }

  /** How many bytes of the next names in a folder were read, each a `struct linux_dirent64`; 0 at the end. */
  names(folder: number, into: Uint8Array<ArrayBuffer>): number {
    this.#refusal = this.#calls.getdents64 ? undefined : "ENOSYS";
    return this.#calls.getdents64?.(folder, into, BigInt(into.length)) ?? -1;
  }

  /**
   * Creates a file that must not be there.
   *
   * @param mode the rights that it gets, less what the umask takes
   * @returns its descriptor, for writing
   */
  create(at: number, path: string, mode: number): number {
    if (!this.#take(path)) return -1;
    return this.#calls.openat(at, this.#path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  }

  /**
   * Opens a file for reading, without waiting for anybody where it is a pipe.
   *
   * @param follow whether it may be a symbolic link
   * @returns its descriptor
   */
  open(at: number, path: string, follow: boolean): number {
    if (!this.#take(path)) return -1;
    return this.#calls.openat(at, this.#path, O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), 0);
  }

  /** How many bytes were read; 0 at the end. */
  read(file: number, into: Uint8Array<ArrayBuffer>): number {
    this.#refusal = undefined;
    return this.#calls.read(file, into, BigInt(into.length));
  }

  /** How many bytes were written. */
  write(file: number, bytes: Uint8Array<ArrayBuffer>): number {
    this.#refusal = undefined;
    return this.#calls.write(file, bytes, BigInt(bytes.length));
  }

  /** Flushes the content of a file; whether it did. */
  sync(file: number): boolean {
    this.#refusal = undefined;
    return this.#calls.fdatasync(file) === 0;
  }

  /**
   * Sets both times of a file.
   *
   * @param ms in milliseconds since 1970
   * @returns whether it did
   */
  setTime(file: number, ms: number): boolean {
    const seconds = Math.floor(ms / 1000);
    const view = this.#timesView;
    for (let at = 0; at < 32; at += 16) {
      view.setUint32(at, seconds % 2 ** 32, true);
      view.setInt32(at + 4, Math.floor(seconds / 2 ** 32), true);
      view.setUint32(at + 8, Math.trunc(ms - seconds * 1000) * 1_000_000, true);
    }
    this.#refusal = undefined;
    return this.#calls.futimens(file, this.#times) === 0;
  }

  /** Closes a file. */
  close(file: number): void {
    this.#calls.close(file);
  }

  /**
   * What the system says of what stands under a path.
   *
   * @param follow whether of what a symbolic link leads to
   */
  stat(at: number, path: string, follow: boolean): Stat | undefined {
    if (!this.#take(path)) return undefined;
    return this.#statx(at, this.#path, follow ? 0 : AT_SYMLINK_NOFOLLOW);
  }

  /** What the system says of an open file. */
  statOpen(file: number): Stat | undefined {
    this.#refusal = undefined;
    return this.#statx(file, NO_PATH, AT_EMPTY_PATH);
  }

  /**
   * Removes something; whether it did.
   *
   * @param kind a file or whatever is no folder, or an empty folder
   */
  remove(at: number, path: string, kind: "file" | "folder"): boolean {
    return this.#take(path) && this.#calls.unlinkat(at, this.#path, kind === "folder" ? AT_REMOVEDIR : 0) === 0;
  }

  /**
   * Makes a folder where nothing is; whether it did.
   *
   * @param mode the rights that it gets, less what the umask takes
   */
  makeFolder(at: number, path: string, mode: number): boolean {
    return this.#take(path) && this.#calls.mkdirat(at, this.#path, mode) === 0;
  }

  /** Sets the rights of a file; whether it did. */
  setMode(at: number, path: string, mode: number): boolean {
    return this.#take(path) && this.#calls.fchmodat(at, this.#path, mode, 0) === 0;
  }

  /** Gives a file a second name, which must be free; whether it did. */
  link(at: number, path: string, toAt: number, to: string): boolean {
    return this.#take(path, to) && this.#calls.linkat(at, this.#path, toAt, this.#other, 0) === 0;
  }

  /**
   * Moves something within its file system; whether it did.
   *
   * @param replace whether it may replace a file, or as a folder an empty one; not every file system knows how not to
   */
  move(at: number, path: string, toAt: number, to: string, replace: boolean): boolean {
    if (!this.#take(path, to)) return false;
    return this.#calls.renameat2(at, this.#path, toAt, this.#other, replace ? 0 : RENAME_NOREPLACE) === 0;
  }

  /** Paths as C takes them; `false` where they would not be the same ones. */
  #take(path: string, other?: string): boolean {
    this.#refusal = encode(path, this.#path) ?? (other === undefined ? undefined : encode(other, this.#other));
    return this.#refusal === undefined;
  }

  #statx(at: number, path: Uint8Array<ArrayBuffer>, flags: number): Stat | undefined {
    if (this.#calls.statx(at, path, flags, STATX_BASIC_STATS, this.#stat) !== 0) return undefined;
    const view = this.#view;
    const mode = view.getUint16(28, true);
    return {
      kind: KINDS[mode >> 12] ?? "other",
      size: view.getUint32(44, true) * 2 ** 32 + view.getUint32(40, true),
      modified: this.#time(112),
      changed: this.#time(96),
      mode: mode & 0o777,
      dev: deviceOf(view.getUint32(136, true), view.getUint32(140, true)),
      ino: view.getUint32(36, true) * 2 ** 32 + view.getUint32(32, true),
    };
  }

  /** A time of what was looked at last, in milliseconds; 0 where no Date can hold it. */
  #time(at: number): number {
    const seconds = this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    const parts = this.#view.getUint32(at + 8, true) / 1_000_000;
    const ms = seconds * 1000 + (seconds < 0 ? Math.ceil(parts) : Math.floor(parts)); // towards 1970, as Deno does
    return Math.abs(ms) > LATEST_MS ? 0 : ms;
  }
}

let loaded: { libc: Libc | undefined } | undefined;

/** The calls, where they can be had. Loading them takes some milliseconds, so it is for whoever has many to make. */
export function libc(): Libc | undefined {
  return (loaded ??= { libc: Libc.load(LIBC_PATHS) }).libc;
}

/**
 * Whether a path goes up again. To Deno, `link/..` is where the link stands; to the system, where what it leads to stands.
 *
 * @param path of the disk
 */
export function goesUp(path: string): boolean {
  return /(?:^|\/)\.\.(?:\/|$)/.test(path);
}

/** Writes a path as C takes it; returns the error where it would not be the same one. */
function encode(path: string, into: Uint8Array<ArrayBuffer>): string | undefined {
  if (path.includes("\0") || goesUp(path)) return "EINVAL";
  if (path.length >= PATH_BYTES) return "ENAMETOOLONG";
  const { read, written } = encoder.encodeInto(path, into);
  if (read < path.length || written === into.length) return "ENAMETOOLONG";
  into[written] = 0;
}

/** The two numbers of a device as the one that the system calls have for it. */
function deviceOf(major: number, minor: number): number {
  return (major >>> 12) * 2 ** 44 + (minor >>> 8) * 2 ** 20 + (major & 0xfff) * 2 ** 8 + (minor & 0xff);
}
