import { decodeHeader, encodeFrame, encodeHeader, FrameKind } from "../../protocol/frame.ts";
import { decodeRequest, encodeMessage } from "../../protocol/message_codec.ts";

const header = new Uint8Array(8);
const payload = new Uint8Array(64);
const request = encodeMessage({ command: "download", path: "/photos/2024/summer/beach.jpg" });

Deno.bench("header: encode", { group: "header" }, () => {
  encodeHeader(header, { length: 64, kind: FrameKind.DATA, flags: 0, id: 7 });
});

Deno.bench("header: decode", { group: "header" }, () => {
  decodeHeader(header);
});

Deno.bench("frame of 64 bytes: encode", { group: "frame" }, () => {
  encodeFrame(FrameKind.REQUEST, 7, payload);
});

Deno.bench("request: encode", { group: "request" }, () => {
  encodeMessage({ command: "download", path: "/photos/2024/summer/beach.jpg" });
});

Deno.bench("request: decode and check", { group: "request" }, () => {
  decodeRequest(request);
});
