/**
 * Whose an interrupted transfer is (PROTOCOL.md section 7.11).
 *
 * @module
 */

import type { PartialOwner } from "../../disk/names.ts";
import { concat } from "../../protocol/buffers.ts";
import { stateFolder } from "../state.ts";

/** This run of the program, in 16 hexadecimal digits. */
const RUN = crypto.getRandomValues(new Uint8Array(8)).toHex();

let secret: Uint8Array<ArrayBuffer> | undefined;

/**
 * The owner of a transfer: the same for each attempt at the same transfer by the same person, and nobody else's.
 *
 * @param parts what the transfer is: from where, to where
 */
export async function ownerOf(...parts: string[]): Promise<PartialOwner> {
  secret ??= readSecret();
  const text = new TextEncoder().encode(parts.join("\0"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", concat([secret, text])));
  return { token: digest.subarray(0, 16).toHex(), run: RUN };
}

/** What only this person knows. Where it cannot be kept, transfers can be resumed within one run of the program. */
function readSecret(): Uint8Array<ArrayBuffer> {
  const folder = stateFolder();
  const fresh = crypto.getRandomValues(new Uint8Array(32));
  if (folder === undefined) return fresh;
  const path = `${folder}/secret`;
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Written whole under another name first: two programs that start at once must agree.
    const own = `${path}.${fresh.subarray(0, 8).toHex()}`;
    Deno.writeFileSync(own, fresh, { createNew: true, mode: 0o600 });
    try {
      Deno.linkSync(own, path);
    } catch { /* there is one already */ }
    Deno.removeSync(own);
  } catch { /* read-only, perhaps, but it may have been written before */ }
  try {
    const kept = Deno.readFileSync(path);
    return kept.length === fresh.length ? kept : fresh;
  } catch {
    return fresh;
  }
}
