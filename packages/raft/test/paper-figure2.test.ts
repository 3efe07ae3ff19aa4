/**
 * The rules of the paper's summary page, one test each (paper Fig. 2): state, RequestVote,
 * AppendEntries.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { leaderOf } from "@holdfast/raft";
import { acknowledge, Bench, candidate, entriesOf, leader, matchedLeader, termsOf } from "./kit.ts";
import { appendRequest, appendResponse, only, voteRequest } from "./messages.ts";

test("Fig. 2 a server starts as a follower in term 0 that voted for nobody, committed and applied nothing", () => {
  const { raft } = new Bench();
  assert.equal(raft.role.kind, "follower");
  assert.deepEqual([raft.term, raft.vote, raft.log.lastIndex], [0, 0, 0]);
  assert.deepEqual([raft.commit, raft.applied, leaderOf(raft)], [0, 0, 0]);
});

test("Fig. 2 term, vote and log are persistent state: all three reach the disk in a write and outlive a restart", () => {
  const node = new Bench();
  node.receive(voteRequest({ from: 3, term: 4 }));
  const vote = node.take().write;
  assert.deepEqual(vote?.hardState, { term: 4, vote: 3 });
  node.receive(appendRequest({ from: 3, term: 4, entries: entriesOf(1, [2, 4]) }));
  const entries = node.take().write;
  assert.equal(entries?.hardState, undefined, "what did not change is not written again");
  assert.deepEqual(entries?.entries, entriesOf(1, [2, 4]));
  node.persist();
  const { raft } = node.restart();
  assert.deepEqual([raft.term, raft.vote], [4, 3]);
  assert.deepEqual(raft.log.entries, entriesOf(1, [2, 4]));
});

test("Fig. 2 commit and applied are volatile state: a restart begins them at the log's start again", () => {
  const node = new Bench({ log: [1, 1, 1], commit: 3 });
  assert.deepEqual([node.raft.commit, node.raft.applied], [3, 3]);
  const again = node.restart();
  assert.deepEqual([again.raft.commit, again.raft.applied], [0, 0]);
  const compacted = new Bench({ start: { index: 2, term: 1 }, log: [1, 1] });
  assert.deepEqual([compacted.raft.commit, compacted.raft.applied], [2, 2]);
});

test("Fig. 2 a new leader assumes of every peer: next is behind its own log, match is 0", () => {
  const node = leader({ voters: 5, log: [1, 1, 2] });
  for (const peer of node.leader.peers) assert.deepEqual([peer.next, peer.match], [4, 0]);
  assert.deepEqual(
    node.leader.peers.map((peer) => peer.id),
    [2, 3, 4, 5],
  );
});

test("Fig. 2 what a leader knew of its peers is forgotten with its term", () => {
  const node = matchedLeader({ log: [1, 1] });
  assert.equal(node.peer(2).match, 2);
  node.receive(appendRequest({ from: 3, term: 9, prevIndex: 2, prevTerm: 1 }));
  node.settle();
  node.timeout();
  node.settle();
  node.receive({
    kind: "vote-response",
    from: 3,
    to: 1,
    term: 10,
    preVote: false,
    electionTerm: 10,
    granted: true,
  });
  assert.equal(node.peer(2).match, 0);
  assert.equal(node.peer(2).next, 3);
});

test("Fig. 2 RequestVote 1: a request of an earlier term is refused and told the current term", () => {
  const node = new Bench({ term: 5 });
  node.receive(voteRequest({ term: 4 }));
  const answer = only(node.settle(), "vote-response");
  assert.deepEqual([answer.granted, answer.term, node.raft.vote], [false, 5, 0]);
});

test("Fig. 2 RequestVote 2: the first to ask with a log up to date gets the vote", () => {
  const node = new Bench({ term: 5, log: [1, 3] });
  node.receive(voteRequest({ from: 3, term: 5, lastIndex: 2, lastTerm: 3 }));
  const answer = only(node.settle(), "vote-response", 3);
  assert.deepEqual([answer.granted, answer.term, node.raft.vote], [true, 5, 3]);
});

test("Fig. 2 RequestVote 2: the one who has the vote gets it again, another does not", () => {
  const node = new Bench({ term: 5, vote: 3 });
  node.receive(voteRequest({ from: 3, term: 5 }));
  assert.equal(only(node.settle(), "vote-response", 3).granted, true);
  node.receive(voteRequest({ from: 2, term: 5, lastIndex: 99, lastTerm: 5 }));
  assert.equal(only(node.settle(), "vote-response", 2).granted, false);
  assert.equal(node.raft.vote, 3);
});

test("Fig. 2 RequestVote 2: a log that is behind gets no vote, whoever asks first", () => {
  const node = new Bench({ term: 5, log: [1, 3] });
  node.receive(voteRequest({ term: 5, lastIndex: 1, lastTerm: 3 }));
  assert.equal(only(node.settle(), "vote-response").granted, false);
  assert.equal(node.raft.vote, 0);
});

test("Fig. 2 AppendEntries 1: a request of an earlier term is refused, told the current term and changes nothing", () => {
  const node = new Bench({ term: 5, log: [1, 1] });
  node.receive(appendRequest({ term: 4, entries: entriesOf(1, [4, 4]), commit: 2 }));
  const answer = only(node.settle(), "append-response");
  assert.deepEqual([answer.accepted, answer.term], [false, 5]);
  assert.deepEqual([termsOf(node), node.raft.commit, leaderOf(node.raft)], [[1, 1], 0, 0]);
});

test("Fig. 2 AppendEntries 2: without an entry at the previous index the request is refused", () => {
  const node = new Bench({ log: [1, 1] });
  node.receive(appendRequest({ prevIndex: 3, prevTerm: 1, entries: entriesOf(4, [1]), commit: 4 }));
  assert.equal(only(node.settle(), "append-response").accepted, false);
  assert.deepEqual([termsOf(node), node.raft.commit], [[1, 1], 0]);
});

test("Fig. 2 AppendEntries 2: with another term at the previous index the request is refused", () => {
  const node = new Bench({ term: 3, log: [1, 1] });
  node.receive(
    appendRequest({ term: 3, prevIndex: 2, prevTerm: 2, entries: entriesOf(3, [3]), commit: 3 }),
  );
  assert.equal(only(node.settle(), "append-response").accepted, false);
  assert.deepEqual([termsOf(node), node.raft.commit], [[1, 1], 0]);
});

test("Fig. 2 AppendEntries 3: the first entry of another term and all behind it go, those before it stay", () => {
  const node = new Bench({ term: 4, log: [1, 1, 2, 2, 2] });
  const entries = entriesOf(2, [1, 3]);
  node.receive(appendRequest({ term: 4, prevIndex: 1, prevTerm: 1, entries }));
  assert.deepEqual(termsOf(node), [1, 1, 3]);
  const { write } = node.take();
  assert.equal(write?.truncateFrom, 3);
  assert.deepEqual(write?.entries, entriesOf(3, [3]));
});

test("Fig. 2 AppendEntries 4: only entries that are not there yet are added", () => {
  const node = new Bench({ term: 2, log: [1, 1] });
  node.receive(appendRequest({ term: 2, entries: entriesOf(1, [1, 1, 2, 2]) }));
  assert.deepEqual(termsOf(node), [1, 1, 2, 2]);
  const { write } = node.take();
  assert.deepEqual(write?.entries, entriesOf(3, [2, 2]), "what was there is not written again");
  assert.equal(write?.truncateFrom, 0);
});

test("Fig. 2 AppendEntries 5: commit is the smaller of the leader's and the last entry of the request", () => {
  for (const [commit, expected] of [
    [0, 0],
    [1, 1],
    [3, 3],
    [9, 3],
  ] as const) {
    const node = new Bench({ term: 1, log: [1, 1, 1, 1, 1] });
    node.receive(appendRequest({ prevIndex: 2, prevTerm: 1, entries: entriesOf(3, [1]), commit }));
    assert.equal(node.raft.commit, expected, `leader's commit ${commit}`);
  }
});

test("Fig. 2 AppendEntries 5: a leader's lower commit never takes one back", () => {
  const node = new Bench({ log: [1, 1, 1], commit: 3 });
  node.receive(appendRequest({ prevIndex: 3, prevTerm: 1, commit: 1 }));
  assert.equal(node.raft.commit, 3);
});

test("Fig. 2 an accepted request is answered with the last index it covers", () => {
  const node = new Bench({ log: [1, 1, 1] });
  node.receive(appendRequest({ seq: 7, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1]) }));
  const answer = only(node.settle(), "append-response");
  assert.deepEqual([answer.accepted, answer.index, answer.seq], [true, 2, 7]);
});

test("Fig. 2 the leader's match grows with an answer, and next with it", () => {
  const node = leader({ log: [1, 1, 1] });
  acknowledge(node, 2, 2);
  assert.deepEqual([node.peer(2).match, node.peer(2).next], [2, 4]);
  acknowledge(node, 2, 3);
  assert.deepEqual([node.peer(2).match, node.peer(2).next], [3, 4]);
});

test("Fig. 2 a candidate's refusal in its own term leaves it a candidate", () => {
  const node = candidate({ term: 1 });
  node.receive({
    kind: "vote-response",
    from: 2,
    to: 1,
    term: 2,
    preVote: false,
    electionTerm: 2,
    granted: false,
  });
  assert.equal(node.role.kind, "candidate");
  assert.equal(node.raft.term, 2);
});

test("Fig. 2 an answer of an earlier term changes nothing at the leader", () => {
  const node = leader({ term: 3, log: [1] });
  node.receive(appendResponse({ term: 3, accepted: true, index: 1 }));
  assert.equal(node.peer(2).match, 0);
});
