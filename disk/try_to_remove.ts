/**
 * Removes a file, or an empty folder, where that can be done.
 *
 * @param path of the disk
 */
export function tryToRemove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* it has its name, or went with its folder */ }
}
