/**
 * The errors that clients of the HTTP API see: gRPC's codes, etcd's texts, and what the caller can
 * do next.
 */

import { NotCommittedError, OutcomeUnknownError } from "@holdfast/replica";

/**
 * The codes in use, with the HTTP status that goes with each (as the gateway of etcd maps them).
 */
const HTTP_STATUS = {
  "invalid-argument": 400,
  "deadline-exceeded": 504,
  "not-found": 404,
  "permission-denied": 403,
  "resource-exhausted": 429,
  unimplemented: 501,
  internal: 500,
  unavailable: 503,
} as const;

const GRPC_CODE: Record<RpcCode, number> = {
  "invalid-argument": 3,
  "deadline-exceeded": 4,
  "not-found": 5,
  "permission-denied": 7,
  "resource-exhausted": 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
};

export type RpcCode = keyof typeof HTTP_STATUS;

/** An answer that is not the wanted one. The message goes to the client as it is. */
export class RpcError extends Error {
  readonly code: RpcCode;
  readonly grpcCode: number;
  readonly httpStatus: number;
  /** Methods that the path takes, for the header of that name; only with status 405. */
  readonly allow: string | undefined;

  constructor(
    code: RpcCode,
    message: string,
    options: {
      readonly httpStatus?: number;
      readonly allow?: string;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "RpcError";
    this.code = code;
    this.grpcCode = GRPC_CODE[code];
    this.httpStatus = options.httpStatus ?? HTTP_STATUS[code];
    this.allow = options.allow;
  }

  /** The body that goes with it, as etcd's gateway writes it. */
  body(): { readonly error: string; readonly code: number; readonly message: string } {
    return { error: this.message, code: this.grpcCode, message: this.message };
  }
}

/** Says what became of a write, in the words of the API. */
export function writeError(error: unknown): RpcError {
  if (error instanceof OutcomeUnknownError) {
    return new RpcError(
      "deadline-exceeded",
      "etcdserver: request timed out, the outcome is unknown: the write may or may not be applied",
      { cause: error },
    );
  }
  return commonError(error);
}

/**
 * Says why a read failed. Reads change nothing, so there is no unknown outcome: the caller may just
 * try again.
 */
export function readError(error: unknown): RpcError {
  if (error instanceof OutcomeUnknownError) {
    return new RpcError("unavailable", "etcdserver: request timed out", { cause: error });
  }
  return commonError(error);
}

function commonError(cause: unknown): RpcError {
  if (cause instanceof RpcError) return cause;
  if (!(cause instanceof NotCommittedError)) {
    const text = cause instanceof Error ? cause.message : String(cause);
    return new RpcError("internal", `internal error: ${text}`, { cause });
  }
  switch (cause.reason) {
    case "no-leader":
      return new RpcError("unavailable", "etcdserver: no leader", { cause });
    case "overloaded":
      return new RpcError("resource-exhausted", "etcdserver: too many requests", { cause });
    case "too-large":
      return tooLarge(cause);
    case "closed":
    case "failed":
      return new RpcError("unavailable", "etcdserver: server stopped", { cause });
    default:
      return new RpcError("unavailable", `etcdserver: not applied: ${cause.reason}`, { cause });
  }
}

/** The request can never fit. */
export function tooLarge(cause?: unknown): RpcError {
  return new RpcError("invalid-argument", "etcdserver: request is too large", {
    httpStatus: 413,
    cause,
  });
}
