/**
 * The lines typed in earlier runs.
 *
 * @module
 */

import { stateFolder } from "../state.ts";

/** Lines that are kept. */
const MOST_LINES = 1000;

/** A file of lines, the oldest first. That it cannot be read or written is nobody's trouble: there is no history then. */
export class History {
  readonly #path: string | undefined;

  /** @param path of the file; by default where the system wants such things */
  constructor(path: string | undefined = defaultPath()) {
    this.#path = path;
  }

  /** The lines, the oldest first. */
  read(): string[] {
    if (this.#path === undefined) return [];
    try {
      return Deno.readTextFileSync(this.#path).split("\n").filter((line) => line !== "").slice(-MOST_LINES);
    } catch {
      return [];
    }
  }

  /**
   * Adds a line at once, so that neither a crash nor another shell at the same time loses it.
   *
   * @param line one line; an empty one and a repetition of the last one are not kept
   */
  add(line: string): void {
    if (this.#path === undefined || line.trim() === "" || line.includes("\n")) return;
    const lines = this.read();
    if (lines.at(-1) === line) return;
    const beside = `${this.#path}.${crypto.randomUUID()}`;
    try {
      Deno.mkdirSync(this.#path.slice(0, this.#path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
      const text = [...lines, line].slice(-MOST_LINES).join("\n") + "\n";
      // For the owner's eyes only: lines may name what is private.
      Deno.writeTextFileSync(beside, text, { createNew: true, mode: 0o600 });
      Deno.renameSync(beside, this.#path);
    } catch {
      try {
        Deno.removeSync(beside);
      } catch { /* it was never made */ }
    }
  }
}

function defaultPath(): string | undefined {
  const folder = stateFolder();
  return folder && `${folder}/history`;
}
