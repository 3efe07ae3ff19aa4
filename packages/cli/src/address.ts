/** Addresses as people write them: `host:port`, with brackets around an IPv6 host. */

import { createServer } from "node:net";

export interface Address {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
}

const FORM = /^(?:\[(?<six>[0-9a-fA-F:.]+)\]|(?<host>[^\s:[\]/]+)):(?<port>\d{1,5})$/;

/** Undefined unless `text` is `host:port`. */
export function parseAddress(text: string): Address | undefined {
  const groups = FORM.exec(text)?.groups;
  const host = groups?.["six"] ?? groups?.["host"];
  const port = Number(groups?.["port"]);
  if (host === undefined || port > 65_535) return undefined;
  return { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True when this process could listen there now. */
export async function canListen(address: Address): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ ...address, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
