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
    deadline = Math.min(deadline, peer.sentAt + heartbeatMs, peer.oldestSentAt() + retransmitMs);
    if (peer.outgoing !== undefined)
      deadline = Math.min(deadline, peer.outgoing.sentAt + retransmitMs);
    // News and entries have a due time only while `replicate` would send them then: else ticks
    // would spin.
    if (peer.next > last) {
      if (!peer.silent) deadline = Math.min(deadline, peer.newsAt);
    } else if (peer.hasRoom(windowMessages, windowBytes)) {
      deadline = Math.min(deadline, peer.sentAt + coalesceMs);
    }
  }
  return deadline;
}
