/** Each invariant of the cluster lets right things pass and fires on a wrong one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AppendResponse,
  createRaft,
  type Entry,
  type HardState,
  type Message,
  makeConfig,
  membersOf,
  NOTHING_RESTORED,
  type Raft,
  type VoteRequest,
  type VoteResponse,
} from "@holdfast/raft";
import { ClusterInvariants, type DurableState } from "@holdfast/sim";

/** The terms of a log; an entry's payload is its node's mark. */
function entriesOf(terms: readonly number[], mark = 0): readonly Entry[] {
  return terms.map((term, at) => ({
    index: at + 1,
    term,
    kind: "command",
    data: Uint8Array.of(mark),
  }));
}

function nodeWith(id: number, terms: readonly number[], mark = 0): Raft {
  const config = makeConfig({ id, members: membersOf([1, 2, 3]) });
  const hardState = { term: Math.max(0, ...terms), vote: 0 };
  return createRaft(config, { ...NOTHING_RESTORED, hardState, entries: entriesOf(terms, mark) }, 0);
}

/** A node that leads `term` with this log. */
function leaderOf(id: number, term: number, terms: readonly number[]): Raft {
  const raft = nodeWith(id, terms);
  raft.term = term;
  raft.role = {
    kind: "leader",
    peers: [],
    seq: 0,
    quorumCheckAt: 0,
    uncommittedBytes: 0,
  };
  return raft;
}

function diskWith(terms: readonly number[], hardState: Partial<HardState> = {}): DurableState {
  const entries = entriesOf(terms);
  return {
    hardState: { term: Math.max(1, ...terms), vote: 0, ...hardState },
    snapshotIndex: 0,
    lastIndex: entries.length,
    entryAt: (index) => entries[index - 1],
  };
}

function entryAt(index: number, term: number, mark = 0): Entry {
  return { index, term, kind: "command", data: Uint8Array.of(mark) };
}

function elect(watch: ClusterInvariants, raft: Raft, term: number): void {
  watch.happened(raft, { kind: "became-leader", term, lastIndex: raft.log.lastIndex });
}

function append(watch: ClusterInvariants, raft: Raft): void {
  const last = raft.log.lastIndex;
  watch.happened(raft, { kind: "appended", first: 1, last, term: raft.log.lastTerm });
}

test("I-1 Election Safety: a term has one leader, also one that has crashed since, and once", () => {
  const watch = new ClusterInvariants();
  elect(watch, nodeWith(1, []), 1);
  assert.throws(() => elect(watch, nodeWith(1, []), 1), /a term is led twice/);
  elect(watch, nodeWith(2, []), 2);
  assert.throws(() => elect(watch, nodeWith(3, []), 2), /two leaders in one term/);
});

test("I-3 Log Matching: an index and a term are one entry, with one entry before it", () => {
  const watch = new ClusterInvariants();
  append(watch, nodeWith(1, [1, 1, 2]));
  append(watch, nodeWith(2, [1, 1, 2]));
  append(watch, nodeWith(3, [1, 3]));
  assert.throws(() => append(watch, nodeWith(2, [1, 1], 7)), /two entries of one index and term/);
  assert.throws(() => append(watch, nodeWith(2, [1, 2, 2])), /logs part before an equal entry/);
});

test("I-4 Leader Completeness: a leader holds everything that was ever committed", () => {
  const watch = new ClusterInvariants();
  const disks = [diskWith([1, 1]), diskWith([1, 1]), diskWith([1])];
  watch.applied(entryAt(1, 1), 1, disks);
  watch.applied(entryAt(2, 1), 1, disks);
  elect(watch, nodeWith(1, [1, 1, 1]), 2);
  assert.throws(() => elect(watch, nodeWith(2, [1]), 3), /lacks a committed entry/);
  assert.throws(() => elect(watch, nodeWith(2, [1, 2]), 4), /differs in a committed entry/);
});

test("I-4 a late leader of a term that others have left owes nothing to what came after it", () => {
  const watch = new ClusterInvariants();
  watch.applied(entryAt(1, 2), 2, [diskWith([2]), diskWith([2]), diskWith([])]);
  elect(watch, nodeWith(1, []), 1);
  elect(watch, nodeWith(3, []), 2);
  assert.throws(() => elect(watch, nodeWith(1, []), 3), /lacks a committed entry/);
});

test("I-5 State Machine Safety: one index has one command, on all nodes and for ever", () => {
  const watch = new ClusterInvariants();
  const disks = [diskWith([1]), diskWith([1]), diskWith([])];
  watch.applied(entryAt(1, 1), 1, disks);
  watch.applied(entryAt(1, 1), 1, disks);
  assert.throws(() => watch.applied(entryAt(1, 1, 9), 1, disks), /two commands at one index/);
  assert.equal(watch.committed.size, 1);
});

test("I-6 what is applied is on the disks of a majority, in the log or in a snapshot", () => {
  const inSnapshot = { ...diskWith([]), snapshotIndex: 1 };
  new ClusterInvariants().applied(entryAt(1, 1), 1, [diskWith([1]), inSnapshot, diskWith([])]);
  for (const others of [
    [diskWith([]), diskWith([])],
    [diskWith([2]), diskWith([])],
  ]) {
    const watch = new ClusterInvariants();
    assert.throws(
      () => watch.applied(entryAt(1, 1), 1, [diskWith([1]), ...others]),
      /without a majority of disks/,
    );
  }
});

const ask: VoteRequest = {
  kind: "vote-request",
  from: 1,
  to: 2,
  term: 3,
  preVote: false,
  electionTerm: 3,
  lastIndex: 0,
  lastTerm: 0,
};
const grant: VoteResponse = {
  kind: "vote-response",
  from: 1,
  to: 2,
  term: 3,
  preVote: false,
  electionTerm: 3,
  granted: true,
};
const accept: AppendResponse = {
  kind: "append-response",
  from: 1,
  to: 2,
  term: 3,
  seq: 1,
  accepted: true,
  index: 2,
  hintTerm: 0,
};
const installed: Message = {
  kind: "snapshot-response",
  from: 1,
  to: 2,
  term: 3,
  seq: 1,
  lastIndex: 2,
  offset: 0,
  installed: true,
  matchIndex: 2,
};

function leave(message: Message, disk: DurableState, leader?: Raft): void {
  new ClusterInvariants().left(message, disk, leader);
}

test("I-8 no term, vote or entry leaves a node before it is on its disk", () => {
  leave(ask, diskWith([], { term: 3, vote: 1 }));
  leave(grant, diskWith([], { term: 3, vote: 2 }));
  leave(accept, diskWith([1, 1], { term: 3 }));
  leave(installed, { ...diskWith([], { term: 3 }), snapshotIndex: 2 });

  assert.throws(() => leave(ask, diskWith([], { term: 2, vote: 1 })), /a term left before/);
  assert.throws(() => leave(ask, diskWith([], { term: 3 })), /own vote is not on disk/);
  assert.throws(() => leave(grant, diskWith([], { term: 3 })), /a vote left before/);
  assert.throws(() => leave(accept, diskWith([1], { term: 3 })), /acknowledged before/);
  assert.throws(() => leave(installed, diskWith([1], { term: 3 })), /acknowledged before/);
});

test("I-8 a trial promises nothing, and an old promise may leave when the disk has moved on", () => {
  leave({ ...ask, preVote: true, electionTerm: 4 }, diskWith([], { term: 3 }));
  leave({ ...grant, preVote: true, electionTerm: 4 }, diskWith([], { term: 3 }));
  leave(grant, diskWith([], { term: 4 }));
  leave(accept, diskWith([1], { term: 4 }));
});

test("I-8 what is acknowledged is what the leader has there", () => {
  leave(accept, diskWith([1, 1], { term: 3 }), leaderOf(2, 3, [1, 1, 3]));
  leave(accept, diskWith([1, 2], { term: 3 }), leaderOf(2, 4, [1, 1]));
  assert.throws(
    () => leave(accept, diskWith([1, 2], { term: 3 }), leaderOf(2, 3, [1, 1])),
    /what the leader lacks/,
  );
});

test("entries that were cut or compacted since are no reason to fail", () => {
  const watch = new ClusterInvariants();
  const raft = nodeWith(1, [1, 1]);
  watch.happened(raft, { kind: "appended", first: 1, last: 9, term: 1 });
  raft.log.compactTo(1);
  watch.happened(raft, { kind: "appended", first: 1, last: 2, term: 1 });
  // What is left of it is still looked at.
  assert.throws(() => append(watch, nodeWith(2, [1, 1], 7)), /two entries/);
});
