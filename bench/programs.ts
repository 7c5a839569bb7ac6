/** The two programs under test. */
const DIST = Deno.env.get("CONNME_DIST") ?? new URL("../dist", import.meta.url).pathname;

/** Paths of the built programs; the environment variable CONNME_DIST names another folder, to measure an older build. */
export const PROGRAMS = { ftp: `${DIST}/ftp`, ftpd: `${DIST}/ftpd` };

/** How bare Deno programs are run: with the rights and switches that our own have. */
export const DENO = [
  Deno.execPath(),
  "run",
  "--quiet",
  "--no-prompt",
  "--no-check",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--allow-net",
  "--allow-read",
  "--allow-write",
];

/** The path of a file of this folder. */
export function benchFile(name: string): string {
  return new URL(name, import.meta.url).pathname;
}
