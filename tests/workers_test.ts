/** A server of several threads, against the built programs. */

import { assert, assertEquals } from "@std/assert";
import { connect, ConnectionLostError } from "../client/client.ts";
import { ftp, runFtp, startServer } from "./support/programs.ts";

Deno.test("with several threads, 24 uploads of one name at once are 24 files", async () => {
  await using server = await startServer({ args: ["--workers", "3"] });
  const clients = await Promise.all(
    Array.from({ length: 24 }, () => connect({ hostname: "127.0.0.1", port: server.port })),
  );
  const stored = await Promise.all(clients.map((client, index) => {
    let sent = false;
    const read = (into: Uint8Array) => sent ? 0 : (sent = true, into[0] = index, 1);
    return client.upload("/same.bin", { size: 1, read });
  }));
  await Promise.all(clients.map((client) => client.close()));
  assertEquals(new Set(stored.map(({ path }) => path)).size, 24);
  const contents = stored.map(({ path }) => Deno.readFileSync(server.dir + path)[0]);
  assertEquals(contents, Array.from({ length: 24 }, (_, index) => index));
});

Deno.test("the limit of connections holds across threads, and a place that was left is free again", async () => {
  await using server = await startServer({ args: ["--workers", "3", "--max-connections", "5"] });
  const attempts = await Promise.allSettled(
    Array.from({ length: 20 }, () => connect({ hostname: "127.0.0.1", port: server.port })),
  );
  const clients = attempts.filter((attempt) => attempt.status === "fulfilled").map(({ value }) => value);
  assertEquals(clients.length, 5);
  for (const attempt of attempts) {
    if (attempt.status === "rejected") assert((attempt.reason as ConnectionLostError).code === "busy");
  }
  await Promise.all(clients.map((client) => client.close()));
  await server.stderr.waitFor(/(left .*reason=goodbye[^]*){5}/);
  const { code, stderr } = await ftp(server, "ls");
  assertEquals(code, 0, stderr);
});

Deno.test("several threads stop together, and a second server does not slip onto their port", async () => {
  await using server = await startServer({ args: ["--workers", "2"] });
  const clients = await Promise.all(
    Array.from({ length: 8 }, () => connect({ hostname: "127.0.0.1", port: server.port })),
  );
  await startServer({ port: server.port, args: ["--workers", "2"] }).then(
    () => assert(false, "a second server came up"),
    (error: Error) => assert(error.message.includes("the port is in use"), error.message),
  );
  server.kill("SIGTERM");
  assertEquals((await server.stopped).code, 0);
  await Promise.all(clients.map((client) => client.close()));
  assertEquals((await runFtp([server.address, "ls"])).code, 3);
});
