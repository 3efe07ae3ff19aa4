/** The leader's sending side: appends, heartbeats, snapshot pieces (paper §5.2, §5.3, §7). */

import { assert } from "./assert.ts";
import { type Entry, entryBytes, type Index, type NodeId } from "./entry.ts";
import type { AppendRequest } from "./message.ts";
import { emit, note } from "./outbox.ts";
import type { Progress } from "./progress.ts";
import { sometimes } from "./sometimes.ts";
import type { Leader, Raft } from "./state.ts";

const NEVER = Number.POSITIVE_INFINITY;
const NO_ENTRIES: readonly Entry[] = [];

/**
 * Sends every peer what it lacks and may have now. Runs once per batch of steps, so that batching
 * falls out.
 */
export function replicate(raft: Raft, leader: Leader): void {
  for (const peer of leader.peers) {
    if (peer.flow !== "snapshot" && peer.next <= raft.log.startIndex)
      beginSnapshot(raft, leader, peer);
    if (peer.flow === "snapshot") sendPiece(raft, leader, peer);
    else if (peer.next <= raft.log.lastIndex) sendEntries(raft, leader, peer);
    if (owesNews(raft, peer)) sendNews(raft, leader, peer);
  }
}

/**
 * Nothing was sent for a heartbeat interval: say that the leader lives, and probe where the logs
 * meet (§5.2). Entries that wait for their pace go along: an empty request would put them off, and
 * for ever when `coalesceMs` reaches `heartbeatMs` (simulated seed 5138).
 */
export function sendHeartbeat(raft: Raft, leader: Leader, peer: Progress): void {
  if (peer.flow !== "snapshot" && lacksSendable(raft, peer)) {
    const before = leader.seq;
    sendBatches(raft, leader, peer);
    if (leader.seq > before) return;
  }
  const canProbe = peer.flow === "probe" && peer.next > raft.log.startIndex;
  if (canProbe && peer.messagesInWindow === 0) sendProbe(raft, leader, peer);
  else sendEmpty(raft, leader, peer);
}

function sendEntries(raft: Raft, leader: Leader, peer: Progress): void {
  if (raft.now >= peer.sentAt + raft.config.coalesceMs) sendBatches(raft, leader, peer);
}

/** Entries are there for this peer, and were not compacted. */
function lacksSendable({ log }: Raft, { next }: Progress): boolean {
  return next <= log.lastIndex && next > log.startIndex;
}

function sendBatches(raft: Raft, leader: Leader, peer: Progress): void {
  const { windowMessages, windowBytes, messageBytesMax } = raft.config;
  while (peer.next <= raft.log.lastIndex && peer.hasRoom(windowMessages, windowBytes)) {
    const entries = raft.log.sliceBytes(peer.next, messageBytesMax);
    const request = appendRequest(raft, leader, peer, peer.next - 1, entries);
    let bytes = 0;
    for (const entry of entries) bytes += entryBytes(entry);
    peer.sent(request.seq, peer.next + entries.length - 1, bytes, raft.now);
    emit(raft, request);
  }
  if (peer.flow === "stream" && peer.next <= raft.log.lastIndex) {
    sometimes("leading: the window to a peer is full");
  }
}

/**
 * True when the peer waits for something that no entry will carry: a higher commit index, or the
 * first sign of this leader.
 */
function owesNews(raft: Raft, peer: Progress): boolean {
  if (peer.silent || peer.next <= raft.log.lastIndex) return false;
  if (peer.newsAt !== NEVER) return true;
  // Behind a `match` that is compacted no request can carry it: trying would send one after each
  // step.
  const canTell = peer.match >= raft.log.startIndex;
  return canTell && Math.min(raft.commit, peer.match) > peer.commitSent;
}

/** News waits up to `coalesceMs` for entries to travel with. */
function sendNews(raft: Raft, leader: Leader, peer: Progress): void {
  if (peer.newsAt === NEVER) peer.newsAt = raft.now + raft.config.coalesceMs;
  if (raft.now >= peer.newsAt) sendHeartbeat(raft, leader, peer);
}

/** An empty append right before `next`: its answer tells where the logs meet. */
function sendProbe(raft: Raft, leader: Leader, peer: Progress): void {
  const request = appendRequest(raft, leader, peer, peer.next - 1, NO_ENTRIES);
  peer.sent(request.seq, peer.next - 1, 0, raft.now);
  emit(raft, request);
}

/**
 * An empty append at what is known to match: can't be refused by a peer that lags or that got
 * messages out of order (B12).
 */
function sendEmpty(raft: Raft, leader: Leader, peer: Progress): void {
  const prevIndex = peer.match >= raft.log.startIndex ? peer.match : 0;
  emit(raft, appendRequest(raft, leader, peer, prevIndex, NO_ENTRIES));
}

function appendRequest(
  raft: Raft,
  leader: Leader,
  peer: Progress,
  prevIndex: Index,
  entries: readonly Entry[],
): AppendRequest {
  // What the peer may commit if it accepts; a refusal or a loss sets this back.
  const covered = prevIndex + entries.length;
  peer.commitSent = Math.max(peer.commitSent, Math.min(raft.commit, covered));
  peer.sentAt = raft.now;
  peer.newsAt = NEVER;
  leader.seq++;
  return {
    kind: "append-request",
    from: raft.config.id,
    to: peer.id,
    term: raft.term,
    seq: leader.seq,
    prevIndex,
    prevTerm: prevIndex === 0 ? 0 : raft.log.termAt(prevIndex),
    commit: raft.commit,
    entries,
  };
}

/** What the peer needs next is compacted: it gets the newest snapshot (§7). */
function beginSnapshot(raft: Raft, leader: Leader, peer: Progress): void {
  const { snapshot } = raft;
  assert(snapshot !== undefined, "replicate: compacted log without a snapshot");
  peer.beginSnapshot(snapshot, leader.seq + 1);
  note(raft, { kind: "peer-state", peer: peer.id, flow: "snapshot" });
}

/**
 * One piece is under way at a time; a silent peer must give a sign of life before it gets another.
 */
function sendPiece(raft: Raft, leader: Leader, peer: Progress): void {
  const { outgoing } = peer;
  assert(outgoing !== undefined, "replicate: snapshot flow without a snapshot");
  if (peer.silent || outgoing.sentAt !== NEVER) return;
  outgoing.seq = ++leader.seq;
  outgoing.sentAt = raft.now;
  raft.outbox.load.push({
    to: peer.id,
    term: raft.term,
    seq: outgoing.seq,
    snapshot: outgoing.meta,
    offset: outgoing.offset,
  });
}

export function peerOf(leader: Leader, id: NodeId): Progress | undefined {
  for (const peer of leader.peers) if (peer.id === id) return peer;
  return undefined;
}

/** Any answer of this term is a sign of life, for check-quorum and for a peer that was given up. */
export function heard(raft: Raft, peer: Progress): void {
  peer.heardAt = raft.now;
  peer.silent = false;
}
