/** Clusters whose logs end where their snapshots do. */

import type { Cluster, ClusterOptions } from "./cluster.ts";
import { bytes } from "./journal.ts";

/** Nothing of the log stays behind a snapshot, which travels in small pieces. */
export const TIGHT: Pick<ClusterOptions, "replica" | "config"> = {
  replica: { snapshotChunkBytes: 64 },
  config: { trailingEntries: 0 },
};

export async function proposeMany(cluster: Cluster, count: number, name = "line"): Promise<void> {
  const leader = await cluster.leader();
  for (let i = 1; i <= count; i++) await cluster.replica(leader).propose(bytes(`${name} ${i}`));
}

/** All that run take a snapshot of all they have, and their logs are cut. */
export async function snapshotAll(cluster: Cluster): Promise<void> {
  await cluster.agreed();
  for (const { replica } of cluster.members) await replica?.snapshot();
  await cluster.clock.sleep(50);
}
