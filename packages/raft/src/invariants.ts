/**
 * What must hold in every state and over every step (paper Fig. 3). Run after every step in tests
 * and simulation.
 */

import { assert } from "./assert.ts";
import { type Index, NOBODY, type NodeId, type Term } from "./entry.ts";
import { isElectable, type Leader, type Raft } from "./state.ts";

/** Throws `InvariantError` unless the state is one that a correct node can be in. */
export function checkState(raft: Raft): void {
  checkShape(raft);
  checkLog(raft);
}

/**
 * As `checkState`, without the walk over the whole log: for checks after every step of long runs.
 */
export function checkShape(raft: Raft): void {
  const { log, commit, handed, applied } = raft;
  assert(log.durable <= log.lastIndex, "state: durable beyond the log");
  assert(log.startIndex <= commit || commit === 0, "state: compacted beyond commit");
  assert(commit <= log.lastIndex, "state: commit beyond the log");
  assert(handed <= commit, "state: handed out more than committed");
  assert(applied <= handed, "state: applied more than handed out");
  assert(handed >= log.startIndex, "state: compacted what was never handed out");
  assert(log.lastTerm <= raft.term, "state: log is ahead of the term");
  assert(raft.written <= log.lastIndex, "state: wrote beyond the log");
  assert(raft.durableTerm <= raft.writtenTerm, "state: durable before written");
  assert(raft.writtenTerm <= raft.term, "state: wrote a later term");
  assert((raft.snapshot?.index ?? 0) >= log.startIndex, "state: gap between snapshot and log");
  checkRole(raft);
}

function checkLog({ log }: Raft): void {
  let index = log.startIndex;
  let term = log.startTerm;
  for (const entry of log.entries) {
    index++;
    assert(entry.index === index, "log: not contiguous");
    assert(entry.term >= term, "log: terms go back");
    term = entry.term;
  }
}

function checkRole(raft: Raft): void {
  const { role, config } = raft;
  if (role.kind === "candidate") {
    assert(raft.vote === config.id, "candidate: voted for another");
    assert(raft.term > 0, "candidate: in term 0");
    assert(raft.isElectionOpen, "candidate: its election is over");
  }
  if (role.kind === "pre-candidate" && role.votes.length > 0) {
    assert(raft.isElectionOpen, "pre-candidate: holds votes of no election");
  }
  assert(!raft.isElectionOpen || raft.vote === config.id, "election: open and voted for another");
  if (role.kind === "leader") checkLeader(raft, role);
  if (role.kind === "follower") assert(role.leader !== config.id, "follower: follows itself");
}

function checkLeader(raft: Raft, leader: Leader): void {
  assert(raft.durableTerm === raft.term, "leader: own vote not durable");
  assert(raft.vote === raft.config.id, "leader: voted for another");
  assert(!raft.isElectionOpen, "leader: its election is still open");
  assert(leader.uncommittedBytes >= 0, "leader: budget below zero");
  if (raft.commit === raft.log.lastIndex) {
    assert(leader.uncommittedBytes === 0, "leader: budget leaks");
  }
  for (const peer of leader.peers) {
    assert(peer.match < peer.next, "progress: match reaches next");
    assert(peer.next <= raft.log.lastIndex + 1, "progress: next beyond the log");
    const isAhead = peer.flow === "stream" && peer.next > peer.match + 1;
    assert(!isAhead || peer.messagesInWindow > 0, "progress: flows on over a gap");
    assert(
      (peer.flow === "snapshot") === (peer.outgoing !== undefined),
      "progress: flow and snapshot",
    );
    assert(peer.messagesInWindow > 0 || peer.bytesInWindow === 0, "progress: window leaks");
  }
}

/** What a step is compared with: enough of the state before it. */
export interface Before {
  readonly term: Term;
  readonly vote: NodeId;
  readonly commit: Index;
  readonly applied: Index;
  readonly handed: Index;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  readonly isLeader: boolean;
  readonly now: number;
}

export function remember(raft: Raft): Before {
  const { term, vote, commit, applied, handed, now, log } = raft;
  const isLeader = raft.role.kind === "leader";
  const { lastIndex, lastTerm } = log;
  return { term, vote, commit, applied, handed, lastIndex, lastTerm, isLeader, now };
}

/** Throws `InvariantError` unless one step can lead from `before` to the state now (I-2, I-7). */
export function checkStep(before: Before, raft: Raft): void {
  assert(raft.term >= before.term, "step: term goes back");
  if (raft.term === before.term && before.vote !== NOBODY) {
    assert(raft.vote === before.vote, "step: vote changed within a term");
  }
  assert(raft.commit >= before.commit, "step: commit goes back");
  assert(
    raft.applied >= before.applied || raft.applied >= raft.log.startIndex,
    "step: applied goes back",
  );
  assert(raft.handed >= before.handed, "step: handed goes back");
  assert(raft.now >= before.now, "step: time goes back");
  if (before.isLeader && raft.role.kind === "leader") {
    // Leader Append-Only (Fig. 3).
    assert(raft.term === before.term, "leader: changed its term");
    assert(raft.log.lastIndex >= before.lastIndex, "leader: cut its own log");
    if (before.lastIndex >= raft.log.startIndex) {
      assert(
        raft.log.termAt(before.lastIndex) === before.lastTerm,
        "leader: overwrote its own log",
      );
    }
    // §5.4.2: what a leader commits by counting is of its own term (B1).
    const isCounted = raft.commit > before.commit && raft.commit > raft.log.startIndex;
    assert(
      !isCounted || raft.log.termAt(raft.commit) === raft.term,
      "leader: committed an earlier term's entry by counting",
    );
  }
  assert(isElectable(raft) || raft.role.kind === "follower", "step: a non-voter campaigns");
}
