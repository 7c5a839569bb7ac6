/**
 * Flushing to disk, as cheaply as the disk at hand allows.
 *
 * @module
 */

/** A flush shorter than this, in milliseconds, is cheaper to wait for than to hand to another thread. */
const QUICK_MS = 0.5;

/** Whether the last flush was quick. Memory and battery-backed caches are, spinning disks are not. */
let quick = false;

/**
 * Flushes a file's content. Many of these at once share the disk's own flushes; on a disk that flushes at once, each is done on
 * the spot.
 *
 * @param file an open file
 */
export async function syncData(file: Deno.FsFile): Promise<void> {
  const began = performance.now();
  if (quick) file.syncDataSync();
  else await file.syncData();
  // A call on another thread takes a little longer by itself.
  quick = performance.now() - began < (quick ? QUICK_MS : 2 * QUICK_MS);
}

/** Folders being flushed, each with the flush that will cover what is changed from now on. */
const flushing = new Map<string, { current: Promise<void>; next?: Promise<void> }>();

/**
 * Makes the names in a folder survive a power cut: what was linked, renamed or removed in it before the call. Calls that come
 * while one is under way share the next one.
 *
 * @param path the folder
 */
export function syncFolder(path: string): Promise<void> {
  const state = flushing.get(path);
  if (state) return state.next ??= state.current.catch(() => {}).then(() => start(path));
  return start(path);
}

function start(path: string): Promise<void> {
  const current = flush(path).finally(() => {
    if (flushing.get(path)?.current === current && !flushing.get(path)?.next) flushing.delete(path);
  });
  flushing.set(path, { current });
  return current;
}

async function flush(path: string): Promise<void> {
  if (quick) {
    using folder = Deno.openSync(path, { read: true });
    folder.syncSync();
    return;
  }
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}
