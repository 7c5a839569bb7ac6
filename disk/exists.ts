import { lstat, stat } from "./stat.ts";

/**
 * Whether anything stands under a path: a file, a folder, or a link, wherever that leads.
 *
 * @param path of the disk
 * @returns false also where that cannot be seen
 */
export function exists(path: string): boolean {
  try {
    lstat(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a path leads to a folder, through links or not.
 *
 * @param path of the disk
 * @returns false also where that cannot be seen
 */
export function isFolder(path: string): boolean {
  try {
    return stat(path).kind === "folder";
  } catch {
    return false;
  }
}
