/**
 * Tables, for a terminal and for Markdown.
 *
 * @module
 */

/** Rows under a head. The first column is text, the others are figures. */
export interface Table {
  /** What it shows. */
  readonly title: string;
  /** Names of the columns. */
  readonly head: readonly string[];
  /** As many cells as the head has. */
  readonly rows: readonly (readonly string[])[];
}

/** The table as aligned text. */
export function toText({ title, head, rows }: Table): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])).join("  ");
  return [title, line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** The table as Markdown, laid out as `deno fmt` would. */
export function toMarkdown({ title, head, rows }: Table): string {
  const widths = head.map((name, column) => Math.max(3, name.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, column) => column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])).join(" | ")
    } |`;
  const rule = widths.map((width, column) => column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [`${title}:`, "", line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}
