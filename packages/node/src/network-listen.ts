/** The server socket of a node: taking its address, and telling which one that is. */

import type { Server } from "node:net";
import { type Address, formatAddress } from "./network-address.ts";
import { AddressError, AddressInUseError } from "./network-errors.ts";

/**
 * Listens at `address`; `text` is how the user wrote it. Rejects with `AddressInUseError` or
 * `AddressError`.
 */
export function listen(server: Server, text: string, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE") reject(new AddressInUseError(text, { cause }));
      else reject(new AddressError(text, cause.message, { cause }));
    });
    // exclusive: under node:cluster another process would otherwise share the port.
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

/** Where it listens, with the port that was chosen. */
export function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") return "";
  return formatAddress({ host: address.address, port: address.port });
}
