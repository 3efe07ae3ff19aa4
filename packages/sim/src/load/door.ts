/** The door through which clients reach a cluster: whatever stands behind it, real or made up. */

import type { Index, NodeId, Term } from "@holdfast/raft";
import type { LoadResult } from "./machine.ts";

/** How a proposal ended. `failed`: the command was certainly not applied, and never will be. */
export type Answer<R = LoadResult> =
  | {
      readonly kind: "ok";
      readonly result: R;
      readonly index: Index;
      readonly term: Term;
    }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "unknown" };

/** A cluster as its clients see it; `R` is what its machines return. */
export interface Door<R = LoadResult> {
  /** Their ids are 1 to `nodes`. */
  readonly nodes: number;
  isUp(node: NodeId): boolean;
  /** Who seems to lead: a hint, 0 when nobody does. */
  leader(): NodeId;
  /**
   * Proposes on that node, which waits for the result so long by its own clock. Never rejects. It
   * may stay pending for ever when the node dies or pauses: clients look at the time themselves.
   */
  propose(node: NodeId, command: Uint8Array, timeoutMs: number): Promise<Answer<R>>;
  /** Milliseconds; never goes back. */
  now(): number;
  sleep(ms: number): Promise<void>;
}
