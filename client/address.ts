/**
 * Addresses of servers as people write them.
 *
 * @module
 */

import { hostPort } from "../protocol/host_port.ts";
import { DEFAULT_PORT } from "./client.ts";
import { UsageError } from "./errors.ts";
import { printable } from "./format.ts";

/** Where a server is. */
export interface Address {
  /** Name or address. */
  hostname: string;
  /** TCP port. */
  port: number;
}

/**
 * Reads an address.
 *
 * @param text `HOST`, `HOST:PORT`, an IPv6 address, or `[v6]:PORT`
 * @throws {UsageError} when it is none
 *
 * @example
 * ```ts
 * import { parseAddress } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAddress("example.com:21"), { hostname: "example.com", port: 21 });
 * assertEquals(parseAddress("[::1]:2121"), { hostname: "::1", port: 2121 });
 * assertEquals(parseAddress("::1"), { hostname: "::1", port: 8080 });
 * ```
 */
export function parseAddress(text: string): Address {
  if (isIpv6(text)) return { hostname: text, port: DEFAULT_PORT };
  const match = /^(?:\[(?<v6>[^[\]]+)\]|(?<name>[^\s:[\]/@]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const { v6, name, port = String(DEFAULT_PORT) } = match?.groups ?? {};
  if (!match || (v6 && !isIpv6(v6)) || Number(port) < 1 || Number(port) > 65535) {
    if (/^[^@]+@[^@]+$/.test(text)) {
      throw new UsageError(`"${printable(text)}": a server has no users; write HOST alone`);
    }
    const scheme = /^[a-z]+:\/\//i.exec(text)?.[0];
    if (scheme) {
      throw new UsageError(`"${printable(text)}": connme has a protocol of its own; write HOST:PORT without ${scheme}`);
    }
    throw new UsageError(`"${printable(text)}" is no address; write HOST, HOST:PORT or [IPV6]:PORT`);
  }
  return { hostname: v6 ?? name, port: Number(port) };
}

/** Whether a text is an IPv6 address; it may name a zone. */
function isIpv6(text: string): boolean {
  const [address, zone] = text.split(/%(.*)/);
  return /^[0-9a-f.]*:[0-9a-f:.]*$/i.test(address) && zone !== "" && URL.canParse(`http://[${address}]`);
}

/**
 * An address as messages and the prompt show it.
 *
 * @param address where
 */
export function showAddress({ hostname, port }: Address): string {
  return printable(hostPort(hostname, port));
}
