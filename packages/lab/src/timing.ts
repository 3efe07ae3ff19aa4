/** The Raft timings of the suite, and why. */

import { DEFAULTS, makeConfig, type NodeId, type RaftConfig } from "@holdfast/raft";

/**
 * Log segments on the disk of a server, in bytes: small, as what counts is how much log a trimmed
 * server keeps.
 */
export const SEGMENT_BYTES = 512;

/**
 * One piece of a snapshot on the wire, in bytes: the suite's largest is about 4 KB and so costs one
 * call.
 */
export const SNAPSHOT_CHUNK_BYTES = 65_536;

/**
 * A sync of the simulated disk takes up to this long, as on a good SSD; the course's own disk takes
 * no time and loses nothing. So a crash can fall between a write and its sync.
 */
export const SYNC_MS_MAX = 2;

/** The core's options for server `id` of the suite. */
export function courseConfig(id: NodeId, servers: readonly NodeId[]): RaftConfig {
  return makeConfig({
    ...DEFAULTS,
    id,
    members: { voters: servers },
    // Two heartbeats may be lost before anyone campaigns; and nearly always an election is over
    // before the harness
    // looks for a leader, 450 ms after the start or a failure at the earliest. A shorter time wins
    // nothing there and
    // costs elections when leaders come and go by the dozen (Figure 8).
    electionTimeoutMs: 340,
    electionTimeoutMaxMs: 480,
    // Seven a second: the course allows tens.
    heartbeatMs: 150,
    // Commands that come within 16 ms travel together, and the news of their commit with the next
    // ones. With 20 ms the news would miss the harness's next look at 20 ms; with less the same
    // work takes more calls.
    coalesceMs: 16,
    // A call may take 7 s to fail: what isn't answered within a heartbeat is sent again.
    retransmitMs: 150,
    // The course checks indexes: a leader may not add entries of its own.
    noop: false,
    // A log is held to 2,000 bytes, so little stays behind a snapshot: enough for a follower whose
    // last entries are on their way when the leader trims, and few enough that one that was away
    // mostly needs a snapshot, as part 2D means it to.
    trailingEntries: 5,
  });
}
