/** The commit rule: what a leader may commit, what a follower may believe (paper §5.3, §5.4.2). */

import { assert } from "./assert.ts";
import { entryBytes, type Index } from "./entry.ts";
import { note } from "./outbox.ts";
import { reachedByMajority } from "./quorum.ts";
import { sometimes } from "./sometimes.ts";
import { isElectable, type Leader, type Raft } from "./state.ts";

/**
 * Commits what a majority holds on disk, if it is of the own term. True when the commit index grew.
 */
export function advanceCommit(raft: Raft, leader: Leader): boolean {
  reached.length = 0;
  if (isElectable(raft)) reached.push(raft.log.durable);
  for (const peer of leader.peers) reached.push(peer.match);
  const index = reachedByMajority(reached);
  // §5.4.2: only entries of the leader's own term commit by counting, older ones with them (B1,
  // Figure 8).
  if (index <= raft.commit) return false;
  if (raft.log.termAt(index) !== raft.term) {
    sometimes("commit: a majority holds an entry of an earlier term, which must wait");
    return false;
  }
  if (raft.log.at(raft.commit + 1).term !== raft.term) {
    sometimes("commit: an entry commits those of earlier terms before it");
  }
  if (raft.log.durable < index) sometimes("commit: without the leader's own disk");
  for (let at = raft.commit + 1; at <= index; at++) {
    const entry = raft.log.at(at);
    if (entry.term === raft.term) leader.uncommittedBytes -= entryBytes(entry);
  }
  assert(leader.uncommittedBytes >= 0, "advanceCommit: budget leaks");
  raft.commit = index;
  note(raft, { kind: "committed", index });
  return true;
}

const reached: number[] = [];

/** A follower commits what the leader committed, as far as its log was proved equal (B4). */
export function learnCommit(raft: Raft, index: Index): void {
  if (index <= raft.commit) return;
  assert(index <= raft.log.lastIndex, "learnCommit: beyond the log");
  raft.commit = index;
  note(raft, { kind: "committed", index });
}
