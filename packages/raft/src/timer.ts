/** When something is due: one deadline for the driver's one timer (paper §5.2, §9.3). */

import { isElectable, type Leader, type Raft } from "./state.ts";

/** Sets `raft.deadline` from the role's timers. */
export function rearm(raft: Raft): void {
  const { role } = raft;
  if (role.kind === "leader") raft.deadline = leaderDeadline(raft, role);
  else raft.deadline = isElectable(raft) ? role.electionAt : Number.POSITIVE_INFINITY;
}

function leaderDeadline(raft: Raft, leader: Leader): number {
  const { heartbeatMs, retransmitMs, coalesceMs, windowMessages, windowBytes } = raft.config;
  const last = raft.log.lastIndex;
  let deadline = raft.config.checkQuorum ? leader.quorumCheckAt : Number.POSITIVE_INFINITY;
  for (const peer of leader.peers) {
    let due = Math.min(peer.sentAt + heartbeatMs, peer.newsAt, peer.oldestSentAt() + retransmitMs);
    if (peer.outgoing !== undefined) due = Math.min(due, peer.outgoing.sentAt + retransmitMs);
    else if (peer.next <= last && peer.hasRoom(windowMessages, windowBytes)) {
      due = Math.min(due, peer.sentAt + coalesceMs);
    }
    if (due < deadline) deadline = due;
  }
  return deadline;
}
