/**
 * Runs a command of the build and returns what it printed.
 *
 * @module
 */

/**
 * Runs a command without standard input and returns its standard output.
 *
 * @throws {Error} with the command and everything it printed, if it fails
 */
export async function run(command: string, args: string[]): Promise<string> {
  const options = { args, stdin: "null", stdout: "piped", stderr: "piped", env: { NO_COLOR: "1" } } as const;
  const { success, code, stdout, stderr } = await new Deno.Command(command, options).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${command} ${args.join(" ")}: exit code ${code}\n${err}${out}`.trimEnd());
  return out;
}
