/**
 * What every server, follower, candidate and leader has to do (paper Fig. 2, "Rules for Servers").
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { leaderOf, type Message } from "@holdfast/raft";
import { acknowledge, Bench, candidate, entriesOf, leader, matchedLeader, termsOf } from "./kit.ts";
import {
  appendRequest,
  appendResponse,
  only,
  pick,
  snapshotRequest,
  snapshotResponse,
  voteRequest,
  voteResponse,
} from "./messages.ts";

test("Fig. 2 all servers: what is committed is applied, in the order of the log, each entry once", () => {
  const node = new Bench({ log: [1, 1, 1, 1] });
  node.receive(appendRequest({ prevIndex: 4, prevTerm: 1, commit: 2 }));
  assert.deepEqual(node.take().apply, entriesOf(1, [1, 1]));
  node.receive(appendRequest({ prevIndex: 4, prevTerm: 1, commit: 2 }));
  assert.deepEqual(node.take().apply, []);
  node.receive(appendRequest({ prevIndex: 4, prevTerm: 1, commit: 4 }));
  assert.deepEqual(node.take().apply, entriesOf(3, [1, 1]));
});

const HIGHER: readonly Message[] = [
  voteRequest({ term: 9 }),
  voteResponse({ term: 9, granted: false }),
  appendRequest({ term: 9 }),
  appendResponse({ term: 9, accepted: false }),
  snapshotRequest({ term: 9 }),
  snapshotResponse({ term: 9 }),
];

for (const message of HIGHER) {
  test(`Fig. 2 all servers: a ${message.kind} of a higher term makes every role a follower of that term`, () => {
    for (const make of [(): Bench => new Bench({ term: 2, vote: 1 }), candidate, leader]) {
      const node = make({ term: 2 });
      node.receive(message);
      assert.equal(node.role.kind, "follower");
      assert.equal(node.raft.term, 9);
      const isVote = message.kind === "vote-request";
      assert.equal(node.raft.vote, isVote ? 2 : 0, "the vote of the old term is free again");
    }
  });
}

test("Fig. 2 followers: every request of a candidate or leader gets an answer", () => {
  const requests = [voteRequest(), appendRequest(), snapshotRequest()];
  for (const request of requests) {
    for (const term of [1, 5]) {
      const node = new Bench({ term });
      node.receive(request);
      if (request.kind === "snapshot-request" && term === 1) {
        assert.equal(node.take().store.length, 1);
        node.step({ kind: "snapshot-checked", index: 1, term: 1, ok: true });
      }
      const [answer, ...more] = node.settle();
      assert.deepEqual([answer?.to, answer?.term, more.length], [2, term, 0], request.kind);
    }
  }
});

test("§5.1 a deposed leader is told the term and not the number of its request: leading again it counts anew", () => {
  for (const request of [
    appendRequest({ term: 1, seq: 500 }),
    snapshotRequest({ term: 1, seq: 500 }),
  ]) {
    const node = new Bench({ term: 5 });
    node.receive(request);
    const [answer] = node.settle();
    assert(answer?.kind === "append-response" || answer?.kind === "snapshot-response");
    assert.deepEqual([answer.term, answer.seq], [5, 0], request.kind);
  }
});

test("an answer to an earlier leadership's request changes nothing in this one", () => {
  const node = matchedLeader({ term: 5, log: [1, 5] });
  const before = structuredClone(node.peer(2));
  for (const answer of [
    appendResponse({ term: 5, seq: 0, accepted: false, index: 0 }),
    snapshotResponse({ term: 5, seq: 0 }),
  ]) {
    node.receive(answer);
    assert.deepEqual(structuredClone(node.peer(2)), before);
  }
});

test("Fig. 2 followers: no word from a leader and no vote given for an election timeout starts an election", () => {
  const node = new Bench({ term: 3 });
  assert.ok(node.raft.deadline >= 100 && node.raft.deadline < 200);
  node.now = node.raft.deadline - 1;
  node.step({ kind: "tick" });
  assert.equal(node.role.kind, "follower", "not before the timeout");
  node.timeout();
  assert.equal(node.role.kind, "candidate");
  assert.equal(node.raft.term, 4);
});

test("Fig. 2 followers: a leader's request or a granted vote starts the timeout anew, a refused vote does not", () => {
  const node = new Bench({ term: 3, log: [3] });
  node.now = 90;
  node.receive(appendRequest({ term: 3 }));
  assert.ok(node.raft.deadline >= 190, "append");
  node.now = 180;
  node.receive(voteRequest({ from: 3, term: 4, lastIndex: 1, lastTerm: 3 }));
  assert.ok(node.raft.deadline >= 280, "granted vote");
  const before = node.raft.deadline;
  node.now = 270;
  node.receive(voteRequest({ from: 2, term: 4, lastIndex: 1, lastTerm: 3 }));
  node.receive(voteRequest({ from: 2, term: 5, lastIndex: 0, lastTerm: 0 }));
  node.receive(appendRequest({ term: 2 }));
  assert.equal(node.raft.deadline, before, "refused votes and stale appends");
});

test("Fig. 2 candidates: an election raises the term, votes for itself, starts the timeout anew and asks all others", () => {
  const node = new Bench({ voters: 5, term: 3, log: [1, 3] });
  node.timeout();
  assert.deepEqual([node.raft.term, node.raft.vote], [4, 1]);
  assert.ok(node.raft.deadline >= node.now + 100 && node.raft.deadline < node.now + 200);
  const requests = pick(node.settle(), "vote-request");
  assert.deepEqual(
    requests.map((request) => request.to),
    [2, 3, 4, 5],
  );
  for (const { term, electionTerm, lastIndex, lastTerm, preVote } of requests) {
    assert.deepEqual([term, electionTerm, lastIndex, lastTerm, preVote], [4, 4, 2, 3, false]);
  }
});

test("Fig. 2 candidates: votes of a majority make it the leader", () => {
  const node = candidate({ voters: 5, term: 3 });
  node.receive(voteResponse({ from: 2, term: 4 }));
  assert.equal(node.role.kind, "candidate");
  node.receive(voteResponse({ from: 5, term: 4 }));
  assert.equal(node.role.kind, "leader");
});

test("Fig. 2 candidates: an append from the new leader of the same term makes it a follower that keeps its vote", () => {
  const node = candidate({ term: 3 });
  node.receive(appendRequest({ from: 3, term: 4 }));
  assert.equal(node.role.kind, "follower");
  assert.deepEqual([node.raft.term, node.raft.vote, leaderOf(node.raft)], [4, 1, 3]);
});

test("Fig. 2 candidates: another timeout starts another election", () => {
  const node = candidate({ term: 3 });
  node.timeout();
  assert.equal(node.role.kind, "candidate");
  assert.equal(node.raft.term, 5);
  assert.equal(pick(node.settle(), "vote-request").length, 2);
});

test("Fig. 2 leaders: an empty append goes to every peer upon election", () => {
  const node = candidate({ voters: 5, log: [1] });
  node.receive(voteResponse({ from: 2, term: 2 }));
  node.receive(voteResponse({ from: 3, term: 2 }));
  const appends = pick(node.take().send, "append-request");
  assert.deepEqual(
    appends.map(({ to, entries }) => [to, entries.length]),
    [
      [2, 0],
      [3, 0],
      [4, 0],
      [5, 0],
    ],
  );
  for (const append of appends) assert.deepEqual([append.prevIndex, append.prevTerm], [1, 1]);
});

test("Fig. 2 leaders: in idle times an empty append repeats within every heartbeat interval", () => {
  const node = matchedLeader({ log: [1] });
  for (let beat = 0; beat < 5; beat++) {
    const before = node.now;
    node.timeout();
    assert.ok(node.now - before <= 20);
    const beats = pick(node.settle(), "append-request");
    assert.deepEqual(
      beats.map(({ to, entries }) => [to, entries.length]),
      [
        [2, 0],
        [3, 0],
      ],
    );
    for (const id of [2, 3]) acknowledge(node, id);
  }
});

test("Fig. 2 leaders: a command is appended to the own log and handed to the state machine once committed", () => {
  const node = matchedLeader();
  assert.deepEqual(node.propose("x"), { ok: true, first: 1, last: 1, term: 1 });
  assert.deepEqual(termsOf(node), [1]);
  node.settle();
  assert.equal(node.applied.length, 0, "not before it is committed");
  acknowledge(node, 3);
  node.settle();
  assert.deepEqual(node.applied, node.raft.log.entries);
});

test("Fig. 2 leaders: a peer whose next is within the log gets the entries from there", () => {
  const node = matchedLeader({ log: [1, 1] });
  node.propose("x", "y");
  for (const to of [2, 3]) {
    const sent = node.raft.outbox.send;
    assert.equal(sent.length, 0, "nothing leaves before effects are taken");
    assert.equal(node.peer(to).next, 3);
  }
  const appends = pick(node.settle(), "append-request");
  assert.equal(appends.length, 2);
  for (const { prevIndex, prevTerm, entries } of appends) {
    assert.deepEqual([prevIndex, prevTerm], [2, 1]);
    assert.deepEqual(entries, node.raft.log.slice(3, 4));
  }
});

test("Fig. 2 leaders: a refused append moves next back and is tried again", () => {
  const node = leader({ log: [1, 1, 1] });
  const { seq } = node.leader;
  node.receive(appendResponse({ term: 2, seq: seq - 1, accepted: false, index: 1, hintTerm: 1 }));
  assert.equal(node.peer(2).next, 2);
  const retry = only(node.settle(), "append-request", 2);
  assert.deepEqual([retry.prevIndex, retry.prevTerm, retry.entries.length], [1, 1, 2]);
});

test("Fig. 2 leaders: an entry of the own term that a majority matches is committed, and nothing beyond it", () => {
  const node = matchedLeader({ voters: 5, log: [1] });
  node.propose("a", "b", "c");
  node.settle();
  acknowledge(node, 2, 3);
  assert.equal(node.raft.commit, 0, "two of five");
  acknowledge(node, 3, 2);
  assert.equal(node.raft.commit, 2, "three of five have 2");
  acknowledge(node, 4, 4);
  assert.equal(node.raft.commit, 3, "three of five have 3");
});
