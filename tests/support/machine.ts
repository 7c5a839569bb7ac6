/**
 * What only some machines let a test do: small disks, other rights. Each part says why it cannot be had.
 *
 * @module
 */

import { TempFolder } from "./temp_folder.ts";

/** A file system of its own in memory, unmounted at the end. */
export class RamDisk implements Disposable {
  readonly #folder = new TempFolder();

  /** @param size as `mount` takes it, such as `8m` */
  constructor(size: string) {
    const refusal = run("mount", "-t", "tmpfs", "-o", `size=${size}`, "connme-test", this.#folder.path);
    if (refusal === undefined) return;
    this.#folder[Symbol.dispose]();
    throw new Error(refusal);
  }

  /** Where it is mounted. */
  get path(): string {
    return this.#folder.path;
  }

  /** From now on nothing can be written to it. */
  makeReadOnly(): void {
    const refusal = run("mount", "-o", "remount,ro", this.path);
    if (refusal !== undefined) throw new Error(refusal);
  }

  /** Unmounts it, whatever is still open on it. */
  [Symbol.dispose](): void {
    run("umount", "--lazy", this.path);
    this.#folder[Symbol.dispose]();
  }
}

/** Why there is no C library to be called; `undefined` where there is. */
export const noLibc: string | undefined = Deno.build.os === "linux" ? undefined : "only Linux has it";

/** Why there can be no {@linkcode RamDisk}; `undefined` where there can. */
export const noRamDisk: string | undefined = Deno.build.os === "linux" ? tryRamDisk() : "not on this system";

/**
 * What to put before a program so that the rights of files bind it: nothing for most, but root has to give up what
 * makes it ignore them. `undefined` where it cannot.
 */
export const bound: string[] | undefined = Deno.uid() !== 0 ? [] : tryGivingUpRights();

/** Why no program can be {@linkcode bound}; `undefined` where it can. */
export const notBound: string | undefined = bound ? undefined : "root cannot give up its rights";

/**
 * A test that not every machine can run. Where it cannot run, the reason stands in its name.
 *
 * @param missing why it cannot run; `undefined` where it can
 * @param name as of any test
 * @param run the test
 */
export function testUnless(missing: string | undefined, name: string, run: () => void | Promise<void>): void {
  const shown = missing === undefined ? name : `${name} [cannot be tested here: ${missing}]`;
  Deno.test({ name: shown, ignore: missing !== undefined, fn: run });
}

/**
 * The most memory that a process has used so far, in MiB.
 *
 * @param pid of a running process
 */
export function peakMemory(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1024;
}

/**
 * How many files and sockets a process has open.
 *
 * @param pid of a running process
 */
export function openFiles(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

/**
 * Whether somebody on this machine still holds a connection that the other side has closed.
 *
 * @param port of that other side
 */
export function hasUnnoticedEnd(port: number): boolean {
  const remote = port.toString(16).toUpperCase().padStart(4, "0");
  // The state comes right behind the remote address; 08 is CLOSE_WAIT.
  return new RegExp(`:${remote} 08 `).test(Deno.readTextFileSync("/proc/net/tcp"));
}

/**
 * How many TCP ports a process listens on.
 *
 * @param pid of a running process
 */
export function listenersOf(pid: number): number {
  const sockets = Array.from(Deno.readDirSync(`/proc/${pid}/fd`), ({ name }) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/${pid}/fd/${name}`))?.[1];
    } catch {
      return undefined; // closed meanwhile
    }
  });
  // The state is 0A, LISTEN; the tenth field is the inode.
  const listening = Deno.readTextFileSync("/proc/net/tcp").split("\n").map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === "0A").map((fields) => fields[9]);
  return listening.filter((inode) => sockets.includes(inode)).length;
}

function tryRamDisk(): string | undefined {
  try {
    using _disk = new RamDisk("1m");
    return undefined;
  } catch (error) {
    return `a file system cannot be mounted: ${(error as Error).message}`;
  }
}

function tryGivingUpRights(): string[] | undefined {
  const prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
  return run(...prefix as [string, string], "true") === undefined ? prefix : undefined;
}

/** Runs a program; returns what it said when it failed. */
function run(program: string, ...args: string[]): string | undefined {
  try {
    const { success, stderr } = new Deno.Command(program, { args, stdout: "null", stderr: "piped" }).outputSync();
    return success ? undefined : new TextDecoder().decode(stderr).split("\n")[0].replace(/^\w+: \/\S+: /, "");
  } catch (error) {
    return (error as Error).message;
  }
}
