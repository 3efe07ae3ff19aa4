/**
 * Answers slower than the election timeout: what was granted in a term is not thrown away (§5.2;
 * course suite, test 17, seed 70).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, candidate, leader } from "./kit.ts";
import { pick, voteResponse } from "./messages.ts";

const TRIED = { preVote: true };

/** A candidate of term 2 among five whose election ran out of time: it tries for term 3. */
function outOfTime(): Bench {
  const bench = candidate({ voters: 5, term: 1, config: TRIED });
  bench.receive(voteResponse({ from: 2, to: 1, term: 2, granted: true }));
  bench.timeout();
  assert.equal(bench.role.kind, "pre-candidate");
  return bench;
}

test("§5.2 a vote that comes after the election ran out of time still elects, in its term", () => {
  const bench = outOfTime();
  bench.receive(voteResponse({ from: 2, to: 1, term: 2, granted: true }));
  assert.equal(bench.role.kind, "pre-candidate", "the same vote twice is one vote");

  bench.receive(voteResponse({ from: 3, to: 1, term: 2, granted: true }));

  assert.equal(bench.role.kind, "leader");
  assert.equal(bench.raft.term, 2);
});

test("§5.2 a late vote counts after several trials, too", () => {
  const bench = outOfTime();
  bench.timeout();
  bench.timeout();

  bench.receive(voteResponse({ from: 3, to: 1, term: 2, granted: true }));

  assert.equal(bench.role.kind, "leader");
});

test("§5.2 late refusals, votes of an earlier term and yeses to trials elect nobody", () => {
  const bench = outOfTime();
  bench.receive(voteResponse({ from: 3, to: 1, term: 2, granted: false }));
  bench.receive(voteResponse({ from: 4, to: 1, term: 1, electionTerm: 1, granted: true }));
  bench.receive(
    voteResponse({ from: 5, to: 1, term: 2, electionTerm: 3, preVote: true, granted: true }),
  );
  assert.equal(bench.role.kind, "pre-candidate");
});

test("§5.2 whoever has left the term gets nothing out of its votes", () => {
  const bench = outOfTime();
  bench.receive(voteResponse({ from: 4, to: 1, term: 3, electionTerm: 2, granted: false }));
  assert.equal(bench.role.kind, "follower");
  bench.receive(voteResponse({ from: 3, to: 1, term: 2, granted: true }));
  assert.equal(bench.role.kind, "follower");
});

test("thesis §3.8 the own vote may come late as well: without it the others' elect nobody", () => {
  const bench = new Bench({ voters: 3 });
  bench.timeout();
  assert.equal(bench.role.kind, "candidate");
  bench.take();
  bench.receive(voteResponse({ from: 2, to: 1, term: 1, granted: true }));
  bench.receive(voteResponse({ from: 3, to: 1, term: 1, granted: true }));
  assert.equal(bench.role.kind, "candidate");

  bench.persist();

  assert.equal(bench.role.kind, "leader");
});

test("thesis §3.8 the own vote counts when it reaches the disk, be it during the next trial", () => {
  const bench = new Bench({ voters: 3, config: TRIED });
  bench.timeout();
  bench.take();
  bench.timeout();
  assert.equal(bench.role.kind, "pre-candidate");
  bench.receive(voteResponse({ from: 2, to: 1, term: 1, granted: true }));
  assert.equal(bench.role.kind, "pre-candidate");

  bench.persist();

  assert.equal(bench.role.kind, "leader");
});

test("thesis §9.6 a trial that is repeated keeps its yeses and asks only the others again", () => {
  const bench = new Bench({ voters: 5, term: 1, config: TRIED });
  bench.timeout();
  bench.settle();
  const yes = { to: 1, term: 1, electionTerm: 2, preVote: true, granted: true };
  bench.receive(voteResponse({ ...yes, from: 2 }));

  bench.timeout();

  const asked = pick(bench.settle(), "vote-request").map((request) => request.to);
  assert.deepEqual(asked, [3, 4, 5]);
  bench.receive(voteResponse({ ...yes, from: 3 }));
  assert.equal(bench.role.kind, "candidate");
  assert.equal(bench.raft.term, 2);
});

test("A10 who led a term and stepped down is not elected in it again by a vote that comes late", () => {
  const bench = leader({ voters: 5, term: 1, config: { ...TRIED, checkQuorum: true } });
  bench.propose("is being written");
  bench.take();
  while (bench.role.kind !== "pre-candidate") bench.timeout();
  assert.equal(bench.raft.term, 2, "it has stepped down and tries for the next term");

  bench.persist();
  for (const from of [4, 5]) bench.receive(voteResponse({ from, to: 1, term: 2, granted: true }));

  assert.equal(bench.role.kind, "pre-candidate");
});

test("A10 votes of an election before a restart elect nobody: it may have led, and lost what it sent", () => {
  const bench = candidate({ voters: 3, term: 1, config: TRIED }).restart();
  assert.deepEqual([bench.raft.term, bench.raft.vote], [2, 1]);
  bench.timeout();
  assert.equal(bench.role.kind, "pre-candidate");
  bench.settle();

  for (const from of [2, 3]) bench.receive(voteResponse({ from, to: 1, term: 2, granted: true }));

  assert.equal(bench.role.kind, "pre-candidate");
});
