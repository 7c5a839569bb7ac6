/**
 * Makes a self-extracting executable: `stub.sh`, the bundled program, and the Deno binary that runs this build. For
 * machines where `deno compile` cannot have its base binary.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Program, RUNTIME_FLAGS } from "./permissions.ts";
import { run } from "./run.ts";

/** Whatever one payload file needs for being unpacked. */
interface Payload {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its content as a name: same name, same content. */
  readonly hash: string;
  /** What POSIX `cksum` says of it on standard input: checksum and size. */
  readonly sum: string;
}

/**
 * How the unpacked program is run: nothing of the machine it runs on (configuration files, lock files, package folders)
 * may change what it does. The code cache stays on: it lies in the private cache folder, and saves 10 ms of the start
 * of a program that uses `node:` modules.
 */
const RUN_FLAGS = ["--quiet", "--no-prompt", "--no-check", "--no-config", "--no-lock", "--no-remote", "--no-npm"];

const read = async (file: string): Promise<Payload> => {
  const [bytes, line] = await Promise.all([Deno.readFile(file), run("cksum", [file])]);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  return { bytes, hash, sum: line.split(" ", 2).join(" ") };
};

/** The Deno binary that runs this build, read once for both programs. */
let deno: Promise<Payload> | undefined;

/**
 * Writes the self-extracting executable of `program`, whose bundle is file `bundled`, to file `output`.
 *
 * @throws {Error} if a file cannot be read or written
 */
export async function embed(program: Program, version: string, bundled: string, output: string): Promise<void> {
  const [runtime, code] = await Promise.all([deno ??= read(Deno.execPath()), read(bundled)]);
  const values: Record<string, string | number> = {
    NAME: program.name,
    VERSION: version,
    TARGET: Deno.build.target,
    DENO: `deno-${Deno.version.deno}-${runtime.hash}`,
    DENO_SIZE: runtime.bytes.length,
    DENO_SUM: runtime.sum,
    PROGRAM: `${program.name}-${code.hash}.mjs`,
    PROGRAM_SIZE: code.bytes.length,
    PROGRAM_SUM: code.sum,
    BOTH_SIZE: runtime.bytes.length + code.bytes.length,
    // Quoted for the shell, because a permission may contain a `*`.
    FLAGS: [...RUN_FLAGS, ...RUNTIME_FLAGS, ...program.permissions].map((flag) => `'${flag}'`).join(" "),
  };
  const template = await Deno.readTextFile(new URL("stub.sh", import.meta.url));
  const stub = template.replaceAll(/@([A-Z_]+)@/g, (_, name: string) => String(values[name]));
  using file = await Deno.open(output, { write: true, create: true, truncate: true, mode: 0o755 });
  for (const part of [new TextEncoder().encode(stub), code.bytes, runtime.bytes]) {
    for (let done = 0; done < part.length;) done += file.writeSync(part.subarray(done));
  }
}
