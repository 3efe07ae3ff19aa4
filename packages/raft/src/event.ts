/**
 * The trace vocabulary: what a node did, one event each. Names follow the actions of the protocol's
 * specification.
 */

import type { Index, NodeId, Term } from "./entry.ts";

export type RaftEvent =
  | { readonly kind: "became-follower"; readonly term: Term; readonly leader: NodeId }
  | { readonly kind: "became-pre-candidate"; readonly term: Term }
  | { readonly kind: "became-candidate"; readonly term: Term }
  | { readonly kind: "became-leader"; readonly term: Term; readonly lastIndex: Index }
  | { readonly kind: "stepped-down"; readonly term: Term; readonly why: StepDownReason }
  | {
      readonly kind: "voted";
      readonly term: Term;
      readonly candidate: NodeId;
      readonly preVote: boolean;
    }
  | {
      readonly kind: "refused-vote";
      readonly term: Term;
      readonly candidate: NodeId;
      readonly preVote: boolean;
      readonly why: VoteRefusal;
    }
  | { readonly kind: "leader-known"; readonly term: Term; readonly leader: NodeId }
  | { readonly kind: "appended"; readonly first: Index; readonly last: Index; readonly term: Term }
  | { readonly kind: "truncated"; readonly from: Index }
  | {
      readonly kind: "refused-append";
      readonly from: NodeId;
      readonly prevIndex: Index;
      readonly hint: Index;
    }
  | { readonly kind: "committed"; readonly index: Index }
  | {
      readonly kind: "peer-state";
      readonly peer: NodeId;
      readonly flow: "probe" | "stream" | "snapshot";
    }
  | { readonly kind: "snapshot-installed"; readonly index: Index; readonly term: Term }
  | { readonly kind: "compacted"; readonly index: Index }
  | { readonly kind: "refused-message"; readonly from: NodeId; readonly why: string };

export type StepDownReason = "higher-term" | "lost-quorum" | "other-leader" | "slow-disk";
export type VoteRefusal = "stale-term" | "already-voted" | "log-behind" | "leader-alive";
