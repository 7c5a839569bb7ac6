/**
 * The version of connme, and what the programs call themselves.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };

/** The version of both programs. */
export const VERSION: string = manifest.version;

/** What HELLO calls them (PROTOCOL.md section 4). */
export const SOFTWARE = `connme/${VERSION}`;
