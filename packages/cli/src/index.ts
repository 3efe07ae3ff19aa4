/**
 * The public surface of the command line package: the parts of the demo server, for tests and for
 * embedding.
 */

export { type Address, formatAddress, parseAddress } from "./address.ts";
export { CliError, UsageError } from "./cli-error.ts";
export { HttpApi, type HttpApiOptions } from "./http-api.ts";
export { decodeKvCommand, encodeKvCommand, type KvCommand } from "./kv-command.ts";
export { KvMachine, type KvResult } from "./kv-machine.ts";
export type { StatusPage } from "./kv-routes.ts";
export { type Header, KvService, type KvServiceOptions } from "./kv-service.ts";
export { KvSnapshotError } from "./kv-snapshot.ts";
export type { KeyRange, KeyValue, RangeRequest, RangeResult } from "./kv-store.ts";
export type { ReplicatedNode } from "./node-port.ts";
export { type RpcCode, RpcError } from "./rpc-error.ts";
