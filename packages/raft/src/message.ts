/**
 * The three RPCs as messages: RequestVote, AppendEntries (Fig. 2) and InstallSnapshot (Fig. 13),
 * each a request and a response. Every kind is built in one place with all fields present and in
 * the same order.
 */

import type { Entry, Index, Members, NodeId, Term } from "./entry.ts";

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's current term (§5.1). */
  readonly term: Term;
}

/** RequestVote (§5.2), and its trial run PreVote (thesis §9.6). */
export interface VoteRequest extends Envelope {
  readonly kind: "vote-request";
  /** True for a trial: the sender has not raised its term and nobody's vote is spent. */
  readonly preVote: boolean;
  /**
   * The term in which the sender leads if it wins; `term` for a real vote, `term + 1` for a trial.
   */
  readonly electionTerm: Term;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
}

export interface VoteResponse extends Envelope {
  readonly kind: "vote-response";
  readonly preVote: boolean;
  /** Echo of the request: tells answers of an earlier round apart. */
  readonly electionTerm: Term;
  readonly granted: boolean;
}

/** AppendEntries (§5.3): replication, and with no entries the heartbeat. */
export interface AppendRequest extends Envelope {
  readonly kind: "append-request";
  /**
   * Grows with every append-request and snapshot-request of a leader in its term; echoed by the
   * answer.
   */
  readonly seq: number;
  readonly prevIndex: Index;
  readonly prevTerm: Term;
  /** The leader's commit index. */
  readonly commit: Index;
  readonly entries: readonly Entry[];
}

export interface AppendResponse extends Envelope {
  readonly kind: "append-response";
  readonly seq: number;
  readonly accepted: boolean;
  /**
   * Accepted: the follower's log is on disk and equal to the leader's up to here.
   * Refused: the last index at which the logs can still agree (§5.3, conflict by term).
   */
  readonly index: Index;
  /** Refused: the follower's term at `index`; 0 otherwise. */
  readonly hintTerm: Term;
}

/** InstallSnapshot (§7, Fig. 13): one piece of the leader's snapshot. */
export interface SnapshotRequest extends Envelope {
  readonly kind: "snapshot-request";
  readonly seq: number;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  readonly members: Members;
  /** Where `data` belongs in the snapshot, in bytes. */
  readonly offset: number;
  readonly data: Uint8Array;
  /** True when `data` is the last piece. */
  readonly done: boolean;
}

export interface SnapshotResponse extends Envelope {
  readonly kind: "snapshot-response";
  readonly seq: number;
  /** Echo: which snapshot this is about. */
  readonly lastIndex: Index;
  /** Bytes held so far: the offset of the piece wanted next. */
  readonly offset: number;
  /**
   * The snapshot (or a log that already covers it) is on disk: the follower matches up to
   * `matchIndex`.
   */
  readonly installed: boolean;
  /** Valid when installed, else 0. */
  readonly matchIndex: Index;
}

export type Message =
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | SnapshotRequest
  | SnapshotResponse;

export type MessageKind = Message["kind"];
