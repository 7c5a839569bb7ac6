/**
 * The other end of `server.ts`: `client.ts PORT down FILE_TO_WRITE` or `client.ts PORT up FILE_TO_SEND`.
 *
 * @module
 */

import { receiveFile, sendFile } from "./copy.ts";

const [port, direction, file] = Deno.args;
const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
if (direction === "down") {
  await receiveFile(conn, file);
} else {
  await sendFile(conn, file);
  // The server closes when it has written everything.
  await conn.closeWrite();
  await conn.read(new Uint8Array(1));
}
conn.close();
