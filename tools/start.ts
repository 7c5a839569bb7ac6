/**
 * Serves the folder `files/`, made on first use, with `dist/ftpd`, built if out of date; says how to reach it. Further
 * arguments go to ftpd.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { compile } from "./compile.ts";

if (import.meta.main) {
  await compile(undefined, true);
  await Deno.mkdir("files", { recursive: true });

  const { port = Deno.env.get("FTPD_PORT") ?? 8080 } = parseArgs(Deno.args, { string: ["port"] });
  console.log(`In another terminal: ./dist/ftp localhost:${port}`);

  const ftpd = new Deno.Command("dist/ftpd", { args: ["files", ...Deno.args], stdin: "inherit" }).spawn();
  // A Ctrl-C reaches ftpd by itself, being of the same terminal; what is sent to this process alone is passed on.
  Deno.addSignalListener("SIGINT", () => {});
  Deno.addSignalListener("SIGTERM", () => ftpd.kill("SIGTERM"));
  Deno.exit((await ftpd.status).code);
}
