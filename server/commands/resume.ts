import { splitPath } from "../../protocol/path.ts";
import { blockDigests } from "../block_digests.ts";
import type { Handler } from "./handler.ts";

/** What an interrupted upload left, as the digests of its blocks (PROTOCOL.md section 7.11). */
export const resume: Handler<"resume"> = async ({ storage, signal }, { path, token, run }) => {
  const found = await storage.interrupted(splitPath(path), { token, run });
  const left = found === "held" ? undefined : found;
  const size = left?.size ?? 0;
  const digests = blockDigests(size, (at, into) => left!.readAt(at, into), signal);
  return { reply: { size, held: found === "held" || undefined }, body: { ...digests, close: () => left?.close() } };
};
