/**
 * The key-value operations of one server: writes through the log, reads behind a barrier, errors in
 * the API's words.
 */

import type { ReplicaStatus } from "@holdfast/replica";
import { encodeKvCommand, type KvCommand } from "./kv-command.ts";
import type { KvMachine, KvResult } from "./kv-machine.ts";
import type { KeyRange, KeyValue, RangeRequest, RangeResult } from "./kv-store.ts";
import type { ReplicatedNode } from "./node-port.ts";
import { ReadBarrier } from "./read-barrier.ts";
import { RpcError, readError, writeError } from "./rpc-error.ts";

/** What every answer says of the store that gave it. */
export interface Header {
  readonly clusterId: number;
  readonly memberId: number;
  readonly revision: number;
  readonly raftTerm: number;
}

export interface KvServiceOptions {
  readonly node: ReplicatedNode<KvResult>;
  /** The machine that `node` drives. */
  readonly machine: KvMachine;
  readonly clusterId: number;
  readonly id: number;
  /** After this long a request is answered, whatever became of it. */
  readonly requestTimeoutMs: number;
}

export class KvService {
  readonly #node: ReplicatedNode<KvResult>;
  readonly #machine: KvMachine;
  readonly #clusterId: number;
  readonly #id: number;
  readonly #timeoutMs: number;
  readonly #barrier: ReadBarrier;

  constructor(options: KvServiceOptions) {
    this.#node = options.node;
    this.#machine = options.machine;
    this.#clusterId = options.clusterId;
    this.#id = options.id;
    this.#timeoutMs = options.requestTimeoutMs;
    // Half: a read may have to wait for the barrier under way before its own.
    const barrier = { timeoutMs: Math.ceil(options.requestTimeoutMs / 2) };
    this.#barrier = new ReadBarrier(async () => {
      await this.#node.propose(encodeKvCommand({ kind: "barrier" }), barrier);
    });
  }

  /** Rejects with `RpcError`; so do the others. */
  async put(
    pair: { readonly key: Uint8Array; readonly value: Uint8Array },
    signal?: AbortSignal,
  ): Promise<{ readonly header: Header; readonly before: KeyValue | undefined }> {
    needKey(pair.key);
    const { result, term } = await this.#write({ kind: "put", ...pair }, signal);
    if (result.kind !== "put") throw foreign(result);
    return { header: this.#header(result.revision, term), before: result.before };
  }

  async deleteRange(
    range: KeyRange,
    signal?: AbortSignal,
  ): Promise<{ readonly header: Header; readonly deleted: readonly KeyValue[] }> {
    needKey(range.key);
    const { result, term } = await this.#write({ kind: "delete-range", ...range }, signal);
    if (result.kind !== "delete-range") throw foreign(result);
    return { header: this.#header(result.revision, term), deleted: result.deleted };
  }

  /** `serializable`: from what is applied here now, which may be old; else linearizable. */
  async range(
    request: RangeRequest,
    options: { readonly serializable: boolean },
  ): Promise<RangeResult & { readonly header: Header }> {
    needKey(request.key);
    if (!options.serializable) {
      await this.#barrier.pass().catch((error: unknown) => {
        throw readError(error);
      });
    }
    const result = this.#machine.range(request);
    return { header: this.#header(result.revision, this.#node.status().term), ...result };
  }

  /** Undefined when this node runs and knows a leader, else what is wrong. */
  ailment(): string | undefined {
    const status = this.#node.status();
    if (status.state !== "running") return status.failure ?? `node is ${status.state}`;
    return status.leader === 0 ? "no leader" : undefined;
  }

  status(): ReplicaStatus {
    return this.#node.status();
  }

  /** Facts about the store, for the status page. */
  store(): { readonly revision: number; readonly keys: number; readonly clusterId: number } {
    const { revision, size } = this.#machine;
    return { revision, keys: size, clusterId: this.#clusterId };
  }

  async #write(
    command: KvCommand,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly result: KvResult; readonly term: number }> {
    try {
      const options = { timeoutMs: this.#timeoutMs, ...(signal && { signal }) };
      return await this.#node.propose(encodeKvCommand(command), options);
    } catch (error) {
      throw writeError(error);
    }
  }

  #header(revision: number, raftTerm: number): Header {
    return { clusterId: this.#clusterId, memberId: this.#id, revision, raftTerm };
  }
}

function needKey(key: Uint8Array): void {
  if (key.length === 0) {
    throw new RpcError("invalid-argument", "etcdserver: key is not provided");
  }
}

function foreign(result: KvResult): RpcError {
  return new RpcError("internal", `internal error: a write was answered as ${result.kind}`);
}
