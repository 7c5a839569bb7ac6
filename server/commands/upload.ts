import { splitPath } from "../../protocol/path.ts";
import type { Handler } from "./handler.ts";

/** Takes a file: whole, verified and durable before it is answered (PROTOCOL.md section 7.5). */
export const upload: Handler<"upload"> = async ({ storage, collision, body, signal }, parameters) => {
  body.expect(parameters);
  const file = storage.create(splitPath(parameters.path), {
    executable: parameters.executable,
    collision: parameters.collision ?? collision,
  });
  try {
    for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) await file.write(chunk);
    signal.throwIfAborted();
    const path = await file.publish({ modified: parameters.modified });
    return { reply: { path: `/${path.join("/")}`, size: body.size } };
  } catch (error) {
    file.discard();
    throw error;
  }
};
