/**
 * The port of a server.
 *
 * @module
 */

import { hostPort } from "../protocol/host_port.ts";
import { ConfigError } from "./config.ts";

/**
 * Listens.
 *
 * @param hostname the address to listen on
 * @param port the TCP port; 0 for any free one
 * @param shared whether other threads of this server are to listen on it, too
 * @throws {ConfigError} that says why that cannot be
 */
export function listen(hostname: string, port: number, shared: boolean): Deno.TcpListener {
  try {
    const alone = Deno.listen({ hostname, port });
    if (!shared) return alone;
    // Only threads of this server are to share the port: that it was free could be told by taking it alone.
    ({ port } = alone.addr);
    alone.close();
    return Deno.listen({ hostname, port, reusePort: true });
  } catch (error) {
    const reason = error instanceof Deno.errors.AddrInUse
      ? "the port is in use; choose another with --port, or 0 for any free one"
      : error instanceof Deno.errors.PermissionDenied
      ? "that port needs more rights; choose one above 1023"
      : "there is no such address on this machine";
    throw new ConfigError(`cannot listen on ${hostPort(hostname, port)}: ${reason}`);
  }
}
