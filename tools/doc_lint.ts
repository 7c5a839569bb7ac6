/**
 * `deno doc --lint` of the modules named as arguments, less the two rules that a type inferred from a schema can never
 * satisfy: they want every type written out, where we want it written once.
 *
 * @module
 */

const NOT_FOR_SCHEMAS = /^error\[(private-type-ref|missing-explicit-type)\]/;

if (import.meta.main) {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...Deno.args],
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  const said = new TextDecoder().decode(stderr);
  // Each finding starts with `error[RULE]`; after the last comes `error:` with the number of them.
  const parts = said.split(/^(?=error\b)/m).filter((part) => part.startsWith("error"));
  const findings = parts.filter((part) => part.startsWith("error[") && !NOT_FOR_SCHEMAS.test(part));
  const broken = !success && !parts.some((part) => part.startsWith("error["));
  if (broken) console.error(said);
  for (const finding of findings) console.error(finding.trimEnd() + "\n");
  if (findings.length > 0) console.error(`${findings.length} gaps in the public documentation`);
  if (broken || findings.length > 0) Deno.exit(1);
}
