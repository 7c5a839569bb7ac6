/**
 * Who is compared: each with its server and its command lines.
 *
 * @module
 */

import type { Command } from "./harness/command.ts";
import { benchFile, DENO, PROGRAMS } from "./programs.ts";
import { bare } from "./servers/bare.ts";
import { ftpd, ftpdFlushing, ftpdWorkers } from "./servers/ftpd.ts";
import { missing } from "./servers/programs.ts";
import { pyftpdlib } from "./servers/pyftpdlib.ts";
import { rsyncd } from "./servers/rsyncd.ts";
import type { Running, Server } from "./servers/server.ts";
import { sshd } from "./servers/sshd.ts";
import { vsftpd } from "./servers/vsftpd.ts";

/** What a command line is made for. */
export type Job = (server: Running) => Command;

/**
 * A way to copy. What is copied is called `data`, a file or a folder; downloads bring `source/data` of the server into
 * `fetched/`, uploads bring it from `served/source/` into `stored/` of the server. A job that a tool does not know is left
 * out of the scenarios that need it.
 */
export interface Tool {
  /** How it is called in tables. */
  readonly name: string;
  /** Whom it talks to; none for a copy on the spot. */
  readonly server?: Server;
  /** Programs that it needs besides its server. */
  readonly needs: readonly string[];
  /** One file. */
  readonly getFile?: Job;
  readonly putFile?: Job;
  /** A folder with all that is below it, to where there is none yet. */
  readonly getTree?: Job;
  readonly putTree?: Job;
  /** The same to where it may be already: only what is missing or different is to be copied. */
  readonly syncDown?: Job;
  readonly syncUp?: Job;
}

/** Our own programs. */
export const CONNME: Tool = {
  name: "connme",
  server: ftpd,
  needs: [],
  getFile: (s) => connme(s, "download", "/source/data", s.place.workspace.fetched, "--no-show"),
  putFile: (s) => connme(s, "upload", `${s.place.workspace.source}/data`, "/stored/data"),
  getTree: (s) => connme(s, "download", "-r", "/source/data", s.place.workspace.fetched),
  putTree: (s) => connme(s, "upload", "-r", `${s.place.workspace.source}/data`, "/stored"),
  syncDown: (s) => connme(s, "sync", "--down", "/source/data", `${s.place.workspace.fetched}/data`),
  syncUp: (s) => connme(s, "sync", `${s.place.workspace.source}/data`, "/stored/data"),
};

/** Our own programs, with a server that flushes every file before it is acknowledged. */
export const CONNME_FLUSHING: Tool = { ...CONNME, name: "connme, flushing", server: ftpdFlushing };

/** Our own programs over four connections, to a server with two threads. */
export const CONNME_PARALLEL: Tool = {
  name: "connme -j 4, two workers",
  server: ftpdWorkers,
  needs: [],
  getTree: (s) => connme(s, "download", "-r", "/source/data", s.place.workspace.fetched, "-j", "4"),
  putTree: (s) => connme(s, "upload", "-r", `${s.place.workspace.source}/data`, "/stored", "-j", "4"),
};

/** The two bare Deno programs. */
export const BARE: Tool = {
  name: "bare Deno copy",
  server: bare,
  needs: [],
  getFile: ({ port, place }) => bareClient(port, "down", `${place.workspace.fetched}/data`),
  putFile: ({ extra, place }) => bareClient(extra!, "up", `${place.workspace.source}/data`),
};

/** curl with an FTP server. */
function curl(server: Server): Tool {
  const url = ({ place, port }: Running) => `ftp://${place.reach}:${port}`;
  return {
    name: `curl, ${server.name}`,
    server,
    needs: ["curl"],
    getFile: (s) => ({ argv: ["curl", "-sS", "-o", `${s.place.workspace.fetched}/data`, `${url(s)}/source/data`] }),
    putFile: (s) => ({ argv: ["curl", "-sS", "-T", `${s.place.workspace.source}/data`, `${url(s)}/stored/`] }),
  };
}

/** lftp with vsftpd; `parallel` transfers at once where there are several files. */
function lftp(parallel: number): Tool {
  const job = (script: (s: Running) => string): Job => (s) => ({
    argv: [
      "lftp",
      "-c",
      `set cmd:fail-exit true; set net:max-retries 2; open ftp://${s.place.reach}:${s.port}; ${script(s)}`,
    ],
    env: { LFTP_HOME: s.place.workspace.config },
  });
  const mirror = `mirror --parallel=${parallel}`;
  return {
    name: parallel === 1 ? "lftp, vsftpd" : `lftp with ${parallel} parallel, vsftpd`,
    server: vsftpd,
    needs: ["lftp"],
    getFile: job(({ place }) => `get source/data -o ${place.workspace.fetched}/data`),
    putFile: job(({ place }) => `put ${place.workspace.source}/data -o stored/data`),
    getTree: job(({ place }) => `${mirror} source/data ${place.workspace.fetched}/data`),
    putTree: job(({ place }) => `${mirror} -R ${place.workspace.source}/data stored/data`),
    syncDown: job(({ place }) => `${mirror} source/data ${place.workspace.fetched}/data`),
    syncUp: job(({ place }) => `${mirror} -R ${place.workspace.source}/data stored/data`),
  };
}

const SCP: Tool = {
  name: "scp",
  server: sshd,
  needs: ["scp"],
  getFile: ({ extra, place: { workspace: w } }) => scp(extra!, `bench:${w.source}/data`, w.fetched),
  putFile: ({ extra, place: { workspace: w } }) => scp(extra!, `${w.source}/data`, `bench:${w.stored}`),
  getTree: ({ extra, place: { workspace: w } }) => scp(extra!, "-r", `bench:${w.source}/data`, w.fetched),
  putTree: ({ extra, place: { workspace: w } }) => scp(extra!, "-r", `${w.source}/data`, `bench:${w.stored}`),
};

const SFTP: Tool = {
  name: "sftp",
  server: sshd,
  needs: ["sftp"],
  getFile: (s) => sftp(s, `get ${s.place.workspace.source}/data ${s.place.workspace.fetched}/data`),
  putFile: (s) => sftp(s, `put ${s.place.workspace.source}/data ${s.place.workspace.stored}/data`),
  getTree: (s) => sftp(s, `get -r ${s.place.workspace.source}/data ${s.place.workspace.fetched}/data`),
  putTree: (s) => sftp(s, `put -r ${s.place.workspace.source}/data ${s.place.workspace.stored}/data`),
};

const RSYNC_SSH: Tool = {
  name: "rsync over ssh",
  server: sshd,
  needs: ["rsync"],
  ...rsyncJobs(
    ({ extra }) => ["-e", `ssh -F ${extra}`],
    ({ place }) => `bench:${place.workspace.served}`,
  ),
};

const RSYNC_DAEMON: Tool = {
  name: "rsync daemon",
  server: rsyncd,
  needs: ["rsync"],
  ...rsyncJobs(() => [], ({ place, port }) => `rsync://${place.reach}:${port}/files`),
};

/** A copy on the spot: nothing that crosses a socket can be faster. */
const CP: Tool = {
  name: "cp",
  needs: ["cp"],
  getFile: ({ place: { workspace: w } }) => ({ argv: ["cp", `${w.source}/data`, w.fetched] }),
  putFile: ({ place: { workspace: w } }) => ({ argv: ["cp", `${w.source}/data`, w.stored] }),
  getTree: ({ place: { workspace: w } }) => ({ argv: ["cp", "-r", `${w.source}/data`, w.fetched] }),
  putTree: ({ place: { workspace: w } }) => ({ argv: ["cp", "-r", `${w.source}/data`, w.stored] }),
};

/** Everybody that we compare ourselves with. */
export const PEERS = {
  curlVsftpd: curl(vsftpd),
  scp: SCP,
  sftp: SFTP,
  rsyncSsh: RSYNC_SSH,
  rsyncDaemon: RSYNC_DAEMON,
  lftp: lftp(1),
  lftpParallel: lftp(8),
  curlPyftpdlib: curl(pyftpdlib),
  cp: CP,
} as const;

/** Why a tool cannot be measured here; `undefined` when it can. */
export async function unavailable(tool: Tool): Promise<string | undefined> {
  return missing(...tool.needs) ?? await tool.server?.missing();
}

/** A command line of our own client. */
export function connme({ place, port }: Running, ...args: string[]): Command {
  return { argv: [PROGRAMS.ftp, `${place.reach}:${port}`, ...args] };
}

function bareClient(port: number | string, direction: string, file: string): Command {
  return { argv: [...DENO, benchFile("bare/client.ts"), String(port), direction, file] };
}

function scp(config: string, ...args: string[]): Command {
  return { argv: ["scp", "-q", "-p", "-F", config, ...args] };
}

/** Without a batch file sftp would want a person. */
function sftp({ extra, place }: Running, line: string): Command {
  const batch = `${place.workspace.config}/sftp.batch`;
  Deno.writeTextFileSync(batch, `${line}\n`);
  return { argv: ["sftp", "-q", "-p", "-F", extra!, "-b", batch, "bench"] };
}

function rsyncJobs(options: (s: Running) => string[], served: (s: Running) => string) {
  const down: Job = (s) => ({
    argv: ["rsync", "-a", ...options(s), `${served(s)}/source/data`, `${s.place.workspace.fetched}/`],
  });
  const up: Job = (s) => ({
    argv: ["rsync", "-a", ...options(s), `${s.place.workspace.source}/data`, `${served(s)}/stored/`],
  });
  return { getFile: down, putFile: up, getTree: down, putTree: up, syncDown: down, syncUp: up };
}
