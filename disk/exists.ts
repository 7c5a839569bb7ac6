import { look } from "./look.ts";

/**
 * Whether anything stands under a path: a file, a folder, or a link, wherever that leads.
 *
 * @param path of the disk
 * @returns false also where that cannot be seen
 */
export function exists(path: string): boolean {
  try {
    look(path);
    return true;
  } catch {
    return false;
  }
}
