/**
 * Votes, terms and what must be on disk: bugs that other implementations had, A1 to A12 of the
 * catalogue (paper §5.2, thesis §3.8).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { leaderOf } from "@holdfast/raft";
import fc from "fast-check";
import { Bench, candidate, entriesOf, leader, matchedLeader, termsOf } from "./kit.ts";
import { appendRequest, only, pick, voteRequest, voteResponse } from "./messages.ts";

test("A1 a candidate that crashes before its own vote is on disk has asked nobody", () => {
  const node = new Bench({ term: 3 });
  node.timeout();
  assert.deepEqual(node.take().send, [], "nothing is out before the crash");
  const again = new Bench({ term: 3 });
  again.receive(voteRequest({ from: 3, term: 4 }));
  assert.equal(
    only(again.settle(), "vote-response").granted,
    true,
    "its vote of term 4 is unspent",
  );
});

test("A2 a vote whose write fails was never answered, so the next candidate may have it", () => {
  const node = new Bench({ term: 3 });
  node.receive(voteRequest({ from: 2, term: 4 }));
  assert.deepEqual(node.take().send, []);
  node.receive(voteRequest({ from: 2, term: 4 }));
  assert.deepEqual(node.take().send, [], "asking again does not loosen it");
  assert.equal(node.pending.length, 2);
});

test("A3 the vote outlives the leader it was not for: stepping, following and timers do not erase it", () => {
  const node = new Bench({ term: 3 });
  node.receive(voteRequest({ from: 2, term: 4 }));
  node.settle();
  node.receive(appendRequest({ from: 2, term: 4 }));
  node.settle();
  node.later(50);
  node.receive(voteRequest({ from: 3, term: 4, lastIndex: 9, lastTerm: 4 }));
  assert.equal(only(node.settle(), "vote-response", 3).granted, false);
  assert.equal(node.raft.vote, 2);
});

test("A4 a restart between two candidates of a term spends no second vote", () => {
  const node = new Bench();
  node.receive(voteRequest({ from: 2 }));
  node.settle();
  const again = node.restart();
  again.receive(voteRequest({ from: 3 }));
  assert.equal(only(again.settle(), "vote-response").granted, false);
});

test("A5 term and vote are written together, never one without the other", () => {
  const node = new Bench({ term: 1, vote: 3 });
  node.receive(voteRequest({ from: 2, term: 5 }));
  assert.deepEqual(node.take().write?.hardState, { term: 5, vote: 2 });
  node.receive(appendRequest({ from: 2, term: 6 }));
  assert.deepEqual(node.take().write?.hardState, { term: 6, vote: 0 });
});

test("A6 of two logs at least one is up to date for the other, both only when they end alike", () => {
  const end = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }));
  const grants = ([votersTerm, votersIndex]: [number, number], [term, index]: [number, number]) => {
    const log = Array<number>(votersIndex).fill(votersTerm);
    const node = new Bench({ term: 9, log });
    node.receive(voteRequest({ term: 9, lastTerm: term, lastIndex: index }));
    return only(node.settle(), "vote-response").granted;
  };
  fc.assert(
    fc.property(end, end, (a, b) => {
      const isAlike = a[0] === b[0] && a[1] === b[1];
      const count = Number(grants(a, b)) + Number(grants(b, a));
      assert.equal(count, isAlike ? 2 : 1, `${a} and ${b}`);
    }),
    { seed: 6, numRuns: 300 },
  );
});

test("A6 the last term decides before the length: a short log of term 3 beats a hundred entries of term 2", () => {
  const long = Array<number>(100).fill(2);
  const voter = new Bench({ term: 9, log: [3] });
  voter.receive(voteRequest({ term: 9, lastTerm: 2, lastIndex: 100 }));
  assert.equal(only(voter.settle(), "vote-response").granted, false);
  const other = new Bench({ term: 9, log: long });
  other.receive(voteRequest({ term: 9, lastTerm: 3, lastIndex: 1 }));
  assert.equal(only(other.settle(), "vote-response").granted, true);
});

test("A7 votes are counted as voters: repeated, outdated and strangers' answers elect nobody", () => {
  const node = candidate({ voters: 5, term: 3 });
  for (let i = 0; i < 5; i++) node.receive(voteResponse({ from: 2, term: 4 }));
  for (const from of [7, 8, 9]) node.receive(voteResponse({ from, term: 4 }));
  for (const from of [3, 4, 5]) node.receive(voteResponse({ from, term: 3 }));
  assert.equal(node.role.kind, "candidate");
  node.receive(voteResponse({ from: 3, term: 4 }));
  assert.equal(node.role.kind, "leader");
});

test("A7 a voter's first answer stands: a later yes after a no does not count", () => {
  const node = candidate({ term: 3 });
  node.receive(voteResponse({ from: 2, term: 4, granted: false }));
  node.receive(voteResponse({ from: 2, term: 4 }));
  assert.equal(node.role.kind, "candidate");
});

test("A8 there is one notion of term: who campaigns in 195 takes nothing of 185", () => {
  const node = candidate({ term: 194 });
  node.receive(voteRequest({ term: 185, lastIndex: 9, lastTerm: 9 }));
  node.receive(appendRequest({ term: 185, entries: entriesOf(1, [185]) }));
  const [vote, append] = node.settle();
  assert.ok(vote?.kind === "vote-response" && !vote.granted && vote.term === 195);
  assert.ok(append?.kind === "append-response" && !append.accepted && append.term === 195);
  assert.deepEqual([node.role.kind, termsOf(node)], ["candidate", []]);
});

test("A9 entries never reach the disk before the term that they came in", () => {
  const node = new Bench({ term: 1 });
  node.receive(appendRequest({ term: 5, entries: entriesOf(1, [5]) }));
  const { write } = node.take();
  assert.equal(write?.hardState?.term, 5, "both are in one write");
  assert.equal(write.entries.length, 1);
  node.receive(voteRequest({ from: 3, term: 6, lastIndex: 9, lastTerm: 5 }));
  node.receive(
    appendRequest({ from: 3, term: 6, prevIndex: 1, prevTerm: 5, entries: entriesOf(2, [6]) }),
  );
  const next = node.take().write;
  assert.deepEqual([next?.hardState, next?.entries.length], [{ term: 6, vote: 3 }, 1]);
});

test("A10 a late win of the trial changes nothing for who leads already", () => {
  const node = leader({ voters: 5, term: 3, config: { preVote: true } });
  for (const from of [4, 5]) {
    node.receive(voteResponse({ from, term: 3, preVote: true, electionTerm: 4 }));
  }
  assert.deepEqual([node.role.kind, node.raft.term], ["leader", 4]);
  assert.deepEqual(pick(node.settle(), "vote-request"), []);
});

test("A10 a timeout while the vote is being written begins one new election, one term higher", () => {
  const node = new Bench({ term: 3 });
  node.timeout();
  node.take();
  node.step({ kind: "tick" });
  assert.equal(node.raft.term, 4, "no second campaign before the timeout");
  node.timeout();
  assert.equal(node.raft.term, 5);
  const sent = node.settle();
  const [one, two, ...more] = pick(sent, "vote-request");
  assert.deepEqual([one?.term, two?.term, more.length], [4, 4, 2]);
});

test("A10 a leader never campaigns, however late its ticks come", () => {
  const node = matchedLeader({ term: 3 });
  for (let i = 0; i < 10; i++) node.later(5000);
  assert.deepEqual([node.role.kind, node.raft.term], ["leader", 4]);
});

test("A11 following a leader casts no vote, and voting follows nobody", () => {
  const node = new Bench({ term: 3 });
  node.receive(appendRequest({ from: 2, term: 4 }));
  assert.deepEqual([node.raft.vote, leaderOf(node.raft)], [0, 2]);
  const voter = new Bench({ term: 3 });
  voter.receive(voteRequest({ from: 2, term: 4 }));
  assert.deepEqual([voter.raft.vote, leaderOf(voter.raft)], [2, 0]);
});

test("A12 a leader with a tail that is not on disk keeps that tail when it votes for another", () => {
  const node = matchedLeader({ term: 1, log: [1] });
  node.propose("x", "y");
  node.take();
  node.receive(voteRequest({ from: 3, term: 9, lastIndex: 5, lastTerm: 8 }));
  assert.deepEqual([node.role.kind, termsOf(node)], ["follower", [1, 2, 2]]);
  assert.equal(node.raft.log.durable, 1);
  const sent = node.settle();
  assert.equal(only(sent, "vote-response").granted, true);
  assert.equal(node.raft.log.durable, node.raft.log.lastIndex, "memory and disk end alike");
  node.receive(voteRequest({ from: 3, term: 9, lastIndex: 5, lastTerm: 8 }));
  assert.equal(only(node.settle(), "vote-response").granted, true, "asked again: the same answer");
});
