/** The core's six messages on the wire (Fig. 2, Fig. 13). Layout: docs/reference/wire-format.md. */

import type {
  AppendRequest,
  AppendResponse,
  Members,
  Message,
  NodeId,
  SnapshotRequest,
  SnapshotResponse,
  VoteRequest,
  VoteResponse,
} from "@holdfast/raft";
import { assert } from "@holdfast/raft";
import { type Reader, VARINT_BYTES_MAX, type Writer } from "./buffer.ts";
import { entriesBound, readEntries, writeEntries } from "./entry.ts";
import { CodecError } from "./errors.ts";

/** Low half of a packet's first byte. */
export const VOTE_REQUEST = 1;
export const VOTE_RESPONSE = 2;
export const APPEND_REQUEST = 3;
export const APPEND_RESPONSE = 4;
export const SNAPSHOT_REQUEST = 5;
export const SNAPSHOT_RESPONSE = 6;

const PRE_VOTE = 0b01;
const GRANTED = 0b10;
const ACCEPTED = 0b01;
const HAS_HINT_TERM = 0b10;
const DONE = 0b01;
const INSTALLED = 0b01;
const HAS_MATCH_INDEX = 0b10;

/** First byte, flags and no more than six numbers. */
const FIXED_BYTES_MAX = 2 + 6 * VARINT_BYTES_MAX;

/** Never less than what {@link writeMessage} writes, first byte included. */
export function messageBound(message: Message): number {
  switch (message.kind) {
    case "append-request":
      return FIXED_BYTES_MAX + entriesBound(message.entries);
    case "snapshot-request": {
      const ids = message.members.voters.length + 1;
      return FIXED_BYTES_MAX + ids * VARINT_BYTES_MAX + VARINT_BYTES_MAX + message.data.length;
    }
    default:
      return FIXED_BYTES_MAX;
  }
}

/** Everything but the first byte. */
export function writeMessage(writer: Writer, message: Message): void {
  switch (message.kind) {
    case "vote-request":
      writeVoteRequest(writer, message);
      break;
    case "vote-response":
      writeVoteResponse(writer, message);
      break;
    case "append-request":
      writeAppendRequest(writer, message);
      break;
    case "append-response":
      writeAppendResponse(writer, message);
      break;
    case "snapshot-request":
      writeSnapshotRequest(writer, message);
      break;
    case "snapshot-response":
      writeSnapshotResponse(writer, message);
      break;
  }
}

function writeVoteRequest(writer: Writer, message: VoteRequest): void {
  writer.byte(message.preVote ? PRE_VOTE : 0);
  writer.count(message.term);
  writer.difference(message.term, message.electionTerm);
  writer.count(message.lastIndex);
  writer.difference(message.term, message.lastTerm);
}

export function readVoteRequest(reader: Reader, from: NodeId, to: NodeId): VoteRequest {
  const preVote = reader.flags(PRE_VOTE) !== 0;
  const term = reader.count();
  const electionTerm = reader.difference(term);
  const lastIndex = reader.count();
  const lastTerm = reader.difference(term);
  return { kind: "vote-request", from, to, term, preVote, electionTerm, lastIndex, lastTerm };
}

function writeVoteResponse(writer: Writer, message: VoteResponse): void {
  writer.byte((message.preVote ? PRE_VOTE : 0) | (message.granted ? GRANTED : 0));
  writer.count(message.term);
  writer.difference(message.term, message.electionTerm);
}

export function readVoteResponse(reader: Reader, from: NodeId, to: NodeId): VoteResponse {
  const flags = reader.flags(PRE_VOTE | GRANTED);
  const term = reader.count();
  const electionTerm = reader.difference(term);
  const preVote = (flags & PRE_VOTE) !== 0;
  const granted = (flags & GRANTED) !== 0;
  return { kind: "vote-response", from, to, term, preVote, electionTerm, granted };
}

function writeAppendRequest(writer: Writer, message: AppendRequest): void {
  writer.count(message.term);
  writer.count(message.seq);
  writer.count(message.prevIndex);
  writer.difference(message.term, message.prevTerm);
  writer.difference(message.prevIndex, message.commit);
  writeEntries(writer, message.prevIndex, message.prevTerm, message.entries);
}

export function readAppendRequest(reader: Reader, from: NodeId, to: NodeId): AppendRequest {
  const term = reader.count();
  const seq = reader.count();
  const prevIndex = reader.count();
  const prevTerm = reader.difference(term);
  const commit = reader.difference(prevIndex);
  const entries = readEntries(reader, prevIndex, prevTerm);
  return { kind: "append-request", from, to, term, seq, prevIndex, prevTerm, commit, entries };
}

function writeAppendResponse(writer: Writer, message: AppendResponse): void {
  const hasHintTerm = message.hintTerm !== 0;
  writer.byte((message.accepted ? ACCEPTED : 0) | (hasHintTerm ? HAS_HINT_TERM : 0));
  writer.count(message.term);
  writer.count(message.seq);
  writer.count(message.index);
  if (hasHintTerm) writer.count(message.hintTerm);
}

export function readAppendResponse(reader: Reader, from: NodeId, to: NodeId): AppendResponse {
  const flags = reader.flags(ACCEPTED | HAS_HINT_TERM);
  const term = reader.count();
  const seq = reader.count();
  const index = reader.count();
  const hintTerm = (flags & HAS_HINT_TERM) !== 0 ? readPresent(reader) : 0;
  const accepted = (flags & ACCEPTED) !== 0;
  return { kind: "append-response", from, to, term, seq, accepted, index, hintTerm };
}

function writeSnapshotRequest(writer: Writer, message: SnapshotRequest): void {
  writer.byte(message.done ? DONE : 0);
  writer.count(message.term);
  writer.count(message.seq);
  writer.count(message.lastIndex);
  writer.difference(message.term, message.lastTerm);
  writeMembers(writer, message.members);
  writer.count(message.offset);
  writer.span(message.data);
}

export function readSnapshotRequest(reader: Reader, from: NodeId, to: NodeId): SnapshotRequest {
  const done = reader.flags(DONE) !== 0;
  const term = reader.count();
  const seq = reader.count();
  const lastIndex = reader.count();
  const lastTerm = reader.difference(term);
  const members = readMembers(reader);
  const offset = reader.count();
  const data = reader.span();
  return {
    kind: "snapshot-request",
    from,
    to,
    term,
    seq,
    lastIndex,
    lastTerm,
    members,
    offset,
    data,
    done,
  };
}

function writeSnapshotResponse(writer: Writer, message: SnapshotResponse): void {
  const hasMatchIndex = message.matchIndex !== 0;
  writer.byte((message.installed ? INSTALLED : 0) | (hasMatchIndex ? HAS_MATCH_INDEX : 0));
  writer.count(message.term);
  writer.count(message.seq);
  writer.count(message.lastIndex);
  writer.count(message.offset);
  if (hasMatchIndex) writer.count(message.matchIndex);
}

export function readSnapshotResponse(reader: Reader, from: NodeId, to: NodeId): SnapshotResponse {
  const flags = reader.flags(INSTALLED | HAS_MATCH_INDEX);
  const term = reader.count();
  const seq = reader.count();
  const lastIndex = reader.count();
  const offset = reader.count();
  const matchIndex = (flags & HAS_MATCH_INDEX) !== 0 ? readPresent(reader) : 0;
  const installed = (flags & INSTALLED) !== 0;
  return {
    kind: "snapshot-response",
    from,
    to,
    term,
    seq,
    lastIndex,
    offset,
    installed,
    matchIndex,
  };
}

/** Ids rise, so each is written as its distance from the one before. */
function writeMembers(writer: Writer, members: Members): void {
  assert(members.voters.length > 0, "codec: members without voters");
  writer.count(members.voters.length);
  let before = 0;
  for (const voter of members.voters) {
    assert(voter > before, "codec: voters not sorted");
    writer.count(voter - before);
    before = voter;
  }
}

function readMembers(reader: Reader): Members {
  const count = reader.countOf(1);
  if (count === 0) throw new CodecError("Members without voters");
  const voters: NodeId[] = [];
  let before = 0;
  for (let i = 0; i < count; i++) {
    before = reader.countAbove(before);
    voters.push(before);
  }
  return { voters };
}

/** A field whose flag says that it is not zero. */
function readPresent(reader: Reader): number {
  const value = reader.count();
  if (value === 0) throw new CodecError("Field is flagged and zero");
  return value;
}
