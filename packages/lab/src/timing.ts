/** The Raft timings of the suite, and why. */

import { DEFAULTS, makeConfig, type NodeId, type RaftConfig } from "@holdfast/raft";

/** Log segments on the disk of a server, in bytes: small, as what counts is how much log a trimmed server keeps. */
export const SEGMENT_BYTES = 512;

/** One piece of a snapshot on the wire, in bytes: the suite's largest is about 4 KB and so costs one call. */
export const SNAPSHOT_CHUNK_BYTES = 64 * 1024;

/** The core's options for server `id` of the suite. */
export function courseConfig(id: NodeId, servers: readonly NodeId[]): RaftConfig {
  return makeConfig({
    ...DEFAULTS,
    id,
    members: { voters: servers },
    // At least two heartbeats may be lost before anyone campaigns, and still an election is over before the 450 ms
    // after which the harness looks for the first time.
    electionTimeoutMs: 270,
    electionTimeoutMaxMs: 450,
    // Eight a second: the course allows tens.
    heartbeatMs: 125,
    // Commands of one 10-ms turn travel together, and the news of their commit with the next ones.
    coalesceMs: 10,
    // A call may take 7 s to fail: what isn't answered within a heartbeat is sent again.
    retransmitMs: 125,
    // The course checks indexes: a leader may not add entries of its own.
    noop: false,
    // A log is held to 2,000 bytes: nothing stays behind a snapshot.
    trailingEntries: 0,
  });
}
