import { CommandError } from "../../protocol/errors.ts";
import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** A file's content, or what comes behind an offset (PROTOCOL.md section 7.6). */
export const download: Handler<"download"> = ({ storage }, { path, sha256, offset }) => {
  const file = storage.open(splitPath(path));
  if (offset > file.size) {
    file.close();
    throw new CommandError("changed", `the file has ${file.size} bytes, so there is nothing behind ${offset}`);
  }
  if (offset > 0) file.seek(offset);
  const rewindIfChanged = () => {
    const changed = file.rewindIfChanged();
    if (changed && offset > 0) throw changed; // of what lies before nothing is known here
    return changed;
  };
  return { reply: { entry: file.item }, body: { ...file, size: file.size - offset, rewindIfChanged }, sha256 };
};
