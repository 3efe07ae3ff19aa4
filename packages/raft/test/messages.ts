/**
 * Messages with sensible fields, so that a scene names only those that matter: from node 2 to node
 * 1 in term 1.
 */

import assert from "node:assert/strict";
import {
  type AppendRequest,
  type AppendResponse,
  EMPTY,
  type Message,
  type MessageKind,
  type NodeId,
  type SnapshotRequest,
  type SnapshotResponse,
  type VoteRequest,
  type VoteResponse,
} from "@holdfast/raft";

type Of<K extends MessageKind> = Extract<Message, { kind: K }>;
type Fields<K extends MessageKind> = Partial<Omit<Of<K>, "kind">>;

const ENVELOPE = { from: 2, to: 1, term: 1 };

export function voteRequest(fields: Fields<"vote-request"> = {}): VoteRequest {
  const { term = 1, preVote = false } = fields;
  const electionTerm = preVote ? term + 1 : term;
  const log = { lastIndex: 0, lastTerm: 0 };
  return { kind: "vote-request", ...ENVELOPE, preVote, electionTerm, ...log, ...fields };
}

export function voteResponse(fields: Fields<"vote-response"> = {}): VoteResponse {
  const electionTerm = fields.term ?? 1;
  const answer = { preVote: false, electionTerm, granted: true };
  return { kind: "vote-response", ...ENVELOPE, ...answer, ...fields };
}

export function appendRequest(fields: Fields<"append-request"> = {}): AppendRequest {
  const prev = { prevIndex: 0, prevTerm: 0 };
  return {
    kind: "append-request",
    ...ENVELOPE,
    seq: 1,
    ...prev,
    commit: 0,
    entries: [],
    ...fields,
  };
}

export function appendResponse(fields: Fields<"append-response"> = {}): AppendResponse {
  const answer = { seq: 1, accepted: true, index: 0, hintTerm: 0 };
  return { kind: "append-response", ...ENVELOPE, ...answer, ...fields };
}

export function snapshotRequest(fields: Fields<"snapshot-request"> = {}): SnapshotRequest {
  const covers = { lastIndex: 1, lastTerm: 1, members: { voters: [1, 2, 3] } };
  const piece = { offset: 0, data: EMPTY, done: true };
  return { kind: "snapshot-request", ...ENVELOPE, seq: 1, ...covers, ...piece, ...fields };
}

export function snapshotResponse(fields: Fields<"snapshot-response"> = {}): SnapshotResponse {
  const answer = { seq: 1, lastIndex: 1, offset: 0, installed: false, matchIndex: 0 };
  return { kind: "snapshot-response", ...ENVELOPE, ...answer, ...fields };
}

/** Those of one kind, to one node when given. */
export function pick<K extends MessageKind>(
  messages: readonly Message[],
  kind: K,
  to?: NodeId,
): readonly Of<K>[] {
  const isWanted = (message: Message): message is Of<K> =>
    message.kind === kind && (to === undefined || message.to === to);
  return messages.filter(isWanted);
}

/** The one message of a kind. */
export function only<K extends MessageKind>(
  messages: readonly Message[],
  kind: K,
  to?: NodeId,
): Of<K> {
  const found = pick(messages, kind, to);
  assert.equal(found.length, 1, `${found.length} of ${kind} instead of one`);
  return found[0] as Of<K>;
}
