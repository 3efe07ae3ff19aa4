/** What a replica tells about itself: plain data for humans, dashboards and tests. */

import {
  type Flow,
  type Index,
  leaderOf,
  type NodeId,
  type Raft,
  type Role,
  type Term,
} from "@holdfast/raft";

/** One peer as the leader sees it. */
export interface PeerStatus {
  readonly id: NodeId;
  /** Its log is known to be durable and equal up to here. */
  readonly match: Index;
  /** The next entry to send. */
  readonly next: Index;
  readonly flow: Flow;
  /** Since its last sign of life (or since this node leads), in milliseconds. */
  readonly heardMsAgo: number;
}

export type ReplicaState = "running" | "failed" | "closed";

export interface ReplicaStatus {
  readonly id: NodeId;
  readonly state: ReplicaState;
  /** Why it has failed; only in state `failed`. */
  readonly failure?: string;
  readonly role: Role["kind"];
  readonly term: Term;
  /** Who leads, itself included; 0 when it knows nobody. */
  readonly leader: NodeId;
  readonly commit: Index;
  readonly applied: Index;
  readonly lastIndex: Index;
  /** The log holds the entries behind this index. */
  readonly logStart: Index;
  /** Live records on disk, in bytes. */
  readonly walBytes: number;
  /** The newest snapshot on disk; 0 when there is none. */
  readonly snapshotIndex: Index;
  readonly snapshotBytes: number;
  /** Why the last own snapshot could not be saved; absent once one was. */
  readonly snapshotFailure?: string;
  /** Callers of `propose` that wait. */
  readonly waitingProposals: number;
  /** Writes that are not on disk yet. */
  readonly waitingWrites: number;
  /** Packets that could not be read. */
  readonly refusedPackets: number;
  /** Only on a leader, else empty. */
  readonly peers: readonly PeerStatus[];
}

/** The part of the status that the core knows. */
export type CoreStatus = Pick<
  ReplicaStatus,
  "id" | "role" | "term" | "leader" | "commit" | "applied" | "lastIndex" | "logStart" | "peers"
>;

export function coreStatus(raft: Raft, now: number): CoreStatus {
  const { role } = raft;
  return {
    id: raft.config.id,
    role: role.kind,
    term: raft.term,
    leader: leaderOf(raft),
    commit: raft.commit,
    applied: raft.applied,
    lastIndex: raft.log.lastIndex,
    logStart: raft.log.startIndex,
    peers: role.kind === "leader" ? role.peers.map((peer) => peerStatus(peer, now)) : [],
  };
}

function peerStatus(peer: PeerStatusSource, now: number): PeerStatus {
  const { id, match, next, flow, heardAt } = peer;
  return { id, match, next, flow, heardMsAgo: Math.max(0, now - heardAt) };
}

type PeerStatusSource = Omit<PeerStatus, "heardMsAgo"> & { readonly heardAt: number };
