/** Everything that came from outside is checked here before any rule sees it. */

import { type Entry, isCount, isNodeId, type Members } from "./entry.ts";
import type {
  AppendRequest,
  AppendResponse,
  Message,
  SnapshotRequest,
  SnapshotResponse,
  VoteRequest,
  VoteResponse,
} from "./message.ts";
import type { Raft } from "./state.ts";

/** Why `message` contradicts itself or isn't for this node; "" when it is sound. Constant text. */
export function malformed(raft: Raft, message: Message): string {
  if (message.to !== raft.config.id) return "message: for another node";
  if (!isNodeId(message.from)) return "message: sender is no node id";
  if (message.from === raft.config.id) return "message: from this node itself";
  if (!isCount(message.term)) return "message: term is no count";
  switch (message.kind) {
    case "vote-request":
      return badVoteRequest(message);
    case "vote-response":
      return badVoteResponse(message);
    case "append-request":
      return badAppendRequest(message);
    case "append-response":
      return badAppendResponse(message);
    case "snapshot-request":
      return badSnapshotRequest(message);
    case "snapshot-response":
      return badSnapshotResponse(message);
    default:
      return "message: unknown kind";
  }
}

function badVoteRequest(message: VoteRequest): string {
  if (!isCount(message.lastIndex) || !isCount(message.lastTerm))
    return "vote-request: log end is no count";
  if (message.lastTerm > message.term) return "vote-request: log is ahead of the term";
  const due = message.preVote ? message.term + 1 : message.term;
  if (message.electionTerm !== due || !isCount(due)) return "vote-request: wrong election term";
  return due === 0 ? "vote-request: nobody leads term 0" : "";
}

function badVoteResponse(message: VoteResponse): string {
  if (!isCount(message.electionTerm)) return "vote-response: election term is no count";
  const isReal = !message.preVote && message.granted;
  return isReal && message.term !== message.electionTerm
    ? "vote-response: granted in another term"
    : "";
}

function badAppendRequest(message: AppendRequest): string {
  const { prevIndex, prevTerm, entries, term } = message;
  if (term === 0) return "append-request: nobody leads term 0";
  if (!isCount(message.seq) || !isCount(message.commit))
    return "append-request: a number is no count";
  if (!isCount(prevIndex) || !isCount(prevTerm))
    return "append-request: previous entry is no count";
  if (prevTerm > term) return "append-request: previous entry is from a later term";
  if ((prevIndex === 0) !== (prevTerm === 0))
    return "append-request: index 0 and term 0 go together";
  return badEntries(entries, prevIndex, prevTerm, term);
}

function badEntries(
  entries: readonly Entry[],
  prevIndex: number,
  prevTerm: number,
  term: number,
): string {
  let index = prevIndex;
  let before = prevTerm;
  for (const entry of entries) {
    if (entry.index !== ++index || !isCount(index))
      return "append-request: entries are not contiguous";
    if (!isCount(entry.term) || entry.term < before) return "append-request: terms go back";
    if (entry.term > term) return "append-request: an entry is from a later term";
    before = entry.term;
  }
  return entries.length > 0 && before === 0 ? "append-request: an entry of term 0" : "";
}

function badAppendResponse(message: AppendResponse): string {
  if (!isCount(message.seq) || !isCount(message.index))
    return "append-response: a number is no count";
  return isCount(message.hintTerm) ? "" : "append-response: hint is no count";
}

function badSnapshotRequest(message: SnapshotRequest): string {
  const { lastIndex, lastTerm, term } = message;
  if (term === 0) return "snapshot-request: nobody leads term 0";
  if (!isCount(message.seq) || !isCount(message.offset))
    return "snapshot-request: a number is no count";
  if (!isCount(message.offset + message.data.length))
    return "snapshot-request: offset is too large";
  if (!isCount(lastIndex) || lastIndex === 0) return "snapshot-request: covers nothing";
  if (!isCount(lastTerm) || lastTerm === 0 || lastTerm > term)
    return "snapshot-request: wrong last term";
  if (message.data.length === 0 && !message.done) return "snapshot-request: an empty piece";
  return badMembers(message.members) ? "snapshot-request: members are not sorted voters" : "";
}

function badMembers(members: Members): boolean {
  let before = 0;
  for (const voter of members.voters) {
    if (!isNodeId(voter) || voter <= before) return true;
    before = voter;
  }
  return before === 0;
}

function badSnapshotResponse(message: SnapshotResponse): string {
  if (!isCount(message.seq) || !isCount(message.offset))
    return "snapshot-response: a number is no count";
  const isSound = isCount(message.lastIndex) && isCount(message.matchIndex);
  return isSound ? "" : "snapshot-response: an index is no count";
}
