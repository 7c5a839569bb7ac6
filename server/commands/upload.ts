import { CommandError } from "../../protocol/errors.ts";
import { splitPath } from "../../protocol/path.ts";
import { commandErrorOf } from "../errors.ts";
import type { Handler } from "./handler.ts";

/** Takes a file: whole, verified and durable before it is answered (PROTOCOL.md section 7.5). */
export const upload: Handler<"upload"> = async ({ storage, collision, body, signal }, parameters) => {
  const { path, mode, size, offset, token, run, modified } = parameters;
  if (offset > (size ?? offset)) throw new CommandError("bad_request", "the offset lies behind the end of the file");
  body.expect({ size: size === undefined ? undefined : size - offset, sha256: parameters.sha256 });
  const file = await storage.create(splitPath(path), {
    mode,
    size,
    offset,
    collision: parameters.collision ?? collision,
    again: parameters.again,
    owner: token !== undefined && run !== undefined ? { token, run } : undefined,
  });
  try {
    for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) await file.write(chunk);
    signal.throwIfAborted(); // what nobody waits for any more is not worth a flush
    const got = await file.publish({ modified, signal });
    return { reply: { path: `/${got.join("/")}`, size: offset + body.size } };
  } catch (error) {
    // What did not arrive as it was sent is no ground to build on, and a full disk needs the room; what merely stopped is kept.
    const code = commandErrorOf(error)?.code;
    if (code === "mismatch" || code === "no_space") file.discard();
    else file.keep();
    throw error;
  }
};
