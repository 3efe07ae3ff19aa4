/**
 * Everything that can happen to a node. `step` takes one of these and the time; nothing else
 * changes a `Raft`.
 */

import type { Index, NodeId, Term } from "./entry.ts";
import type { Message } from "./message.ts";

export type Input =
  /** A peer's message arrived. */
  | { readonly kind: "received"; readonly message: Message }
  /** `raft.deadline` has passed. Early ticks do no harm. */
  | { readonly kind: "tick" }
  /** The application wants these commands in the log. */
  | { readonly kind: "propose"; readonly commands: readonly Uint8Array[] }
  /** All writes up to and including number `seq` are on disk. */
  | { readonly kind: "persisted"; readonly seq: number }
  /** The state machine has applied everything up to `index`. */
  | { readonly kind: "applied"; readonly index: Index }
  /**
   * The application has a durable snapshot of its state as of `index`: the log before it may go
   * (§7).
   */
  | { readonly kind: "snapshot-taken"; readonly index: Index }
  /** The incoming snapshot is complete: `ok` when its checksum and shape hold. */
  | {
      readonly kind: "snapshot-checked";
      readonly index: Index;
      readonly term: Term;
      readonly ok: boolean;
    }
  /** A piece that was asked for with `Effects.load` can't be read. */
  | { readonly kind: "snapshot-unreadable"; readonly to: NodeId; readonly index: Index }
  /** The transport believes that what was sent to this peer and not answered is lost. */
  | { readonly kind: "unreachable"; readonly peer: NodeId };

/** What `step` says to its caller. Refusals are values: none of them is a fault of the node. */
export type StepResult =
  | { readonly ok: true; readonly first: Index; readonly last: Index; readonly term: Term }
  | { readonly ok: false; readonly reason: Refusal; readonly detail: string };

/**
 * - `not-leader`: propose elsewhere.
 * - `too-much-uncommitted`: the leader's budget is spent; try again soon.
 * - `too-large`: one command exceeds the limit; it will never fit.
 * - `malformed`: a message whose fields contradict themselves or are not for this node.
 * - `impossible`: a well-formed message that no correct peer can send now.
 */
export type Refusal =
  | "not-leader"
  | "too-much-uncommitted"
  | "too-large"
  | "malformed"
  | "impossible";
