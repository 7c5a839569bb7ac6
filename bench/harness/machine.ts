/**
 * What a figure depends on: the machine, the system, the versions.
 *
 * @module
 */

import { ask } from "./command.ts";

/** The machine in one line. */
export function machine(): string {
  const model = /^model name\s*:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  const gib = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  const virtual = /^flags\s*:.*\bhypervisor\b/m.test(Deno.readTextFileSync("/proc/cpuinfo"))
    ? ", a virtual machine"
    : "";
  return `${navigator.hardwareConcurrency} cores (${model}${virtual}), ${gib} GiB memory, Linux ${Deno.osRelease()}`;
}

/** How to ask a program for its version, and where it stands in the answer. */
const VERSIONS: readonly { name: string; argv: string[]; pattern: RegExp }[] = [
  { name: "curl", argv: ["curl", "--version"], pattern: /curl (\S+)/ },
  { name: "lftp", argv: ["lftp", "--version"], pattern: /Version (\S+)/ },
  { name: "OpenSSH", argv: ["ssh", "-V"], pattern: /OpenSSH_([^\s,]+)/ },
  { name: "rsync", argv: ["rsync", "--version"], pattern: /version (\S+)/ },
  // vsftpd tells its version on standard input, which it takes for a connection.
  { name: "vsftpd", argv: ["sh", "-c", "vsftpd -v 0>&1"], pattern: /version (\S+)/ },
];

/** Versions of Deno and of the peers that are installed, in one line. */
export async function versions(python: string | undefined): Promise<string> {
  const known = await Promise.all(VERSIONS.map(async ({ name, argv, pattern }) => {
    const version = pattern.exec(await ask(...argv) ?? "")?.[1];
    return version && `${name} ${version}`;
  }));
  const pyftpdlib = python && await ask(python, "-c", "import pyftpdlib; print(pyftpdlib.__ver__)");
  return [`Deno ${Deno.version.deno}`, ...known, pyftpdlib && `pyftpdlib ${pyftpdlib}`].filter(Boolean).join(", ");
}

/** Processor load of the last minute, for the note that a machine was not at rest. */
export function load(): number {
  return Deno.loadavg()[0];
}
