/**
 * The few calls of the C library that are made for each of many small files.
 *
 * Deno takes every path apart, and asks the system about each part of it, before it opens, looks at or moves anything, for a
 * program that may not do everything: for a file of a few kilobytes that is several times the work of the call itself. It
 * has no call that moves a file to a free name in one step either. These calls know neither errors nor other systems than Linux.
 * **Whoever makes one makes Deno's own where it fails, or where there is no library**: that does the same, or says why not.
 *
 * @module
 */

import type { Seen } from "./look.ts";

/** Where the C library of a Linux system lies. The programs may load these, and no other foreign code. */
export const LIBC_PATHS: readonly string[] = [
  `/lib/${Deno.build.arch}-linux-gnu/libc.so.6`, // Debian, Ubuntu
  "/lib64/libc.so.6", // Fedora, openSUSE, Arch
];

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
  syscall: { parameters: ["i64", "i32", "buffer", "buffer", "usize"], result: "i32" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "i32", optional: true }, // of 2019
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

// What these are called in the system's own headers.
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const O_WRONLY = 0o1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_DIRECTORY = Deno.build.arch === "aarch64" ? 0o40000 : 0o200000;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
/** `openat2`, which the library has no name for. */
const SYS_OPENAT2 = 437n;
const RESOLVE_NO_SYMLINKS = 4;
const RENAME_NOREPLACE = 1;
const STATX_BASIC_STATS = 0x7ff;
const KINDS: Record<number, Seen["kind"]> = { 0o10: "file", 0o04: "folder", 0o12: "link" };

/** Longest path that the system takes, in bytes, the zero behind it included. */
const PATH_BYTES = 4096;
/** Bytes of a `struct open_how`. */
const HOW_BYTES = 24;
/** Bytes of a `struct statx`. */
const STATX_BYTES = 256;
/** The latest time that a Date holds, and, negative, the earliest one. */
const LATEST_MS = 8.64e15;
const NO_PATH = new Uint8Array(1);

const encoder = new TextEncoder();

/**
 * The calls. Paths are as for Deno's own; what is not there, or fails, is `undefined`, `false` or negative. Where a path must be
 * **plain**, no part of it may be a symbolic link, which the system sees to itself: between a look and its use anybody may put
 * one there.
 */
export class Libc {
  readonly #calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;
  readonly #path = new Uint8Array(PATH_BYTES);
  readonly #other = new Uint8Array(PATH_BYTES);
  readonly #stat = new Uint8Array(STATX_BYTES);
  readonly #view = new DataView(this.#stat.buffer);
  readonly #how = new Uint8Array(HOW_BYTES);
  readonly #howView = new DataView(this.#how.buffer);
  readonly #times = new Uint8Array(32);
  readonly #timesView = new DataView(this.#times.buffer);

  private constructor(calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>) {
    this.#calls = calls;
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
   * Creates a file that must not be there.
   *
   * @param mode the rights that it gets, less what the umask takes
   * @param plain whether the path must be plain
   * @returns its descriptor, for writing
   */
  create(path: string, mode: number, plain: boolean): number {
    return this.#open(path, O_WRONLY | O_CREAT | O_EXCL, mode, plain);
  }

  /**
   * Opens a file for reading, without waiting for anybody where it is a pipe.
   *
   * @param plain whether the path must be plain
   * @returns its descriptor
   */
  open(path: string, plain: boolean): number {
    return this.#open(path, O_NONBLOCK | O_NOCTTY, 0, plain);
  }

  /**
   * Opens a folder for {@linkcode Libc.names}.
   *
   * @param plain whether the path must be plain
   * @returns its descriptor
   */
  openFolder(path: string, plain: boolean): number {
    return this.#open(path, O_DIRECTORY | O_NONBLOCK, 0, plain);
  }

  /** How many bytes of the next names in a folder were read, each a `struct linux_dirent64`; 0 at the end. */
  names(folder: number, into: Uint8Array<ArrayBuffer>): number {
    return this.#calls.getdents64?.(folder, into, BigInt(into.length)) ?? -1;
  }

  /** How many bytes were read; 0 at the end. */
  read(file: number, into: Uint8Array<ArrayBuffer>): number {
    return this.#calls.read(file, into, BigInt(into.length));
  }

  /** How many bytes were written. */
  write(file: number, bytes: Uint8Array<ArrayBuffer>): number {
    return this.#calls.write(file, bytes, BigInt(bytes.length));
  }

  /** Flushes the content of a file; whether it did. */
  sync(file: number): boolean {
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
  look(path: string, follow: boolean): Seen | undefined {
    if (!encode(path, this.#path)) return undefined;
    return this.#statx(AT_FDCWD, this.#path, follow ? 0 : AT_SYMLINK_NOFOLLOW);
  }

  /** What the system says of an open file. */
  lookAtOpen(file: number): Seen | undefined {
    return this.#statx(file, NO_PATH, AT_EMPTY_PATH);
  }

  /** Removes a file; whether it did. */
  remove(path: string): boolean {
    return encode(path, this.#path) && this.#calls.unlinkat(AT_FDCWD, this.#path, 0) === 0;
  }

  /**
   * Makes a folder where nothing is; whether it did.
   *
   * @param mode the rights that it gets, less what the umask takes
   * @param plain whether the path must be plain
   */
  makeFolder(path: string, mode: number, plain: boolean): boolean {
    if (!plain) return encode(path, this.#path) && this.#calls.mkdirat(AT_FDCWD, this.#path, mode) === 0;
    const slash = path.lastIndexOf("/");
    const parent = this.#open(path.slice(0, slash) || "/", O_PATH, 0, true);
    if (parent < 0) return false;
    try {
      return encode(path.slice(slash + 1), this.#path) && this.#calls.mkdirat(parent, this.#path, mode) === 0;
    } finally {
      this.#calls.close(parent);
    }
  }

  /** Moves something within its file system to a name that is free; whether it did. Not every file system can. */
  moveToFreeName(from: string, to: string): boolean {
    return this.#rename(from, to, RENAME_NOREPLACE);
  }

  /** Moves a folder within its file system to where nothing is, or an empty folder; whether it did. */
  moveFolder(from: string, to: string): boolean {
    return this.#rename(from, to, 0);
  }

  #open(path: string, flags: number, mode: number, plain: boolean): number {
    if (!encode(path, this.#path)) return -1;
    if (!plain) return this.#calls.openat(AT_FDCWD, this.#path, flags | O_CLOEXEC, mode);
    this.#howView.setUint32(0, flags | O_CLOEXEC, true);
    this.#howView.setUint32(8, mode, true);
    this.#howView.setUint32(16, RESOLVE_NO_SYMLINKS, true);
    return this.#calls.syscall(SYS_OPENAT2, AT_FDCWD, this.#path, this.#how, BigInt(HOW_BYTES));
  }

  #rename(from: string, to: string, flags: number): boolean {
    return encode(from, this.#path) && encode(to, this.#other) &&
      this.#calls.renameat2(AT_FDCWD, this.#path, AT_FDCWD, this.#other, flags) === 0;
  }

  #statx(at: number, path: Uint8Array<ArrayBuffer>, flags: number): Seen | undefined {
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
    const ms = seconds * 1000 + Math.floor(this.#view.getUint32(at + 8, true) / 1_000_000);
    return Math.abs(ms) > LATEST_MS ? 0 : ms;
  }
}

let loaded: { libc: Libc | undefined } | undefined;

/** The calls, where they can be had. Loading them takes some milliseconds, so it is for whoever has many to make. */
export function libc(): Libc | undefined {
  return (loaded ??= { libc: Libc.load(LIBC_PATHS) }).libc;
}

/** To Deno, `link/..` is where the link stands; to the system, where what it leads to stands. */
const UPWARDS = /(?:^|\/)\.\.(?:\/|$)/;

/** A path as C takes it; `false` where it would not be the same one. */
function encode(path: string, into: Uint8Array<ArrayBuffer>): boolean {
  if (path.length >= PATH_BYTES || path.includes("\0") || UPWARDS.test(path)) return false;
  const { read, written } = encoder.encodeInto(path, into);
  if (read < path.length || written === into.length) return false;
  into[written] = 0;
  return true;
}

/** The two numbers of a device as the one that the system calls have for it. */
function deviceOf(major: number, minor: number): number {
  return (major >>> 12) * 2 ** 44 + (minor >>> 8) * 2 ** 20 + (major & 0xfff) * 2 ** 8 + (minor & 0xff);
}
