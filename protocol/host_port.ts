/**
 * Addresses as they are shown.
 *
 * @module
 */

/**
 * A host and a port in one word.
 *
 * @param hostname a name or an address; one of IPv6 is put in brackets
 * @param port of TCP
 *
 * @example
 * ```ts
 * import { hostPort } from "./host_port.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([hostPort("localhost", 8080), hostPort("::1", 80)], ["localhost:8080", "[::1]:80"]);
 * ```
 */
export function hostPort(hostname: string, port: number): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
