/** Why a network can't open: the address is taken, unusable, or no address at all. */

/** Another program listens there: stop it, or choose another address. */
export class AddressInUseError extends Error {
  readonly code = "ADDRESS_IN_USE";
  readonly address: string;

  constructor(address: string, options?: { readonly cause: unknown }) {
    super(`Address ${address} is in use`, options);
    this.name = "AddressInUseError";
    this.address = address;
  }
}

/**
 * The system refuses to listen there: no such interface, no permission, or it is no address at all.
 */
export class AddressError extends Error {
  readonly code = "ADDRESS_UNUSABLE";
  readonly address: string;

  constructor(address: string, reason: string, options?: { readonly cause: unknown }) {
    super(`Address ${JSON.stringify(address)} can't be used: ${reason}`, options);
    this.name = "AddressError";
    this.address = address;
  }
}
