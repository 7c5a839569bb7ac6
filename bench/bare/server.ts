/**
 * The plainest program that sends a file or takes one: what a Deno program can do at best with these means. It knows no
 * names, no sizes, no check sums; it exists to be measured against.
 *
 * Usage: `server.ts FILE_TO_SEND FILE_TO_WRITE`. It prints two ports: who connects to the first gets the one file; what is
 * sent to the second becomes the other.
 *
 * @module
 */

import { receiveFile, sendFile } from "./copy.ts";

const [fileToSend, fileToWrite] = Deno.args;
const sender = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const taker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(`${sender.addr.port} ${taker.addr.port}`);

async function serve(listener: Deno.TcpListener, work: (conn: Deno.TcpConn) => Promise<void>): Promise<never> {
  for (;;) {
    const conn = await listener.accept();
    await work(conn);
    conn.close();
  }
}

await Promise.all([
  serve(sender, (conn) => sendFile(conn, fileToSend)),
  serve(taker, (conn) => receiveFile(conn, fileToWrite)),
]);
