/**
 * The leader's side: proposals, append answers, heartbeats, check-quorum (paper §5.3; thesis §6.2,
 * §10.2.1).
 */

import { advanceCommit } from "./commit.ts";
import { NOBODY, type NodeId } from "./entry.ts";
import type { StepResult } from "./input.ts";
import type { AppendResponse } from "./message.ts";
import { note } from "./outbox.ts";
import type { Progress } from "./progress.ts";
import { majorityOf } from "./quorum.ts";
import { heard, peerOf, sendHeartbeat } from "./replicate.ts";
import { appendOwn, becomeFollower } from "./role.ts";
import { sometimes } from "./sometimes.ts";
import { isElectable, type Leader, type Raft } from "./state.ts";

/** Puts commands into the leader's log, all or none (§5.3). */
export function propose(raft: Raft, commands: readonly Uint8Array[]): StepResult {
  const { role, config, log } = raft;
  if (role.kind !== "leader") return refusal("not-leader", "Only the leader takes commands");
  if (commands.length === 0) return refusal("malformed", "No command to propose");
  for (const command of commands) {
    if (command.length > config.commandBytesMax) {
      return refusal("too-large", "The command exceeds commandBytesMax");
    }
  }
  if (role.uncommittedBytes >= config.uncommittedBytesMax) {
    sometimes("leading: a proposal is refused by the budget");
    return refusal("too-much-uncommitted", "The leader waits for earlier commands to commit");
  }
  const first = log.lastIndex + 1;
  for (const command of commands) appendOwn(raft, role, "command", command);
  const last = log.lastIndex;
  note(raft, { kind: "appended", first, last, term: raft.term });
  return { ok: true, first, last, term: raft.term };
}

function refusal(
  reason: "not-leader" | "too-much-uncommitted" | "too-large" | "malformed",
  detail: string,
): StepResult {
  return { ok: false, reason, detail };
}

/** A peer's answer in this term. Returns why it can't be, or "" when it was dealt with. */
export function onAppendResponse(raft: Raft, leader: Leader, response: AppendResponse): string {
  const peer = peerOf(leader, response.from);
  if (peer === undefined) return "append-response: not from a peer";
  if (response.seq > leader.seq) return "append-response: answers a request that was never sent";
  if (response.accepted && response.index > raft.log.lastIndex) {
    return "append-response: accepts beyond the leader's log";
  }
  heard(raft, peer);
  if (response.accepted) onAccepted(raft, leader, peer, response);
  else return onRefused(raft, leader, peer, response);
  return "";
}

function onAccepted(raft: Raft, leader: Leader, peer: Progress, response: AppendResponse): void {
  const news = peer.accepted(response.seq, response.index, leader.seq);
  // E4: whatever reconnects the logs ends the search or the snapshot.
  if (peer.flow !== "stream" && meets(raft, peer)) {
    if (peer.flow === "snapshot") sometimes("leading: an append makes a snapshot needless");
    peer.stream();
    note(raft, { kind: "peer-state", peer: peer.id, flow: "stream" });
  }
  if (news) advanceCommit(raft, leader);
}

/** The next entry to send is the one behind what is known to match, and the log still holds it. */
function meets(raft: Raft, peer: Progress): boolean {
  return peer.next === peer.match + 1 && peer.match >= raft.log.startIndex;
}

function onRefused(raft: Raft, leader: Leader, peer: Progress, response: AppendResponse): string {
  if (response.index < peer.match && response.seq > peer.matchSeq) {
    return "append-response: the follower lost what it acknowledged";
  }
  const isCurrent = response.seq >= peer.floorSeq && peer.windowSeq.includes(response.seq);
  if (!isCurrent || peer.flow === "snapshot") return "";
  if (response.index < peer.match) {
    // It was refused before an overtaken request made it match: only what follows is to be sent
    // again.
    sometimes("leading: a refusal was overtaken by an acceptance");
    peer.lost(leader.seq + 1);
    return "";
  }
  const agree = raft.log.lastIndexUpTo(response.index, response.hintTerm);
  if (agree + 2 < peer.next) sometimes("leading: one refusal passes over several entries");
  peer.refused(Math.max(agree, peer.match) + 1, leader.seq + 1);
  return "";
}

/** The transport gave up on what was under way to this peer. */
export function onPeerUnreachable(raft: Raft, leader: Leader, id: NodeId): void {
  const peer = peerOf(leader, id);
  if (peer === undefined || peer.silent) return;
  if (peer.messagesInWindow > 1) sometimes("leading: a connection breaks with appends on it");
  // As after a send: what was lost waits `coalesceMs` for company before it goes again.
  peer.sentAt = raft.now;
  if (peer.outgoing !== undefined) peer.outgoing.sentAt = Number.POSITIVE_INFINITY;
  else fallBack(raft, leader, peer);
}

/**
 * The own disk has not answered for the longest election timeout: another node, which needs its own
 * disk to be elected, serves better (G14). Who is alone has nobody to leave the office to.
 */
function isDiskStuck({ now, inFlight, config }: Raft, { peers }: Leader): boolean {
  const since = inFlight[0]?.since ?? now;
  return peers.length > 0 && now - since >= config.electionTimeoutMaxMs;
}

/** What is under way is lost: probe where the logs meet before more is sent ahead. */
function fallBack(raft: Raft, leader: Leader, peer: Progress): void {
  if (peer.flow === "stream") note(raft, { kind: "peer-state", peer: peer.id, flow: "probe" });
  peer.lost(leader.seq + 1);
}

/** The leader's timers: check-quorum, lost requests, heartbeats. */
export function onLeaderTick(raft: Raft, leader: Leader): void {
  if (raft.config.checkQuorum && raft.now >= leader.quorumCheckAt) {
    if (!hearsMajority(raft, leader)) {
      sometimes("leading: steps down for want of a majority");
      becomeFollower(raft, raft.term, NOBODY, "lost-quorum");
      return;
    }
    if (isDiskStuck(raft, leader)) {
      sometimes("leading: steps down for the want of its own disk");
      becomeFollower(raft, raft.term, NOBODY, "slow-disk");
      return;
    }
    leader.quorumCheckAt = raft.now + raft.config.electionTimeoutMs;
  }
  for (const peer of leader.peers) {
    giveUpLost(raft, leader, peer);
    if (raft.now >= peer.sentAt + raft.config.heartbeatMs) sendHeartbeat(raft, leader, peer);
  }
}

/**
 * Thesis §6.2: a leader that hears no majority for an election timeout must not keep clients
 * waiting.
 */
function hearsMajority(raft: Raft, leader: Leader): boolean {
  const since = raft.now - raft.config.electionTimeoutMaxMs;
  let count = isElectable(raft) ? 1 : 0;
  for (const peer of leader.peers) if (peer.heardAt > since) count++;
  return count >= majorityOf(raft.members.voters.length);
}

/**
 * Unanswered for too long: the peer falls back to probes without entries until it is heard again
 * (G3, G4).
 */
function giveUpLost(raft: Raft, leader: Leader, peer: Progress): void {
  // The same sum as in the deadline: a rounding error between the two would make the timer fire for
  // ever.
  const { retransmitMs } = raft.config;
  if (raft.now >= peer.oldestSentAt() + retransmitMs) {
    sometimes("leading: an append is not answered in time");
    fallBack(raft, leader, peer);
    peer.silent = true;
  }
  const { outgoing } = peer;
  if (outgoing !== undefined && raft.now >= outgoing.sentAt + retransmitMs) {
    if (outgoing.offset > 0) sometimes("snapshot: a piece is lost on the way");
    outgoing.sentAt = Number.POSITIVE_INFINITY;
    peer.silent = true;
  }
}
