/**
 * The thesis' extensions: pre-vote (§9.6), stickiness (§4.2.3), check-quorum (§6.2), the no-op
 * entry (paper §8).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { leaderOf, majorityOf } from "@holdfast/raft";
import { acknowledge, Bench, candidate, leader, matchedLeader, pictureOf, termsOf } from "./kit.ts";
import { appendRequest, only, pick, voteRequest, voteResponse } from "./messages.ts";

const PRE = { preVote: true };
const CHECK = { checkQuorum: true };

test("thesis §9.6 pre-vote: a timeout asks for a trial and changes neither term nor vote nor disk", () => {
  const node = new Bench({ voters: 5, term: 3, vote: 4, log: [2], config: PRE });
  node.timeout();
  assert.equal(node.role.kind, "pre-candidate");
  assert.deepEqual([node.raft.term, node.raft.vote], [3, 4]);
  const { send, write } = node.take();
  assert.equal(write, undefined);
  const requests = pick(send, "vote-request");
  assert.deepEqual(
    requests.map((request) => request.to),
    [2, 3, 4, 5],
  );
  for (const { preVote, term, electionTerm, lastIndex, lastTerm } of requests) {
    assert.deepEqual([preVote, term, electionTerm, lastIndex, lastTerm], [true, 3, 4, 1, 2]);
  }
});

test("thesis §9.6 pre-vote: a majority's yes starts the real election, for 1 to 9 servers", () => {
  for (let voters = 1; voters <= 9; voters++) {
    const node = new Bench({ voters, term: 3, config: PRE });
    node.timeout();
    let yes = 1;
    for (let from = 2; from <= voters && node.role.kind === "pre-candidate"; from++) {
      assert.ok(yes * 2 <= voters);
      node.receive(voteResponse({ from, term: 3, preVote: true, electionTerm: 4 }));
      yes++;
    }
    assert.equal(yes, majorityOf(voters));
    assert.deepEqual([node.role.kind, node.raft.term, node.raft.vote], ["candidate", 4, 1]);
  }
});

test("thesis §9.6 pre-vote: a majority's no ends the trial, and the timer goes on", () => {
  const node = new Bench({ term: 3, config: PRE });
  node.timeout();
  const due = node.raft.deadline;
  const no = { term: 3, preVote: true, electionTerm: 4, granted: false };
  node.receive(voteResponse({ ...no, from: 2 }));
  assert.equal(node.role.kind, "pre-candidate");
  node.receive(voteResponse({ ...no, from: 3 }));
  assert.equal(node.role.kind, "follower");
  assert.deepEqual([node.raft.term, node.raft.deadline], [3, due]);
});

test("thesis §9.6 pre-vote: a yes costs the voter neither vote nor timer, and it may say yes to many", () => {
  const node = new Bench({ term: 3, config: PRE });
  const before = pictureOf(node.raft);
  const { deadline } = node.raft;
  for (const from of [2, 3, 2]) {
    node.receive(voteRequest({ from, term: 3, preVote: true }));
    const { send, write } = node.take();
    const answer = only(send, "vote-response", from);
    assert.deepEqual([answer.granted, answer.preVote, answer.electionTerm], [true, true, 4]);
    assert.equal(write, undefined);
  }
  assert.deepEqual(pictureOf(node.raft), before);
  assert.equal(node.raft.deadline, deadline);
});

test("thesis §9.6 pre-vote: the voter's log decides as in a vote", () => {
  for (const [lastIndex, lastTerm, granted] of [
    [1, 3, false],
    [9, 2, false],
    [2, 3, true],
    [1, 4, true],
  ] as const) {
    const node = new Bench({ term: 4, log: [1, 3], config: PRE });
    node.receive(voteRequest({ term: 4, preVote: true, lastIndex, lastTerm }));
    assert.equal(only(node.settle(), "vote-response").granted, granted);
  }
});

test("thesis §9.6 pre-vote: a trial from a term behind is refused with the current term, which the asker takes", () => {
  const node = new Bench({ term: 5, config: PRE });
  for (const term of [2, 4]) {
    node.receive(voteRequest({ term, preVote: true, lastIndex: 9, lastTerm: term }));
    const answer = only(node.settle(), "vote-response");
    assert.deepEqual([answer.granted, answer.term], [false, 5]);
    const asker = new Bench({ id: 2, term, config: PRE });
    asker.timeout();
    asker.receive(answer);
    assert.deepEqual([asker.raft.term, asker.role.kind], [5, "follower"]);
  }
});

test("thesis §9.6 pre-vote: a trial from beyond raises nobody's term", () => {
  const node = new Bench({ term: 5, config: PRE });
  node.receive(voteRequest({ term: 9, preVote: true }));
  assert.equal(only(node.settle(), "vote-response").granted, true);
  assert.equal(node.raft.term, 5);
});

test("thesis §9.6 pre-vote: answers to another round count for nothing", () => {
  const node = new Bench({ term: 3, config: PRE });
  node.timeout();
  node.receive(voteResponse({ term: 3, preVote: true, electionTerm: 3 }));
  node.receive(voteResponse({ term: 3, preVote: true, electionTerm: 5 }));
  node.receive(voteResponse({ term: 3, preVote: false, electionTerm: 3 }));
  assert.equal(node.role.kind, "pre-candidate");
  const real = candidate({ voters: 5, term: 3 });
  real.receive(voteResponse({ from: 2, term: 3, preVote: true, electionTerm: 4 }));
  real.receive(voteResponse({ from: 3, term: 3, preVote: true, electionTerm: 4 }));
  assert.equal(real.role.kind, "candidate", "a yes to the trial is no vote");
});

test("thesis §9.6 pre-vote: the real election asks those who said yes, and late ones when they say it", () => {
  const node = new Bench({ voters: 5, term: 3, config: PRE });
  node.timeout();
  node.settle();
  const yes = { term: 3, preVote: true, electionTerm: 4 };
  node.receive(voteResponse({ ...yes, from: 2 }));
  node.receive(voteResponse({ ...yes, from: 3, granted: false }));
  node.receive(voteResponse({ ...yes, from: 4 }));
  const asked = pick(node.settle(), "vote-request").map(({ to, preVote }) => [to, preVote]);
  assert.deepEqual(asked, [
    [2, false],
    [4, false],
  ]);
  node.receive(voteResponse({ ...yes, from: 5 }));
  node.receive(voteResponse({ ...yes, from: 5 }));
  assert.equal(only(node.settle(), "vote-request").to, 5);
});

test("thesis §9.6 a server cut off and back again deposes nobody: its term has not moved", () => {
  const node = new Bench({ term: 3, config: PRE });
  for (let i = 0; i < 20; i++) {
    node.timeout();
    node.settle();
  }
  assert.deepEqual([node.raft.term, node.role.kind], [3, "pre-candidate"]);
  node.receive(appendRequest({ term: 3 }));
  assert.deepEqual([node.role.kind, leaderOf(node.raft)], ["follower", 2]);
});

test("thesis §4.2.3 a follower that heard its leader within the shortest timeout says no and keeps its term", () => {
  for (const preVote of [false, true]) {
    for (const [after, granted] of [
      [0, false],
      [99, false],
      [100, true],
    ] as const) {
      const node = new Bench({ term: 3, config: { ...PRE, ...CHECK } });
      node.receive(appendRequest({ term: 3, from: 2 }));
      node.settle();
      node.now = after;
      node.receive(voteRequest({ from: 3, term: 4, preVote }));
      assert.equal(only(node.settle(), "vote-response").granted, granted, `${after} ms later`);
      assert.equal(node.raft.term, granted && !preVote ? 4 : 3);
    }
  }
});

test("thesis §4.2.3 a leader keeps its term against a single candidate of a higher one", () => {
  const node = matchedLeader({ config: CHECK });
  node.receive(voteRequest({ from: 3, term: 9, lastIndex: 5, lastTerm: 8 }));
  assert.deepEqual([node.role.kind, node.raft.term], ["leader", 1]);
  const answer = only(node.settle(), "vote-response");
  assert.deepEqual([answer.granted, answer.term, answer.electionTerm], [false, 1, 9]);
});

test("thesis §4.2.3 without check-quorum nobody is protected: a higher term is taken as the paper says", () => {
  const node = matchedLeader();
  node.receive(voteRequest({ from: 3, term: 9 }));
  assert.deepEqual([node.role.kind, node.raft.term], ["follower", 9]);
});

test("thesis §4.2.3 within a term a server that knows the leader gives its unspent vote to nobody", () => {
  const node = new Bench({ term: 3 });
  node.receive(appendRequest({ term: 3, from: 2 }));
  node.receive(voteRequest({ term: 3, from: 3, lastIndex: 9, lastTerm: 3 }));
  assert.equal(only(node.settle(), "vote-response").granted, false);
  assert.equal(node.raft.vote, 0);
});

/** A leader in term 5 that goes on hearing only `heard` of its peers, half a second later. */
function hearing(voters: number, heard: number): Bench {
  const node = matchedLeader({ voters, term: 4, config: CHECK });
  for (let beat = 0; beat < 25 && node.role.kind === "leader"; beat++) {
    for (let id = 2; id < 2 + heard; id++) acknowledge(node, id);
    node.settle();
    node.later(20);
  }
  return node;
}

test("thesis §6.2 a leader that hears no majority steps down, in its own term, for 2 to 9 servers", () => {
  for (let voters = 2; voters <= 9; voters++) {
    const others = majorityOf(voters) - 1;
    assert.equal(hearing(voters, others).role.kind, "leader", `${others} others of ${voters}`);
    const { role, raft } = hearing(voters, others - 1);
    assert.equal(role.kind, "follower", `${others - 1} others of ${voters}`);
    assert.deepEqual([raft.term, raft.vote], [5, 1]);
  }
});

test("thesis §6.2 it steps down within two election timeouts of the last word it heard, not sooner than one", () => {
  const node = matchedLeader({ config: CHECK });
  const heardAt = node.now;
  while (node.role.kind === "leader") node.later(1);
  const lasted = node.now - heardAt;
  assert.equal(lasted, 200, "the second check finds nobody heard for the longest timeout");
  assert.deepEqual(
    node.take().events.filter((event) => event.kind === "stepped-down"),
    [{ kind: "stepped-down", term: 1, why: "lost-quorum" }],
  );
});

test("thesis §6.2 without check-quorum a deaf leader leads on", () => {
  const node = matchedLeader();
  for (let i = 0; i < 100; i++) node.later(20);
  assert.equal(node.role.kind, "leader");
});

test("thesis §6.2 a leader of one server is its own majority", () => {
  const node = leader({ voters: 1, config: CHECK });
  for (let i = 0; i < 10; i++) node.timeout();
  assert.equal(node.role.kind, "leader");
});

test("§8 a new leader appends an empty entry of its own term, which commits all before it", () => {
  const node = leader({ log: [1, 2], config: { noop: true } });
  assert.deepEqual(termsOf(node), [1, 2, 3]);
  const last = node.raft.log.at(3);
  assert.deepEqual([last.kind, last.data.length], ["noop", 0]);
  acknowledge(node, 2);
  assert.equal(node.raft.commit, 3);
  const without = leader({ log: [1, 2] });
  assert.deepEqual(termsOf(without), [1, 2]);
  acknowledge(without, 2);
  assert.equal(without.raft.commit, 0);
});

test("§8 only the leader takes commands; others refuse without a trace", () => {
  for (const node of [new Bench({ term: 1 }), candidate()]) {
    const before = pictureOf(node.raft);
    assert.deepEqual(node.propose("x"), {
      ok: false,
      reason: "not-leader",
      detail: "Only the leader takes commands",
    });
    assert.deepEqual(pictureOf(node.raft), before);
  }
});

test("thesis §9.6 pre-vote: a server in term 0 needs no trial, for there is no leader it could depose", () => {
  const node = new Bench({ config: PRE });
  node.timeout();
  assert.deepEqual([node.role.kind, node.raft.term], ["candidate", 1]);
});
