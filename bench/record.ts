/**
 * Writes what was measured to docs/benchmarks.md.
 *
 * @module
 */

import { toMarkdown } from "./harness/table.ts";
import type { Report, Scenario } from "./scenario.ts";

const FILE = new URL("../docs/benchmarks.md", import.meta.url);

const HEAD = `# Benchmarks

Written by \`deno task bench --record\`; each section is replaced when its scenario is run again, everything else stays.
Every run is a whole process, from its start to its end. Contenders take turns (A B C, A B C, ...), after one round that
does not count. Figures are medians; "connme is" is the median of the ratios of runs of the same round, so 2.00x means
that connme took half the time. All files are in memory (tmpfs) unless it says otherwise, are written anew in every run,
and are compared with the original after it. "cpu" is the processor time of client and server together, "client" and
"server" the most memory that either held.
`;

/** Where and when something was measured. */
export interface Circumstances {
  date: string;
  machine: string;
  versions: string;
  runs: number;
}

/** Puts a report in the place of the last one of the same scenario, or at the end. */
export function record({ name, summary }: Scenario, report: Report, where: Circumstances): void {
  const pictures = Object.keys(report.files ?? {});
  const begin = `<!-- ${name}: begin -->`;
  const end = `<!-- ${name}: end -->`;
  const section = [
    begin,
    "",
    `## ${name}: ${summary}`,
    "",
    `${where.date}, ${where.runs} rounds. ${where.machine}. ${where.versions}.`,
    "",
    ...report.tables.flatMap((table) => [toMarkdown(table), ""]),
    ...pictures.flatMap((picture) => [`![${name}](${picture})`, ""]),
    ...report.notes.map((note) => `- ${note}`),
    ...report.notes.length > 0 ? [""] : [],
    end,
  ].join("\n");
  let text = HEAD;
  try {
    text = Deno.readTextFileSync(FILE);
  } catch { /* the first one */ }
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  text = from >= 0 && to > from
    ? text.slice(0, from) + section + text.slice(to + end.length)
    : `${text.trimEnd()}\n\n${section}\n`;
  Deno.mkdirSync(new URL("./", FILE), { recursive: true });
  Deno.writeTextFileSync(FILE, text);
  for (const picture of pictures) Deno.writeTextFileSync(new URL(picture, FILE), report.files![picture]);
  // As the check of the whole project wants it.
  const written = [FILE, ...pictures.map((picture) => new URL(picture, FILE))].map((file) => file.pathname);
  const { success } = new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", ...written] }).outputSync();
  if (!success) throw new Error(`${written.join(", ")} cannot be formatted`);
}
