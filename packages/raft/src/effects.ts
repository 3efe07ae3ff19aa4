/**
 * What the driver must do after a step. Taking the effects empties the outbox; each effect is
 * handed over once.
 */

import type { Entry, HardState, Index, NodeId, SnapshotMeta, Term } from "./entry.ts";
import type { RaftEvent } from "./event.ts";
import type { Message } from "./message.ts";

/**
 * One numbered unit of durable work. Writes reach the disk in the order of `seq`. Within one: the
 * snapshot is put in force, then the log is cut, then hard state and entries are added. When all of
 * it is on disk (synced, not only written) the driver sends `thenSend` and steps
 * `{ kind: "persisted", seq }`. A write may be empty but for `thenSend`: it is a barrier behind the
 * writes before it.
 */
export interface Write {
  readonly seq: number;
  readonly hardState: HardState | undefined;
  /**
   * The snapshot that was received and checked becomes the start of the log; everything in the log
   * goes.
   */
  readonly snapshot: SnapshotMeta | undefined;
  /** Entries from this index on are gone (a conflict, §5.3); 0 when none are. */
  readonly truncateFrom: Index;
  readonly entries: readonly Entry[];
  /**
   * Entries up to this one are covered by an own snapshot and may be dropped from disk; 0 when none
   * are.
   */
  readonly compactTo: Index;
  /** Term of the entry at `compactTo`. */
  readonly compactTerm: Term;
  /** Promises that may leave only now. */
  readonly thenSend: readonly Message[];
}

/**
 * Read a piece of the own snapshot `index` at `offset`, and send it to `to` as a snapshot-request.
 */
export interface SnapshotLoad {
  readonly to: NodeId;
  readonly term: Term;
  readonly seq: number;
  readonly snapshot: SnapshotMeta;
  readonly offset: number;
}

/**
 * Keep a piece of an incoming snapshot. The piece at offset 0 starts it anew; after the last one
 * the driver checks the whole and steps `snapshot-checked`.
 */
export interface SnapshotPiece {
  readonly from: NodeId;
  readonly snapshot: SnapshotMeta;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly done: boolean;
}

export interface Effects {
  /** May leave now. */
  readonly send: readonly Message[];
  readonly write: Write | undefined;
  readonly load: readonly SnapshotLoad[];
  readonly store: readonly SnapshotPiece[];
  /** The state machine must take its state from this snapshot before it applies anything more. */
  readonly restore: SnapshotMeta | undefined;
  /** Newly committed, in order, each exactly once per incarnation. */
  readonly apply: readonly Entry[];
  /** What happened, for humans, traces and checkers. */
  readonly events: readonly RaftEvent[];
}
