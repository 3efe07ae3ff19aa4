/** Errors of `openNode` and its node; those of disk, network and replica are re-exported by the package's index. */

/** An option of `openNode` is wrong. Nothing was opened; mend the option. */
export class NodeConfigError extends Error {
  readonly code = "HOLDFAST_CONFIG";
  /** The option, as a path: `timing.heartbeatMs`. */
  readonly field: string;

  constructor(field: string, message: string, options?: { readonly cause: unknown }) {
    super(`${field}: ${message}`, options);
    this.name = "NodeConfigError";
    this.field = field;
  }
}

/** The codec can't turn this command into bytes. It was not proposed. */
export class CommandEncodingError extends Error {
  readonly code = "HOLDFAST_COMMAND";

  constructor(reason: string, options: { readonly cause: unknown }) {
    super(`The command can't be encoded: ${reason}`, options);
    this.name = "CommandEncodingError";
  }
}
