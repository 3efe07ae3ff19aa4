/** What the server needs of a replicated node: the words of the replica's API, in one place. */

import type { Index, NodeId, Term } from "@holdfast/raft";

/** The state machine at byte level, as the replica drives it. */
export interface Machine<R> {
  apply(command: Uint8Array, at: { readonly index: Index; readonly term: Term }): R | Promise<R>;
  snapshot(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  restore(
    chunks: AsyncIterable<Uint8Array>,
    at: { readonly index: Index; readonly term: Term },
  ): void | Promise<void>;
}

/** Plain data about one replica. */
export interface ReplicaStatus {
  readonly id: NodeId;
  readonly role: "follower" | "pre-candidate" | "candidate" | "leader";
  readonly term: Term;
  /** 0 when this node knows no leader. */
  readonly leader: NodeId;
  readonly commit: Index;
  readonly applied: Index;
  readonly lastIndex: Index;
  /** The log begins after this index. */
  readonly logStart: Index;
  readonly walBytes: number;
  /** 0 when there is no snapshot. */
  readonly snapshotIndex: Index;
  readonly snapshotBytes: number;
  /** Filled on a leader only. */
  readonly peers: readonly unknown[];
  readonly state: "running" | "failed" | "closed";
  readonly failure?: string;
}

/** One member of the cluster, as its HTTP server sees it. */
export interface ReplicatedNode<R> {
  /** Resolves when the command is applied on this node. */
  propose(
    command: Uint8Array,
    options: { readonly signal?: AbortSignal; readonly timeoutMs: number },
  ): Promise<{ readonly result: R; readonly index: Index; readonly term: Term }>;
  status(): ReplicaStatus;
  close(): Promise<void>;
}

/** The command is certainly not applied and never will be. */
export class NotCommittedError extends Error {
  readonly code = "RAFT_NOT_COMMITTED";
  readonly reason: string;

  constructor(reason: string) {
    super(`Not committed: ${reason}`);
    this.reason = reason;
  }
}

/** The command may have been applied, now or later. */
export class OutcomeUnknownError extends Error {
  readonly code = "RAFT_OUTCOME_UNKNOWN";
}
