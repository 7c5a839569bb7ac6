/**
 * What a disk can answer, as one error type with a code that both programs understand.
 *
 * @module
 */

/** Why a disk operation failed. */
export type DiskErrorCode =
  | "not_found"
  | "exists"
  | "is_folder"
  | "not_folder"
  | "not_empty"
  | "denied"
  | "outside"
  | "bad_path"
  | "name_too_long"
  | "no_space"
  | "changed"
  | "internal";

/** A disk operation failed in a foreseeable way. */
export class DiskError extends Error {
  /** The name of the class, for logs. */
  override name = "DiskError";
  /** Why. */
  readonly code: DiskErrorCode;

  /**
   * A failure with its reason.
   *
   * @param code why
   * @param message a sentence for a person
   * @param options what caused it
   */
  constructor(code: DiskErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What the system calls it, what we call it, and what a person is told. */
const BY_ERRNO: Record<string, [DiskErrorCode, string]> = {
  ENOENT: ["not_found", "there is no such file or folder"],
  EEXIST: ["exists", "the name is taken"],
  EISDIR: ["is_folder", "it is a folder"],
  ENOTDIR: ["not_folder", "it is not a folder"],
  ENOTEMPTY: ["not_empty", "the folder is not empty"],
  EACCES: ["denied", "permission denied"],
  EPERM: ["denied", "the operating system does not permit it"],
  EROFS: ["denied", "the file system is read-only"],
  ETXTBSY: ["denied", "the file is being executed"],
  EBUSY: ["denied", "it is in use"],
  ELOOP: ["outside", "its symbolic links lead in a circle"],
  ENAMETOOLONG: ["name_too_long", "the path or a name in it is longer than the file system takes"],
  EILSEQ: ["bad_path", "the file system does not take that name"],
  EINVAL: ["bad_path", "the file system does not take that name"],
  ENOSPC: ["no_space", "the disk is full"],
  EDQUOT: ["no_space", "the quota is used up"],
  EFBIG: ["no_space", "the file is larger than the file system takes"],
  EMFILE: ["internal", "too many files are open"],
  ENFILE: ["internal", "too many files are open"],
  EXDEV: ["denied", "it lies on another file system"],
  EIO: ["internal", "the disk reports an error"],
};

/**
 * Turns whatever the system threw into a {@linkcode DiskError}.
 *
 * @param error what was thrown
 * @param what what was tried on what, such as `reading "/a.txt"`, as the start of the sentence
 * @returns the error to throw; a {@linkcode DiskError} is returned as it is
 *
 * @example
 * ```ts
 * import { diskError } from "./errors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const error = Object.assign(new Error("full"), { code: "ENOSPC" });
 * assertEquals(diskError(error, "writing").message, "writing: the disk is full");
 * ```
 */
export function diskError(error: unknown, what: string): DiskError {
  if (error instanceof DiskError) return error;
  const errno = errnoOf(error);
  const known = errno === undefined ? undefined : BY_ERRNO[errno];
  if (error instanceof Deno.errors.NotCapable) {
    return new DiskError("denied", `${what}: special files, as in /dev and /proc, are out of bounds`, { cause: error });
  }
  if (known) return new DiskError(known[0], `${what}: ${known[1]}`, { cause: error });
  // The system's own text may name real paths, which are not for everybody's eyes; the cause keeps it.
  const name = errno ?? (error instanceof Error ? error.name : typeof error);
  return new DiskError("internal", `${what}: unexpected error (${name})`, { cause: error });
}

/**
 * The system's own name of an error.
 *
 * @param error what was thrown
 * @returns `ENOENT` and so on; `undefined` when it did not come from the system
 */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
