/** Votes are counted where they are given, so that a leader with too few of them is noticed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, NodeId, Term } from "@holdfast/raft";
import { Ballots } from "../src/world/ballots.ts";

const UNVOTED = { message: "cluster: elected without a majority of votes" };

function request(from: NodeId, to: NodeId, term: Term, preVote = false): Message {
  const electionTerm = preVote ? term + 1 : term;
  return {
    kind: "vote-request",
    from,
    to,
    term,
    preVote,
    electionTerm,
    lastIndex: 0,
    lastTerm: 0,
  };
}

function vote(from: NodeId, to: NodeId, term: Term, granted = true, preVote = false): Message {
  return { kind: "vote-response", from, to, term, preVote, electionTerm: term, granted };
}

test("a candidate with the votes of a majority may lead, also one with late votes", () => {
  const ballots = new Ballots(5);
  ballots.left(request(1, 2, 7));
  ballots.left(vote(2, 1, 7));
  ballots.left(vote(3, 1, 7));

  ballots.elected(1, 7);
  ballots.left(vote(4, 1, 7));
  ballots.elected(1, 7);
});

test("a node that is alone leads with its own vote, which nobody saw leave", () => {
  new Ballots(1).elected(1, 1);
});

test("trials, refusals, repeated votes and those of other terms don't count (A7)", () => {
  const ballots = new Ballots(5);
  ballots.left(vote(2, 1, 7));
  ballots.left(vote(2, 1, 7));
  ballots.left(vote(3, 1, 6));
  ballots.left(vote(3, 1, 7, false));
  ballots.left(vote(4, 1, 7, true, true));
  ballots.left(request(5, 1, 6, true));
  ballots.left(vote(5, 3, 7));

  assert.throws(() => ballots.elected(1, 7), UNVOTED);
  assert.throws(() => ballots.elected(3, 6), UNVOTED);
});

test("half of an even number is no majority (B7)", () => {
  const ballots = new Ballots(4);
  ballots.left(vote(2, 1, 3));
  assert.throws(() => ballots.elected(1, 3), UNVOTED);
  ballots.left(vote(4, 1, 3));
  ballots.elected(1, 3);
});
