/** The follower's side of AppendEntries (paper §5.3). */

import { learnCommit } from "./commit.ts";
import type { Entry, Index, Term } from "./entry.ts";
import type { AppendRequest, AppendResponse } from "./message.ts";
import { emit, note, truncateLog } from "./outbox.ts";
import { follow } from "./role.ts";
import { sometimes } from "./sometimes.ts";
import type { Raft } from "./state.ts";

/** An append of the current term. Returns why it can't be, or "" when it was dealt with. */
export function onAppendRequest(raft: Raft, request: AppendRequest): string {
  follow(raft, request.from);
  return request.prevIndex < raft.log.startIndex
    ? takeBehindStart(raft, request)
    : take(raft, request);
}

/**
 * §7: the log before its start is committed and in our snapshot, so it equals the leader's (B5).
 * What the request has beyond the start is taken: a leader that did not send it again would
 * count it as delivered until something new is proposed (seed 30102962). Those of this version do
 * send it again (`Progress.accepted`), a round trip later: two defences, each enough.
 */
function takeBehindStart(raft: Raft, request: AppendRequest): string {
  const { startIndex, startTerm } = raft.log;
  const { prevIndex, entries } = request;
  sometimes("following: an append begins before the start of the log");
  const atStart = entries[startIndex - prevIndex - 1];
  if (atStart !== undefined && atStart.term !== startTerm) {
    return "append-request: contradicts a committed entry";
  }
  const beyond = entries.slice(startIndex - prevIndex);
  if (beyond.length > 0) {
    sometimes("following: an append reaches over the start of the log");
    return take(raft, { ...request, prevIndex: startIndex, prevTerm: startTerm, entries: beyond });
  }
  accept(raft, request, raft.commit);
  return "";
}

function take(raft: Raft, request: AppendRequest): string {
  const { log, commit } = raft;
  const { prevIndex, prevTerm, entries } = request;
  if (!log.matches(prevIndex, prevTerm)) {
    if (prevIndex <= commit) return "append-request: contradicts a committed entry";
    refuse(raft, request);
    return "";
  }
  const conflict = firstConflict(raft, entries);
  if (conflict !== 0 && conflict <= commit) return "append-request: would cut a committed entry";
  if (conflict !== 0) {
    if (log.termAt(conflict) !== log.lastTerm)
      sometimes("following: a conflict over several terms");
    truncateLog(raft, conflict);
  }
  push(raft, entries);
  const covered = prevIndex + entries.length;
  if (request.commit > covered) sometimes("following: commits no further than was proved");
  // §5.3: commit no further than this message has proved equal (B4).
  learnCommit(raft, Math.min(request.commit, covered));
  accept(raft, request, covered);
  return "";
}

/**
 * The first index whose term differs; 0 when none does. Only a real conflict deletes anything (B2,
 * B3).
 */
function firstConflict(raft: Raft, entries: readonly Entry[]): Index {
  const last = raft.log.lastIndex;
  for (const entry of entries) {
    if (entry.index > last) return 0;
    if (raft.log.termAt(entry.index) !== entry.term) return entry.index;
  }
  return 0;
}

function push(raft: Raft, entries: readonly Entry[]): void {
  const { log } = raft;
  const first = log.lastIndex + 1;
  for (const entry of entries) if (entry.index > log.lastIndex) log.push(entry);
  const last = log.lastIndex;
  if (last >= first) note(raft, { kind: "appended", first, last, term: log.lastTerm });
  else if (entries.length > 0) markRepeated(raft, entries);
}

function markRepeated({ log }: Raft, entries: readonly Entry[]): void {
  const last = entries.at(-1);
  if (last === undefined || last.index <= log.durable) {
    sometimes("following: repeated entries change nothing");
  } else {
    sometimes("following: entries are repeated while their first write is in flight");
  }
}

/** Promises that the log up to `index` is durable here: leaves only when it is (I-8). */
function accept(raft: Raft, request: AppendRequest, index: Index): void {
  emit(raft, appendResponse(raft, request, true, index, 0), index);
}

/**
 * Tells the leader the last index at which the logs can still agree, so that one round passes over
 * a whole term (§5.3).
 */
function refuse(raft: Raft, request: AppendRequest): void {
  const { log } = raft;
  const found = log.lastIndexUpTo(request.prevIndex, request.prevTerm);
  const hint = Math.max(found, log.startIndex);
  note(raft, { kind: "refused-append", from: request.from, prevIndex: request.prevIndex, hint });
  emit(raft, appendResponse(raft, request, false, hint, log.termAt(hint)));
}

/**
 * Answers a deposed leader: the higher term is all it needs to know (§5.1). Not the request's
 * number: the sender may lead again, with numbers from 1, when this arrives in its new term (B12).
 */
export function refuseStaleAppend(raft: Raft, request: AppendRequest): void {
  sometimes("following: a deposed leader is told the higher term");
  emit(raft, appendResponse(raft, { ...request, seq: 0 }, false, 0, 0));
}

function appendResponse(
  raft: Raft,
  request: AppendRequest,
  accepted: boolean,
  index: Index,
  hintTerm: Term,
): AppendResponse {
  return {
    kind: "append-response",
    from: raft.config.id,
    to: request.from,
    term: raft.term,
    seq: request.seq,
    accepted,
    index,
    hintTerm,
  };
}
