/**
 * Where the client keeps what lasts from one run to the next.
 *
 * @module
 */

/**
 * The folder for it, which may not exist yet.
 *
 * @returns `undefined` when the environment names none
 */
export function stateFolder(): string | undefined {
  const home = Deno.env.get("HOME");
  const state = Deno.env.get("XDG_STATE_HOME") || (home && `${home}/.local/state`);
  return state ? `${state}/connme` : undefined;
}
