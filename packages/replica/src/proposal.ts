/** One command whose caller waits: how far it has come, and what its caller is told. */

import type { Index, NodeId, Term } from "@holdfast/raft";
import type { Position, Signal } from "./machine.ts";

/** What a successful `propose` yields. */
export interface Applied<R> extends Position {
  /** What the state machine of this node returned. */
  readonly result: R;
}

/**
 * - `seeking`: in nobody's log for certain; waits for a leader.
 * - `forwarded`: sent to the leader; it may be in its log.
 * - `appended`: has a place in a leader's log.
 */
export type Stage = "seeking" | "forwarded" | "appended" | "settled";

/** One waiting command. The fields change as it goes along; `stage` says which are valid. */
export interface Proposal<R> {
  stage: Stage;
  /** Kept while it may have to be sent (again): `seeking` and `forwarded`. */
  command: Uint8Array;
  readonly deadline: number;
  /** `seeking`: no further try before this moment. */
  retryAt: number;
  /** How many nodes have refused it. */
  refusals: number;
  /** `forwarded`: the number of the request and who has it. */
  forwardId: number;
  sentTo: NodeId;
  /** `appended`: its place. */
  index: Index;
  term: Term;
  /** Another one that waits for the same index. */
  next: Proposal<R> | undefined;
  readonly resolve: (outcome: Applied<R>) => void;
  readonly reject: (error: Error) => void;
  readonly signal: Signal | undefined;
  readonly onAbort: () => void;
}
