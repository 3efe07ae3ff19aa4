/** Whose data this is. */

import type { NodeId } from "@holdfast/raft";

/**
 * Written into stored files, so that nobody opens the directory of another node or cluster by
 * mistake.
 */
export interface StoreIdentity {
  /** A safe integer, 0 or more; the same on all nodes of a cluster. */
  readonly clusterId: number;
  readonly nodeId: NodeId;
}
