/**
 * Elections over links that work one way only, strangers and voters that don't know it yet, and the
 * gap between heartbeats: C8, C10, C11 and C15 of the catalogue.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Circle } from "./circle.ts";
import { acknowledge, Bench, type Overrides } from "./kit.ts";
import { appendRequest, only, pick, snapshotRequest, voteRequest } from "./messages.ts";

const ON: Overrides = { preVote: true, checkQuorum: true, noop: true };

const LINKS = ["1>2", "2>1", "1>3", "3>1", "2>3", "3>2"];

/** All ways to cut some of the six links that leave two servers which hear each other. */
function partialCuts(): readonly (readonly string[])[] {
  const all = Array.from({ length: 2 ** LINKS.length }, (_, mask) =>
    LINKS.filter((_link, at) => (mask >> at) % 2 === 1),
  );
  return all.filter((cut) =>
    [0, 2, 4].some((at) => !cut.includes(LINKS[at] ?? "") && !cut.includes(LINKS[at + 1] ?? "")),
  );
}

/** Proposes at every leader now and then. */
function load(circle: Circle, ms: number): void {
  circle.run(ms, () => {
    if (circle.now % 20 !== 0) return;
    for (const id of circle.leaders()) circle.node(id).propose("x");
  });
}

test("C8 whichever one-way links are cut, as long as two of three hear each other entries commit", () => {
  const cuts = partialCuts();
  assert.equal(cuts.length, 37);
  for (const [seed, cut] of cuts.entries()) {
    const circle = new Circle([1, 2, 3].map(() => ({ config: ON, seed })));
    circle.elect();
    load(circle, 200);
    for (const link of cut) circle.cut.add(link);
    load(circle, 1500);
    const before = circle.commitMax();
    load(circle, 1500);
    const gained = circle.commitMax() - before;
    assert.ok(gained > 20, `without ${cut}: ${gained} entries in 1.5 s`);
  }
});

test("C10 a stranger with a high term and a long log deposes nobody and raises nobody's term", () => {
  const circle = new Circle([1, 2, 3].map(() => ({ config: ON })));
  const id = circle.elect();
  circle.run(100);
  const { term } = circle.node(id).raft;
  for (let round = 0; round < 200; round++) {
    for (const to of [1, 2, 3]) {
      for (const preVote of [true, false]) {
        const end = { lastTerm: 40, lastIndex: 1000 };
        circle.node(to).receive(voteRequest({ from: 9, to, term: 50 + round, preVote, ...end }));
      }
      const answers = pick(circle.node(to).take().send, "vote-response", 9);
      assert.ok(answers.every((answer) => !answer.granted && answer.term === term));
    }
    circle.run(5);
  }
  assert.deepEqual(circle.leaders(), [id]);
  for (const node of circle.nodes) assert.equal(node.raft.term, term);
});

test("C11 a server that is not among its own members votes when asked, and campaigns never", () => {
  const node = new Bench({ term: 3 });
  const others = { members: { voters: [2, 3, 4] } };
  node.receive(snapshotRequest({ term: 3, lastIndex: 5, lastTerm: 2, ...others }));
  node.take();
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  node.settle();
  assert.equal(node.raft.deadline, Number.POSITIVE_INFINITY, "no election timer");
  node.now += 1000;
  for (const preVote of [true, false]) {
    const term = preVote ? 3 : 4;
    node.receive(voteRequest({ from: 4, term, preVote, lastIndex: 5, lastTerm: 2 }));
    assert.equal(only(node.settle(), "vote-response", 4).granted, true, `trial: ${preVote}`);
  }
  assert.equal(node.raft.vote, 4);
  node.step({ kind: "tick" });
  assert.equal(node.role.kind, "follower");
});

test("C15 the gap between two words of a leader is a heartbeat at most and what the tick is late, whatever else it sends", () => {
  const scene = fc.record({
    heartbeatMs: fc.integer({ min: 5, max: 60 }),
    coalesceMs: fc.integer({ min: 0, max: 20 }),
    retransmitMs: fc.integer({ min: 5, max: 200 }),
    lateMs: fc.integer({ min: 0, max: 15 }),
    turns: fc.array(fc.record({ late: fc.nat(15), propose: fc.boolean(), answer: fc.boolean() }), {
      minLength: 20,
      maxLength: 60,
    }),
  });
  let gaps = 0;
  fc.assert(
    fc.property(scene, ({ heartbeatMs, coalesceMs, retransmitMs, lateMs, turns }) => {
      const node = leaderWith({ heartbeatMs, coalesceMs, retransmitMs });
      let saidAt = node.now;
      for (const { late, propose, answer } of turns) {
        node.now = Math.max(node.now, node.raft.deadline) + Math.min(late, lateMs);
        node.step({ kind: "tick" });
        if (propose) node.propose("x");
        if (pick(node.settle(), "append-request", 2).length > 0) {
          assert.ok(node.now - saidAt <= heartbeatMs + lateMs, `${node.now - saidAt} ms`);
          saidAt = node.now;
          gaps++;
        }
        if (answer) acknowledge(node, 2);
      }
      assert.ok(node.now - saidAt <= heartbeatMs + lateMs, "the last word is as young");
    }),
    { seed: 15, numRuns: 300 },
  );
  assert.ok(gaps > 3000, `${gaps} gaps`);
});

/** A leader of two, with an election timeout that all heartbeats fit in. */
function leaderWith(config: Overrides): Bench {
  const node = new Bench({
    voters: 2,
    config: { electionTimeoutMs: 500, electionTimeoutMaxMs: 600, ...config },
  });
  node.timeout();
  node.settle();
  node.receive({
    kind: "vote-response",
    from: 2,
    to: 1,
    term: 1,
    preVote: false,
    electionTerm: 1,
    granted: true,
  });
  node.settle();
  assert.equal(node.role.kind, "leader");
  return node;
}

test("C15 a follower with the shortest timeout outlasts the longest gap that the options allow", () => {
  for (const [heartbeatMs, coalesceMs] of [
    [99, 0],
    [50, 49],
    [1, 98],
  ] as const) {
    const node = leaderWith({ heartbeatMs, coalesceMs, electionTimeoutMs: 100 });
    const follower = new Bench({ id: 2, voters: 2, term: 1, config: { heartbeatMs: 99 } });
    follower.now = node.now;
    follower.receive(appendRequest({ from: 1, to: 2 }));
    for (let beat = 0; beat < 50; beat++) {
      node.timeout();
      follower.now = node.now;
      if (follower.raft.deadline <= follower.now) follower.step({ kind: "tick" });
      assert.equal(follower.role.kind, "follower", `heartbeat ${heartbeatMs}, beat ${beat}`);
      for (const message of node.settle()) follower.receive(message);
      for (const message of follower.settle()) node.receive(message);
    }
  }
});
