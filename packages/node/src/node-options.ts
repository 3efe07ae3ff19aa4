/** The options of `openNode`, each checked by name before anything is opened. */

import {
  ConfigError,
  makeConfig,
  type NodeId,
  type RaftConfig,
  type RaftEvent,
} from "@holdfast/raft";
import { NodeConfigError } from "./errors.ts";
import { parseAddress } from "./network-address.ts";
import type { NetworkReport } from "./network-report.ts";

/** Milliseconds; see `RaftConfig` for the meaning and the default of each. */
export type TimingOptions = Partial<
  Pick<
    RaftConfig,
    "electionTimeoutMs" | "electionTimeoutMaxMs" | "heartbeatMs" | "retransmitMs" | "coalesceMs"
  >
>;

/** Budgets; see `RaftConfig` for the meaning and the default of each. */
export type LimitOptions = Partial<
  Pick<
    RaftConfig,
    "commandBytesMax" | "uncommittedBytesMax" | "messageBytesMax" | "windowMessages" | "windowBytes"
  >
> & {
  /** Callers of `propose` that may wait at a time; 10,000 unless told. */
  readonly proposalsMax?: number;
};

export interface SnapshotPolicyOptions {
  /** Take a snapshot after so many applied entries; 10,000 unless told, 0 = never by itself. */
  readonly everyEntries?: number;
  /**
   * Take a snapshot after so many bytes of applied entries; 64 MiB unless told, 0 = never by
   * itself.
   */
  readonly everyBytes?: number;
  /** Entries kept behind a snapshot for followers that are a little behind; 5,000 unless told. */
  readonly trailingEntries?: number;
}

export interface NodeOptions<M> {
  /**
   * This node: a positive whole number that never changes and is never used again by another one.
   */
  readonly id: NodeId;
  /** Where its data is kept; made when it doesn't exist. One process at a time. */
  readonly dir: string;
  /** `host:port` to listen on for the other nodes. */
  readonly listen: string;
  /** All nodes of the cluster by id, this one among them: where the others reach each. */
  readonly peers: Readonly<Record<NodeId, string>>;
  readonly machine: M;
  /** Tells clusters apart: nodes and directories of another one are refused. 1 unless told. */
  readonly clusterId?: number;
  readonly timing?: TimingOptions;
  readonly limits?: LimitOptions;
  readonly snapshot?: SnapshotPolicyOptions;
  /** What the protocol does, as it happens. Must not throw. */
  readonly observe?: (event: RaftEvent) => void;
  /** What happens to connections. Must not throw. */
  readonly report?: (report: NetworkReport) => void;
  /** The node has stopped by itself; called once. `close` it, and see `error.code`. */
  readonly onFailure?: (error: Error) => void;
  /**
   * Adds a recording of all that the node does to this file: docs/reference/trace-format.md. Best
   * outside of `dir`.
   */
  readonly trace?: string;
  /** Closes the node when it fires. */
  readonly signal?: AbortSignal;
}

/** Either kind of machine, as far as it can be checked. */
interface AnyMachine {
  readonly apply: unknown;
  readonly initial?: unknown;
  readonly snapshot?: unknown;
  readonly restore?: unknown;
}

/** Checks all options and makes the core's configuration of them. Throws `NodeConfigError`. */
export function checkOptions(options: NodeOptions<AnyMachine>): RaftConfig {
  const { id, dir, listen, clusterId = 1, trace } = options;
  need(Number.isSafeInteger(id) && id > 0, "id", "must be a positive whole number", id);
  need(typeof dir === "string" && dir !== "", "dir", "must name a directory", dir);
  checkAddress("listen", listen);
  const isTraceOk = trace === undefined || (typeof trace === "string" && trace !== "");
  need(isTraceOk, "trace", "must name a file", trace);
  need(
    Number.isSafeInteger(clusterId) && clusterId >= 0,
    "clusterId",
    "must be a whole number, 0 or more",
    clusterId,
  );
  checkMachine(options.machine);
  checkCounts("snapshot", options.snapshot, ["everyEntries", "everyBytes", "trailingEntries"], 0);
  checkCounts("limits", options.limits, ["proposalsMax"], 1);
  return coreConfig(options, checkPeers(options));
}

function checkPeers({ id, peers }: NodeOptions<AnyMachine>): readonly NodeId[] {
  need(typeof peers === "object" && peers !== null, "peers", "must map ids to addresses", peers);
  const addresses = new Set<string>();
  const ids: NodeId[] = [];
  for (const [key, address] of Object.entries(peers)) {
    const peer = Number(key);
    need(
      Number.isSafeInteger(peer) && peer > 0,
      "peers",
      "ids must be positive whole numbers",
      key,
    );
    checkAddress(`peers.${key}`, address);
    need(!addresses.has(address), `peers.${key}`, "must not be another node's address", address);
    addresses.add(address);
    ids.push(peer);
  }
  need(ids.includes(id), "peers", "must name this node too, id", id);
  return ids.sort((a, b) => a - b);
}

function checkAddress(field: string, address: string): void {
  need(typeof address === "string", field, "must be host:port", address);
  try {
    parseAddress(address);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const failure = new NodeConfigError(field, reason, { cause: error });
    throw failure;
  }
}

function checkMachine(machine: AnyMachine): void {
  const isObject = typeof machine === "object" && machine !== null;
  need(isObject && typeof machine.apply === "function", "machine", "must have apply()", machine);
  if (machine.initial === undefined) {
    need(typeof machine.snapshot === "function", "machine", "must have snapshot()", machine);
    need(typeof machine.restore === "function", "machine", "must have restore()", machine);
    return;
  }
  need(typeof machine.initial === "function", "machine", "initial must be a function", machine);
  const isPair = (machine.snapshot === undefined) === (machine.restore === undefined);
  need(isPair, "machine", "must have both snapshot() and restore() or neither", machine);
}

function checkCounts<K extends string>(
  group: string,
  values: { readonly [Key in K]?: number } | undefined,
  fields: readonly K[],
  least: number,
): void {
  for (const field of fields) {
    const value = values?.[field];
    if (value === undefined) continue;
    const rule = `must be a whole number, ${least} or more`;
    need(Number.isSafeInteger(value) && value >= least, `${group}.${field}`, rule, value);
  }
}

function coreConfig(options: NodeOptions<AnyMachine>, voters: readonly NodeId[]): RaftConfig {
  const { timing = {}, limits = {}, snapshot = {} } = options;
  const { proposalsMax: _, ...core } = limits;
  const { trailingEntries } = snapshot;
  try {
    return makeConfig({
      id: options.id,
      members: { voters },
      ...timing,
      ...core,
      ...(trailingEntries === undefined ? {} : { trailingEntries }),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const message = error.message.slice(error.field.length + 2);
    const field = pathOf(error.field, { timing, limits });
    const failure = new NodeConfigError(field, message, { cause: error });
    throw failure;
  }
}

/** Where the user gave the core's option `field`. */
function pathOf(field: string, groups: Readonly<Record<string, object>>): string {
  const group = Object.keys(groups).find((name) => field in (groups[name] ?? {}));
  return group === undefined ? field : `${group}.${field}`;
}

function need(condition: boolean, field: string, rule: string, value: unknown): void {
  if (condition) return;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new NodeConfigError(field, `${rule}, got ${shown}`);
}
