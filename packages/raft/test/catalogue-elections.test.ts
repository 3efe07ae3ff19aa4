/**
 * Elections that got stuck or never ended in other implementations: C1 to C18 of the catalogue
 * (thesis §9.6, §6.2, §4.2.3).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { leaderOf } from "@holdfast/raft";
import { Circle } from "./circle.ts";
import { Bench, bytesOf, type Overrides, type Past } from "./kit.ts";
import { only, snapshotRequest, voteRequest } from "./messages.ts";

const ON: Overrides = { preVote: true, checkQuorum: true, noop: true };
const OFF: Overrides = { preVote: false, checkQuorum: false, noop: true };

/** Proposes at every leader now and then, and counts how often the leader changed. */
function watch(circle: Circle, ms: number): number {
  let changes = 0;
  let last = 0;
  circle.run(ms, () => {
    for (const id of circle.leaders()) {
      if (id !== last) changes++;
      last = id;
      if (circle.now % 20 === 0) circle.node(id).propose("x");
    }
  });
  return changes;
}

test("C1 a lagging server that returns as the leader vanishes stops nobody: two of three elect", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const circle = new Circle([1, 2, 3].map(() => ({ config: ON, seed })));
    const first = circle.elect();
    const lagging = first === 1 ? 2 : 1;
    circle.dead.add(lagging);
    watch(circle, 300);
    circle.dead.delete(lagging);
    circle.dead.add(first);
    const second = circle.elect();
    assert.ok(second !== first && second !== lagging, `seed ${seed}: ${second} holds all entries`);
  }
});

for (const [name, configs] of [
  ["pre-vote on one server only", [ON, OFF, OFF]],
  ["pre-vote on two servers", [ON, ON, OFF]],
  ["check-quorum without pre-vote", [{ ...OFF, checkQuorum: true }, ON, OFF]],
] as const) {
  test(`C2 servers with different options elect a leader all the same: ${name}`, () => {
    // One has a high term and a short log, the others a low term and a long one.
    const pasts: Past[] = configs.map((config, i) => ({
      config,
      ...(i === 0 ? { term: 9, log: [1] } : { term: 2, log: [1, 2] }),
    }));
    for (let seed = 1; seed <= 10; seed++) {
      const circle = new Circle(pasts.map((past) => ({ ...past, seed })));
      circle.elect(3000);
      const before = circle.commitMax();
      watch(circle, 500);
      assert.ok(circle.commitMax() > before, `seed ${seed}`);
    }
  });
}

test("C3 one server is down and one voter's term is outdated: the election completes", () => {
  const circle = new Circle([
    { config: ON, term: 7, log: [1, 7] },
    { config: ON, term: 2, log: [1] },
    { config: ON },
  ]);
  circle.dead.add(3);
  assert.equal(circle.elect(), 1);
  circle.run(50);
  assert.equal(leaderOf(circle.node(2).raft), 1);
});

test("C4 a refused trial teaches the higher term: a group of low terms and one of a high term with a short log converge", () => {
  const circle = new Circle([
    { config: ON, term: 12, log: [1] },
    { config: ON, term: 3, log: [1, 3] },
    { config: ON, term: 3, log: [1, 3] },
  ]);
  const id = circle.elect(2000);
  assert.notEqual(id, 1);
  circle.run(100);
  assert.equal(leaderOf(circle.node(1).raft), id);
  assert.ok(circle.node(id).raft.term >= 12);
});

test("C5 the leader that is still believed in may itself be elected again", () => {
  const node = new Bench({ term: 3, config: ON });
  node.receive({
    kind: "append-request",
    from: 2,
    to: 1,
    term: 3,
    seq: 1,
    prevIndex: 0,
    prevTerm: 0,
    commit: 0,
    entries: [],
  });
  node.settle();
  node.receive(voteRequest({ from: 3, term: 3, preVote: true }));
  assert.equal(only(node.settle(), "vote-response").granted, false, "another: no");
  node.receive(voteRequest({ from: 2, term: 3, preVote: true }));
  assert.equal(only(node.settle(), "vote-response").granted, true, "the leader: it leads no more");
  node.receive(voteRequest({ from: 2, term: 4 }));
  assert.equal(only(node.settle(), "vote-response").granted, true);
});

test("C7 two live followers always replace a dead leader, whatever they still believe", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const circle = new Circle([1, 2, 3].map(() => ({ config: ON, seed })));
    const first = circle.elect();
    circle.run(37 + seed);
    circle.dead.add(first);
    const since = circle.now;
    circle.elect(1200);
    assert.ok(circle.now - since >= 80, "not within the shortest timeout of the last heartbeat");
  }
});

test("C8 one link of three is cut: a leader stays and entries commit", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const circle = new Circle([1, 2, 3].map(() => ({ config: ON, seed })));
    circle.part(1, 2);
    circle.elect();
    watch(circle, 300);
    const before = circle.commitMax();
    const changes = watch(circle, 3000);
    assert.ok(circle.commitMax() > before + 50, `seed ${seed}: ${before} to ${circle.commitMax()}`);
    assert.ok(changes <= 2, `seed ${seed}: ${changes} leaders in 3 s`);
  }
});

test("C8 a leader that can send but not hear gives way", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const circle = new Circle([1, 2, 3].map(() => ({ config: ON, seed })));
    const deaf = circle.elect();
    for (const id of [1, 2, 3]) if (id !== deaf) circle.cut.add(`${id}>${deaf}`);
    watch(circle, 1500);
    const before = circle.commitMax();
    watch(circle, 1000);
    assert.ok(circle.commitMax() > before, `seed ${seed}: nothing commits`);
    assert.ok(!circle.leaders().includes(deaf));
  }
});

test("C9 a restarted follower hears of the leader within a heartbeat, in a quiet cluster too", () => {
  const circle = new Circle([1, 2, 3].map(() => ({ config: ON })));
  const id = circle.elect();
  circle.run(500);
  const back = id === 1 ? 2 : 1;
  const restarted = circle.node(back).restart();
  circle.nodes[back - 1] = restarted;
  restarted.now = circle.now;
  restarted.step({ kind: "tick" });
  circle.run(60);
  assert.equal(leaderOf(restarted.raft), id);
  assert.equal(restarted.raft.commit, circle.node(id).raft.commit);
});

test("C16 servers that start with the same seed at the same time do not split votes for ever", () => {
  for (let seed = 0; seed < 20; seed++) {
    for (const preVote of [true, false]) {
      const config = { ...ON, preVote };
      const circle = new Circle([1, 2, 3, 4, 5].map(() => ({ config, seed })));
      circle.elect(2000);
      assert.ok(Math.max(...circle.nodes.map((node) => node.raft.term)) <= 6, `seed ${seed}`);
    }
  }
});

test("C18 a server that is taking a snapshot still times out, campaigns and votes", () => {
  for (const done of [false, true]) {
    const node = new Bench({ term: 3 });
    node.receive(
      snapshotRequest({ term: 3, lastIndex: 9, lastTerm: 2, data: bytesOf("ab"), done }),
    );
    node.settle();
    node.receive(voteRequest({ from: 3, term: 4 }));
    assert.equal(only(node.settle(), "vote-response").granted, true);
    node.timeout();
    assert.deepEqual([node.role.kind, node.raft.term], ["candidate", 5]);
    assert.equal(node.step({ kind: "snapshot-checked", index: 9, term: 2, ok: true }).ok, true);
    assert.deepEqual(
      [node.raft.commit, node.role.kind],
      [0, "candidate"],
      "its result is old news",
    );
  }
});
