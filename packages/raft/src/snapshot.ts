/** Snapshots: taken here, sent by the leader, installed by a follower (paper §7, Fig. 13). */

import { learnCommit } from "./commit.ts";
import { type Index, isCount, type NodeId, type SnapshotMeta, type Term } from "./entry.ts";
import type { SnapshotRequest, SnapshotResponse } from "./message.ts";
import { clampInFlight, emit, note } from "./outbox.ts";
import type { Progress } from "./progress.ts";
import { heard, peerOf } from "./replicate.ts";
import { follow } from "./role.ts";
import { sometimes } from "./sometimes.ts";
import type { Follower, Incoming, Leader, Raft } from "./state.ts";

/**
 * The application holds a durable snapshot as of `index`: the log before it may go, but for a tail
 * (§7).
 */
export function onSnapshotTaken(raft: Raft, index: Index): string {
  if (!isCount(index) || index > raft.applied) return "snapshot-taken: beyond what was applied";
  const { log } = raft;
  // An older one than we have, or than the leader has sent meanwhile, changes nothing (E8).
  if (index <= (raft.snapshot?.index ?? 0)) {
    if (index > 0) sometimes("snapshot: an own one comes too late");
    return "";
  }
  raft.snapshot = { index, term: log.termAt(index), members: raft.members };
  const target = Math.min(index - raft.config.trailingEntries, heldIndex(raft));
  if (target <= log.startIndex) return "";
  log.compactTo(target);
  raft.outbox.compactTo = target;
  note(raft, { kind: "compacted", index: target });
  return "";
}

/**
 * A transfer to a live peer keeps the log behind its snapshot: else the peer would be out of reach
 * again by the time that it has installed it, and with frequent snapshots for ever (E4).
 */
function heldIndex(raft: Raft): Index {
  let held = Number.POSITIVE_INFINITY;
  if (raft.role.kind !== "leader") return held;
  for (const { outgoing, silent } of raft.role.peers) {
    if (outgoing !== undefined && !silent) held = Math.min(held, outgoing.meta.index);
  }
  if (held !== Number.POSITIVE_INFINITY) sometimes("snapshot: a transfer holds the log behind it");
  return held;
}

/**
 * One piece of the leader's snapshot, in the current term. Returns why it can't be, or "" when it
 * was dealt with.
 */
export function onSnapshotRequest(raft: Raft, request: SnapshotRequest): string {
  const isAhead = request.lastIndex > raft.commit;
  if (isAhead && request.lastTerm < raft.log.termAt(raft.commit)) {
    return "snapshot-request: contradicts a committed entry";
  }
  follow(raft, request.from);
  takePiece(raft, raft.role as Follower, request);
  return "";
}

function takePiece(raft: Raft, role: Follower, request: SnapshotRequest): void {
  if (request.lastIndex <= raft.commit) {
    // Stale, or overtaken by appends: what it covers is here already.
    sometimes("snapshot: what a piece belongs to is here already");
    role.incoming = undefined;
    answerInstalled(raft, request.from, request.seq, request.lastIndex, raft.commit);
    return;
  }
  if (role.incoming === undefined && pendingInstalls(raft) >= INSTALLS_MAX) {
    // No answer: the leader asks again in its time, and the disk can't be flooded with snapshots.
    return;
  }
  const incoming = incomingFor(role, request);
  incoming.seq = request.seq;
  // While it is being checked the answer waits; it goes to the latest request.
  if (incoming.checking) {
    sometimes("snapshot: a piece comes while the whole is checked");
    return;
  }
  if (request.offset === incoming.offset) {
    const { offset, data, done, from } = request;
    raft.outbox.store.push({ from, snapshot: incoming.meta, offset, data, done });
    incoming.offset += data.length;
    incoming.checking = done;
  } else {
    sometimes("snapshot: a piece is repeated or out of place");
  }
  // Repeated and displaced pieces are answered with the place that is wanted (E17).
  if (!incoming.checking) answerOffset(raft, incoming);
}

/** Received snapshots that may wait for a slow disk at a time (E12). */
const INSTALLS_MAX = 2;

function pendingInstalls({ inFlight, outbox }: Raft): number {
  let count = outbox.snapshot === undefined ? 0 : 1;
  for (const { snapshot } of inFlight) if (snapshot > 0) count++;
  return count;
}

/**
 * The transfer that `request` belongs to; another sender, term or snapshot starts anew: bytes may
 * differ.
 */
function incomingFor(role: Follower, request: SnapshotRequest): Incoming {
  const { incoming } = role;
  if (incoming !== undefined) {
    if (isSameTransfer(incoming, request)) return incoming;
    sometimes("snapshot: another one takes the place of one that is arriving");
  }
  role.incoming = {
    from: request.from,
    term: request.term,
    meta: { index: request.lastIndex, term: request.lastTerm, members: request.members },
    offset: 0,
    seq: request.seq,
    checking: false,
  };
  return role.incoming;
}

function isSameTransfer(incoming: Incoming, request: SnapshotRequest): boolean {
  const { from, term, meta } = incoming;
  const isSameSender = from === request.from && term === request.term;
  return isSameSender && meta.index === request.lastIndex && meta.term === request.lastTerm;
}

/**
 * The driver has checked the complete snapshot. A result for a transfer that is no more is dropped
 * (E11).
 */
export function onSnapshotChecked(raft: Raft, index: Index, term: Term, ok: boolean): void {
  const { role } = raft;
  const incoming = role.kind === "follower" ? role.incoming : undefined;
  if (incoming === undefined || !incoming.checking) {
    sometimes("snapshot: the transfer has ended before it is checked");
    return;
  }
  if (incoming.meta.index !== index || incoming.meta.term !== term) return;
  (role as Follower).incoming = undefined;
  if (!ok) {
    sometimes("snapshot: one that arrived is not whole");
    answerOffset(raft, { ...incoming, offset: 0 });
    return;
  }
  if (raft.log.matches(index, term)) {
    // §7: the log already holds what the snapshot covers; keep it and what follows.
    sometimes("snapshot: the log holds already what it covers");
    learnCommit(raft, index);
  } else if (index > raft.commit) {
    install(raft, incoming.meta);
  }
  answerInstalled(raft, incoming.from, incoming.seq, index, raft.commit);
}

/** §7: the snapshot replaces the whole log; nothing of a conflicting log stays (E6). */
function install(raft: Raft, meta: SnapshotMeta): void {
  if (raft.applied < raft.commit) sometimes("snapshot: installed while entries wait to be applied");
  if (raft.log.lastIndex > raft.commit) sometimes("snapshot: takes the place of other entries");
  raft.log.reset(meta.index, meta.term);
  clampInFlight(raft, 0);
  raft.written = meta.index;
  raft.snapshot = meta;
  raft.members = meta.members;
  raft.commit = meta.index;
  raft.handed = meta.index;
  raft.outbox.snapshot = meta;
  raft.outbox.restore = meta;
  raft.outbox.truncateFrom = 0;
  raft.outbox.compactTo = 0;
  note(raft, { kind: "snapshot-installed", index: meta.index, term: meta.term });
}

function answerOffset(raft: Raft, incoming: Incoming): void {
  const { from, seq, meta, offset } = incoming;
  emit(raft, snapshotResponse(raft, from, seq, meta.index, offset, false, 0));
}

/** Promises that the log up to `matchIndex` is durable here: leaves only when it is. */
function answerInstalled(
  raft: Raft,
  to: NodeId,
  seq: number,
  lastIndex: Index,
  matchIndex: Index,
): void {
  emit(raft, snapshotResponse(raft, to, seq, lastIndex, 0, true, matchIndex), matchIndex);
}

/**
 * Answers a deposed leader as `refuseStaleAppend` does: the higher term is all it needs to know.
 */
export function refuseStaleSnapshot(raft: Raft, request: SnapshotRequest): void {
  emit(raft, snapshotResponse(raft, request.from, 0, request.lastIndex, 0, false, 0));
}

function snapshotResponse(
  raft: Raft,
  to: NodeId,
  seq: number,
  lastIndex: Index,
  offset: number,
  installed: boolean,
  matchIndex: Index,
): SnapshotResponse {
  return {
    kind: "snapshot-response",
    from: raft.config.id,
    to,
    term: raft.term,
    seq,
    lastIndex,
    offset,
    installed,
    matchIndex,
  };
}

/** A follower's answer to a piece, in this term. Returns why it can't be, or "". */
export function onSnapshotResponse(raft: Raft, leader: Leader, response: SnapshotResponse): string {
  const peer = peerOf(leader, response.from);
  if (peer === undefined) return "snapshot-response: not from a peer";
  if (response.seq > leader.seq) return "snapshot-response: answers a request that was never sent";
  if (response.matchIndex > raft.log.lastIndex)
    return "snapshot-response: matches beyond the leader's log";
  heard(raft, peer);
  if (response.installed) {
    // Counts whenever it comes, however long the installing took (E3).
    peer.accepted(response.seq, response.matchIndex, leader.seq);
    if (peer.flow === "snapshot") onInstalled(raft, leader, peer);
    return "";
  }
  // Only the answer to the piece under way moves the transfer on: one piece at a time.
  if (peer.outgoing?.seq === response.seq) onWanted(raft, leader, peer, response.offset);
  return "";
}

/** The peer wants the piece at `offset` next. */
function onWanted(raft: Raft, leader: Leader, peer: Progress, offset: number): void {
  const { outgoing } = peer;
  if (outgoing === undefined) return;
  outgoing.offset = offset;
  outgoing.sentAt = Number.POSITIVE_INFINITY;
  // Begun anew, perhaps because the whole failed its check: with the newest, or a damaged snapshot
  // would be sent again and again while a good one is there (E16).
  const newest = raft.snapshot;
  if (offset !== 0 || newest === undefined || newest.index === outgoing.meta.index) return;
  peer.beginSnapshot(newest, leader.seq + 1);
}

function onInstalled(raft: Raft, leader: Leader, peer: Progress): void {
  if (peer.match >= raft.log.startIndex) {
    peer.stream();
    note(raft, { kind: "peer-state", peer: peer.id, flow: "stream" });
  } else if (raft.snapshot !== undefined) {
    // The log went on without it while it was silent: the newest snapshot is next.
    sometimes("snapshot: the log has gone on when it is installed");
    peer.beginSnapshot(raft.snapshot, leader.seq + 1);
  }
}

/**
 * The piece can't be read: the snapshot was replaced or is damaged. Begin again with the newest.
 */
export function onSnapshotUnreadable(raft: Raft, leader: Leader, to: NodeId, index: Index): void {
  const peer = peerOf(leader, to);
  if (peer?.outgoing === undefined || peer.outgoing.meta.index !== index) return;
  if (peer.outgoing.offset > 0) sometimes("snapshot: becomes unreadable while it is sent");
  if (raft.snapshot !== undefined) peer.beginSnapshot(raft.snapshot, leader.seq + 1);
  // Not at once: a snapshot that stays unreadable must not spin.
  if (peer.outgoing !== undefined) peer.outgoing.sentAt = raft.now;
}
