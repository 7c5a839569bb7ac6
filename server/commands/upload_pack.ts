import { giveWay } from "../../disk/give_way.ts";
import { CommandError } from "../../protocol/errors.ts";
import { type PackedFile, PackReader } from "../../protocol/pack.ts";
import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";
import { type AddFile, storeTogether } from "./store_together.ts";

/** No file system takes a longer one, in UTF-16 code units; of a pack of them nothing is kept. */
const LONGEST_PATH = 4096;

/** Takes many small files: each whole, verified and durable before the pack is answered (PROTOCOL.md section 7.16). */
export const uploadPack: Handler<"upload_pack"> = async ({ storage, collision, body, signal }, parameters) => {
  const files = storage.store({ collision: parameters.collision ?? collision, again: parameters.again });
  return await storeTogether(files, "upload", async (add) => {
    const pack = new PackReader(() => body.read());
    while (await pack.fill()) {
      for (let file = pack.next(); file !== undefined; file = pack.next()) {
        addPacked(add, file);
        await giveWay();
      }
      signal.throwIfAborted();
    }
  });
};

function addPacked(add: AddFile, { path, content, modified, mode, failed }: PackedFile): void {
  if (failed) throw new CommandError("bad_request", "a packed file says that it is none");
  const isTooLong = path.length > LONGEST_PATH;
  add(isTooLong ? "" : path, (files) => {
    if (isTooLong) throw new CommandError("name_too_long", "the path is longer than any can be; shorten it");
    files.add(splitPath(path), content, { modified, mode });
    return content.length;
  });
}
