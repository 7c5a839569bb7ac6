import { baseName, resolvePath } from "../../protocol/path.ts";
import { UsageError } from "../errors.ts";
import { bytes, elapsed, fileSize, printable, rate } from "../format.ts";
import { localTarget, readHead, saveDownload } from "../local_files.ts";
import type { Output } from "../output.ts";
import { preview } from "../preview.ts";
import { terminalSize } from "../terminal_size.ts";
import { sendToOutput } from "./cat.ts";
import type { Command } from "./command.ts";

/** As much of a file as can matter for a screenful, in bytes. */
const PREVIEW_BYTES = 64 * 1024;

/** `download`: fetches a file, and shows it when it is text. */
export const download: Command = {
  name: "download",
  aliases: ["get"],
  usage: "FILE [LOCAL] [--no-show] [--overwrite] [--sha256]",
  summary: "fetch a file, and show it if it is text",
  details: "Saves the file under its name, or as LOCAL; a local file is never replaced unless --overwrite is given:\n" +
    "the new one is called NAME_1 then. LOCAL - writes the bytes to standard output.",
  arguments: ["remote", "local"],
  count: [1, 2],
  options: {
    "no-show": { help: "do not show the content" },
    overwrite: { help: "replace a local file of the same name" },
    sha256: { help: "verify by SHA-256 as well" },
  },
  async run(context, { args: [file, local], on }) {
    const { client, out, remoteFolder, signal } = context;
    const path = resolvePath(remoteFolder, file);
    if (path === "/") throw new UsageError("the served folder itself is no file");
    const began = performance.now();
    const fetched = await client.download(path, { sha256: on.has("sha256"), signal });
    if (local === "-") return await sendToOutput(out, fetched);
    const { size } = fetched.entry;
    const meter = context.meter(baseName(path), size);
    let saved: string;
    try {
      const collision = on.has("overwrite") ? "overwrite" : "rename";
      saved = await saveDownload(fetched, localTarget(local, baseName(path)), collision, meter);
    } finally {
      meter.finish();
    }
    const ms = performance.now() - began;
    out.done(
      { downloaded: path, saved, size, ms: Math.round(ms) },
      `Saved as ${printable(saved)} (${bytes(size)} in ${elapsed(ms)}, ${rate(size, ms)})`,
    );
    if (!on.has("no-show")) await show(out, saved, size);
  },
};

async function show(out: Output, path: string, size: number): Promise<void> {
  if (out.json || out.quiet) return;
  const { columns, rows } = terminalSize();
  const view = await preview(readHead(path, PREVIEW_BYTES), size, rows, columns);
  if (view === undefined) return out.text(`${printable(path)} is not text: ${fileSize(size)}`);
  for (const line of view.lines) out.text(line);
  if (view.more) out.text(`... ${view.more}`);
}
