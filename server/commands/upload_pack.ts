import { DiskError } from "../../disk/errors.ts";
import { giveWay } from "../../disk/give_way.ts";
import { CommandError } from "../../protocol/errors.ts";
import { type PackedFile, PackReader } from "../../protocol/pack.ts";
import { splitPath } from "../../protocol/path.ts";
import type { NewFiles } from "../storage/storage.ts";
import type { Handler } from "./handler.ts";
import { linesOf } from "./lines.ts";

/** What became of a file: the path it got, or why it was not stored. */
interface Fate {
  readonly asked: string;
  readonly size: number;
  path?: string;
  error?: CommandError;
}

/** No file system takes a longer one, in UTF-16 code units; of a pack of them nothing is kept. */
const LONGEST_PATH = 4096;

/** As it is answered: a message may quote a long path. */
function cut({ code, message }: CommandError | DiskError): CommandError {
  return new CommandError(code, message);
}

/** Takes many small files: each whole, verified and durable before the pack is answered (PROTOCOL.md section 7.16). */
export const uploadPack: Handler<"upload_pack"> = async ({ storage, collision, body, signal }, parameters) => {
  const files = storage.store({ collision: parameters.collision ?? collision, again: parameters.again });
  const fates: Fate[] = [];
  try {
    const pack = new PackReader(() => body.read());
    while (await pack.fill()) {
      for (let file = pack.next(); file !== undefined; file = pack.next()) {
        fates.push(add(files, file));
        await giveWay();
      }
      signal.throwIfAborted();
    }
    const added = fates.filter(({ error }) => error === undefined);
    for (const [at, result] of (await files.publish()).entries()) {
      if (result instanceof DiskError) added[at].error = cut(result);
      else added[at].path = `/${result.join("/")}`;
    }
  } catch (error) {
    files.discard();
    throw error;
  }
  const stored = fates.filter(({ error }) => error === undefined);
  const size = stored.reduce((sum, { size }) => sum + size, 0);
  return {
    reply: { files: stored.length, size },
    body: await linesOf([[...unusual(fates)]]),
    parts: { event: "upload", files: fates.map(describe) },
  };
};

function add(files: NewFiles, { path, content, modified, mode, failed }: PackedFile): Fate {
  if (failed) throw new CommandError("bad_request", "a packed file says that it is none");
  if (path.length > LONGEST_PATH) {
    return { asked: "", size: 0, error: new CommandError("name_too_long", "the path is longer than any can be") };
  }
  const fate: Fate = { asked: path, size: content.length };
  try {
    files.add(splitPath(path), content, { modified, mode });
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof DiskError)) throw error;
    fate.error = cut(error);
  }
  return fate;
}

/** What the client does not know without being told. */
function* unusual(fates: Fate[]): Iterable<object> {
  for (const [at, { asked, path, error }] of fates.entries()) {
    if (error) yield { at, error: { code: error.code, message: error.message } };
    else if (path !== asked) yield { at, path };
  }
}

function describe({ asked, size, path, error }: Fate) {
  return { path: path ?? asked, outcome: error?.code ?? "ok", message: error?.message, bytes: error ? 0 : size };
}
