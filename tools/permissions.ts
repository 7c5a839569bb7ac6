/**
 * What the two programs may do. The one place that says so: `deno compile` bakes these flags into the executable,
 * the self-extracting executable passes them to `deno run`.
 *
 * Running other programs and loading foreign code are never granted. Reading and writing cannot be narrowed further
 * here, because the folder is only known when the program starts; the programs confine themselves (see SECURITY.md).
 *
 * @module
 */

/** The name of an executable, which is also its name in `dist/`. */
export type ProgramName = "ftpd" | "ftp";

/** Source and rights of one executable. */
export interface Program {
  /** Its name in `dist/`. */
  readonly name: ProgramName;
  /** Its entry module, relative to the root of the repository. */
  readonly entry: string;
  /** Its permission flags, as `deno run` takes them. */
  readonly permissions: readonly string[];
}

/** Everything that `deno task compile` makes. */
export const PROGRAMS: readonly Program[] = [
  {
    name: "ftpd",
    entry: "server.ts",
    permissions: ["--allow-net", "--allow-read", "--allow-write", "--allow-env"],
  },
  {
    name: "ftp",
    entry: "client.ts",
    permissions: ["--allow-net", "--allow-read", "--allow-write", "--allow-env"],
  },
];
