/** The four roles and the ways between them (paper Fig. 4; the pre-candidate of thesis §9.6). */

import { assert } from "./assert.ts";
import type { RaftConfig } from "./config.ts";
import { EMPTY, type Entry, entryBytes, NOBODY, type NodeId, type Term } from "./entry.ts";
import type { StepDownReason } from "./event.ts";
import { note } from "./outbox.ts";
import { Progress } from "./progress.ts";
import { sometimes } from "./sometimes.ts";
import { type Leader, makeFollower, nextElectionAt, type Raft, type Role } from "./state.ts";

/**
 * Follows in `term`, under `leader` when it is known. A higher term frees the vote (§5.1). The
 * election timer of a node that wasn't leading runs on: only a leader's word or a granted vote
 * resets it.
 */
export function becomeFollower(raft: Raft, term: Term, leader: NodeId, why: StepDownReason): void {
  assert(term >= raft.term, "becomeFollower: term goes back");
  const { role } = raft;
  if (role.kind === "leader") {
    markStepDown(raft, role);
    note(raft, { kind: "stepped-down", term: raft.term, why });
  }
  if (term > raft.term) {
    raft.term = term;
    raft.vote = NOBODY;
    raft.isElectionOpen = false;
  }
  const electionAt = role.kind === "leader" ? nextElectionAt(raft) : role.electionAt;
  const heardAt = leader === NOBODY ? Number.NEGATIVE_INFINITY : raft.now;
  raft.role = makeFollower(leader, heardAt, electionAt);
  note(raft, { kind: "became-follower", term, leader });
}

function markStepDown(raft: Raft, leader: Leader): void {
  if (raft.inFlight.length > 0) sometimes("leading: steps down with a write in flight");
  if (leader.uncommittedBytes > 0) sometimes("leading: steps down with entries not committed");
}

/**
 * An append or snapshot of this term came from `leader`: it lives, so the election timer starts
 * anew (§5.2).
 */
export function follow(raft: Raft, leader: NodeId): void {
  if (raft.role.kind !== "follower") {
    if (raft.role.kind === "candidate") sometimes("election: a candidate hears of the winner");
    becomeFollower(raft, raft.term, leader, "other-leader");
  }
  const { role } = raft;
  assert(role.kind === "follower", "follow: not a follower");
  assert(role.leader === NOBODY || role.leader === leader, "follow: two leaders in one term");
  if (role.leader === NOBODY) {
    role.leader = leader;
    note(raft, { kind: "leader-known", term: raft.term, leader });
  }
  role.heardAt = raft.now;
  role.electionAt = nextElectionAt(raft);
}

/** A network that reports every loss at once must not make a lone candidate ask without end. */
const RESENDS_PER_VOTER = 2;

/**
 * Thesis §9.6: ask whether an election could be won, before the term is raised. What was granted in
 * this term already stays: with answers slower than the timeout each try would begin from nothing.
 */
export function becomePreCandidate(raft: Raft): void {
  const { role } = raft;
  assert(role.kind !== "leader", "becomePreCandidate: a leader doesn't campaign");
  raft.role = {
    kind: "pre-candidate",
    granted: role.kind === "pre-candidate" ? role.granted : [raft.config.id],
    refused: [],
    votes: votesOf(role),
    resends: RESENDS_PER_VOTER * raft.members.voters.length,
    electionAt: nextElectionAt(raft),
  };
  note(raft, { kind: "became-pre-candidate", term: raft.term });
}

/** The votes that a role holds in the current term. */
function votesOf(role: Role): NodeId[] {
  if (role.kind === "candidate") return role.granted;
  return role.kind === "pre-candidate" ? role.votes : [];
}

/** §5.2: a new term, a vote for itself - which counts only when it is on disk. */
export function becomeCandidate(raft: Raft): void {
  assert(raft.role.kind !== "leader", "becomeCandidate: a leader doesn't campaign");
  raft.term++;
  raft.vote = raft.config.id;
  raft.isElectionOpen = true;
  raft.role = {
    kind: "candidate",
    granted: [],
    refused: [],
    asked: [],
    resends: RESENDS_PER_VOTER * raft.members.voters.length,
    electionAt: nextElectionAt(raft),
  };
  note(raft, { kind: "became-candidate", term: raft.term });
}

/** §5.2, §5.3: the winner starts from the end of its own log and lets every peer know. */
export function becomeLeader(raft: Raft): void {
  const votes = votesOf(raft.role);
  assert(votes.includes(raft.config.id), "becomeLeader: own vote doesn't count yet");
  assert(raft.vote === raft.config.id, "becomeLeader: voted for another");
  assert(raft.isElectionOpen, "becomeLeader: a term is led once");
  assert(raft.durableTerm === raft.term, "becomeLeader: own vote is not on disk");
  const { now, log, config } = raft;
  const peers: Progress[] = [];
  for (const id of raft.members.voters) {
    if (id === config.id) continue;
    const peer = new Progress(id, log.lastIndex + 1, now);
    // Entries may go at once, the bare first heartbeat waits for company.
    peer.sentAt = now - config.coalesceMs;
    if (isGreeted(config, votes, id)) peer.newsAt = now + config.coalesceMs;
    peers.push(peer);
  }
  const leader: Leader = {
    kind: "leader",
    peers,
    seq: 0,
    quorumCheckAt: now + config.electionTimeoutMs,
    uncommittedBytes: 0,
  };
  raft.role = leader;
  raft.isElectionOpen = false;
  note(raft, { kind: "became-leader", term: raft.term, lastIndex: log.lastIndex });
  // §8: an entry of the own term lets the earlier ones commit.
  if (!config.noop) return;
  appendOwn(raft, leader, "noop", EMPTY);
  note(raft, { kind: "appended", first: log.lastIndex, last: log.lastIndex, term: raft.term });
}

/**
 * Fig. 2: a new leader lets every server know. Where messages are spared (`coalesceMs`), one that
 * gave no vote is perhaps down, and hears of it with the first entries or the next heartbeat: the
 * trial of an election (thesis §9.6) keeps it from deposing the leader before.
 */
function isGreeted(config: RaftConfig, votes: readonly NodeId[], id: NodeId): boolean {
  return config.coalesceMs === 0 || !config.preVote || votes.includes(id);
}

/** Puts one entry of the leader's own term at the end of its log. */
export function appendOwn(raft: Raft, leader: Leader, kind: Entry["kind"], data: Uint8Array): void {
  const entry: Entry = { index: raft.log.lastIndex + 1, term: raft.term, kind, data };
  raft.log.push(entry);
  leader.uncommittedBytes += entryBytes(entry);
}
