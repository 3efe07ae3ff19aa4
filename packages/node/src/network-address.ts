/** Addresses as people write them: `host:port`, `[::1]:7001`. */

import type { Socket } from "node:net";
import { AddressError } from "./network-errors.ts";

export interface Address {
  readonly host: string;
  /** 0 lets the system choose, for listening only. */
  readonly port: number;
}

/** Throws {@link AddressError}. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([^[\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined) throw new AddressError(text, "must be host:port");
  if (port > 65_535) throw new AddressError(text, "port must be at most 65535");
  return { host, port };
}

export function formatAddress(address: Address): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Who is at the other end of a connection, for reports. */
export function formatRemote({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? "unknown"} port ${remotePort ?? 0}`;
}
