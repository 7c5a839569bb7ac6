/**
 * Bundles a program into one JavaScript module: what both kinds of executable contain.
 *
 * @module
 */

import { run } from "./run.ts";

/**
 * Bundles each of the `entries`, modules in the root of the repository, with everything it imports but `node:`
 * built-ins. `server.ts` becomes `server.js` in `folder`. Both programs go through one process, because two at once
 * would trip over each other while they install the bundler on its first use.
 *
 * Not minified: a stack trace in a bug report should name functions, errors keep their class names, and the parts that
 * a run does not call are hardly parsed anyway.
 *
 * @throws {Error} with what the bundler said
 */
export async function bundle(entries: readonly string[], folder: string): Promise<void> {
  await run(Deno.execPath(), ["bundle", "--quiet", "--platform", "deno", "--outdir", folder, ...entries]);
}
