import type { EntryInput } from "../../protocol/messages.ts";
import { USUAL_MODE } from "../../protocol/mode.ts";
import { splitPath } from "../../protocol/path.ts";
import type { Item } from "../storage/storage.ts";
import type { Handler } from "./handler.ts";
import { linesOf } from "./lines.ts";

/** The entries of a folder, one JSON object a line (PROTOCOL.md section 7.3). */
export const ls: Handler<"ls"> = async ({ storage }, { path, recursive, hidden }) => ({
  reply: { real: `/${storage.real(splitPath(path)).join("/")}` },
  body: await linesOf(entries(storage.list(splitPath(path), { recursive, hidden }))),
});

async function* entries(found: AsyncIterable<Item[]>): AsyncIterable<EntryInput[]> {
  for await (const items of found) yield items.map(entry);
}

/** What goes without saying is left out. */
function entry({ name, kind, size, modified, mode, link, lossy, unreadable }: Item): EntryInput {
  const rights = mode === USUAL_MODE ? undefined : mode;
  return { name, kind, size, modified, mode: rights, link: link || undefined, lossy, unreadable };
}
