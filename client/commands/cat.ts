import type { Download } from "../client.ts";
import { printable } from "../format.ts";
import type { Output } from "../output.ts";
import type { Command } from "./command.ts";
import { forEachRemote } from "./each.ts";

const LINE_FEED = 10;

/** `cat`: writes files to standard output. */
export const cat: Command = {
  name: "cat",
  usage: "FILE... [--sha256]",
  summary: "write files to standard output",
  details:
    "FILE may be a pattern. On a terminal, control characters are made visible; elsewhere the bytes come as they are.",
  arguments: ["remote"],
  count: [1, Infinity],
  options: { sha256: { help: "verify by SHA-256 as well" } },
  async run(context, { args, on }) {
    const { client, out, signal } = context;
    await forEachRemote(context, args, (kind) => kind === "file", async (path) => {
      await sendToOutput(out, await client.download(path, { sha256: on.has("sha256"), signal }));
    });
  },
};

/**
 * Writes a download to standard output; on a terminal with control characters made visible.
 *
 * @param out where to
 * @param download read to its end, or canceled
 */
export async function sendToOutput(out: Output, download: Download): Promise<void> {
  const visible = Deno.stdout.isTerminal() ? visibly() : undefined;
  let last = LINE_FEED;
  try {
    for (let chunk = await download.read(); chunk !== null; chunk = await download.read()) {
      await out.bytes(visible ? visible(chunk) : chunk);
      if (chunk.length > 0) last = chunk[chunk.length - 1];
    }
  } catch (error) {
    download.cancel();
    throw error;
  } finally {
    if (visible && last !== LINE_FEED) await out.bytes(Uint8Array.of(LINE_FEED)); // or the prompt would take its place
  }
}

/** Makes control characters visible in text that comes in pieces; line feeds and tabs stay. */
function visibly(): (chunk: Uint8Array) => Uint8Array {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  return (chunk) => {
    const text = decoder.decode(chunk, { stream: true });
    return encoder.encode(text.replace(/[^\n\t]+/g, printable));
  };
}
