/** What the HTTP server needs of a replicated node, whoever provides it. */

import type { Applied, ProposeOptions, ReplicaStatus } from "@holdfast/replica";

/** One member of the cluster, as its HTTP server sees it. */
export interface ReplicatedNode<R> {
  /**
   * Resolves when the command is applied on this node. Rejects with `NotCommittedError` (certainly
   * not applied) or `OutcomeUnknownError`.
   */
  propose(command: Uint8Array, options: ProposeOptions): Promise<Applied<R>>;
  status(): ReplicaStatus;
  close(): Promise<void>;
}
