/**
 * What the two programs may do. The one place that says so: `deno compile` bakes these flags into the executable,
 * the self-extracting executable passes them to `deno run`.
 *
 * Running other programs is never granted, nor loading foreign code but the system's own C library (`disk/libc.ts` says
 * what for). Reading and writing cannot be narrowed further here, because the folder is only known when the program
 * starts; the programs confine themselves (see SECURITY.md).
 * Of the environment they see what is named here: asking for another variable throws, so a new one needs a new name.
 *
 * @module
 */

import { LIBC_PATHS } from "../disk/libc.ts";

/** Source and rights of one executable. */
export interface Program {
  /** Its name in `dist/`. */
  readonly name: "ftpd" | "ftp";
  /** Its entry module, in the root of the repository. */
  readonly entry: string;
  /** Its permission flags, as `deno run` takes them. */
  readonly permissions: readonly string[];
}

/** The one call to the system beyond files tells how much room a disk has. The one library is the system's own. */
const FILES_AND_NETWORK = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-sys=statfs",
  `--allow-ffi=${LIBC_PATHS}`,
];

/**
 * How V8 keeps its memory. New objects get 4 MiB from the start, instead of 1 that grow to 16: most runs are too short to grow,
 * and one that moves ten thousand files collects far less often, in 6 % less time. They are collected by the thread that makes
 * them: for so little it takes longer to wake others, which the peer needs, too, where both are on one machine (another 10 %).
 * What is old is looked through when it has grown by 40 %, not by three times: what a hundred thousand files leave behind is
 * cleared away sooner, for half the memory and no time that could be measured.
 */
const V8_FLAGS = [
  "--min-semi-space-size=4",
  "--max-semi-space-size=4",
  "--no-parallel-scavenge",
  "--heap-growing-percent=40",
];

/** How both programs run, whatever their rights. */
export const RUNTIME_FLAGS: readonly string[] = [`--v8-flags=${V8_FLAGS.join(",")}`];

/** Everything that `deno task compile` makes. */
export const PROGRAMS: readonly Program[] = [
  {
    name: "ftpd",
    entry: "server.ts",
    // Unstable is the option to listen on one port in several threads, and only that is used.
    permissions: [...FILES_AND_NETWORK, "--allow-env=FTPD_*,NO_COLOR", "--unstable-net"],
  },
  {
    name: "ftp",
    entry: "client.ts",
    permissions: [...FILES_AND_NETWORK, "--allow-env=FTP_*,HOME,XDG_*,NO_COLOR,TERM,COLUMNS,LINES"],
  },
];
