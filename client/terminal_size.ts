/**
 * The size of the terminal.
 *
 * @returns columns and rows; those of a classic one where there is none, or where it does not know
 */
export function terminalSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}
