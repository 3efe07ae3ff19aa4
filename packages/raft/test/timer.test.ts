/** The one deadline: never too late, never in the past for good (paper §5.2, §5.6, §9.3). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Effects, takeEffects } from "@holdfast/raft";
import { acknowledge, Bench, candidate, leader, matchedLeader } from "./kit.ts";
import { appendRequest, appendResponse } from "./messages.ts";
import { Run } from "./schedule.ts";
import type { Server, World } from "./world.ts";

test("§5.2 a follower's, a candidate's and a pre-candidate's deadline is its election timeout", () => {
  const asking = new Bench({ term: 1, config: { preVote: true } });
  asking.timeout();
  for (const node of [new Bench(), candidate(), asking]) {
    const { role, deadline } = node.raft;
    assert.ok(role.kind !== "leader");
    assert.equal(deadline, role.electionAt, role.kind);
    assert.ok(deadline >= node.now + 0 && deadline < node.now + 200);
  }
});

test("§5.2 a leader's deadline is the first of its heartbeats", () => {
  const node = matchedLeader();
  const { sentAt } = node.peer(2);
  assert.equal(node.raft.deadline, Math.min(sentAt, node.peer(3).sentAt) + 20);
  node.later(10);
  node.receive(appendResponse({ from: 3, seq: node.leader.seq, index: 0 }));
  assert.equal(node.raft.deadline, sentAt + 20, "an answer is no reason to beat later");
});

test("§5.6 a leader's deadline is a request's retransmission when that is sooner than a heartbeat", () => {
  const node = matchedLeader({ voters: 2, config: { heartbeatMs: 90, retransmitMs: 30 } });
  node.later(10);
  node.propose("x");
  node.settle();
  assert.equal(node.raft.deadline, node.now + 30);
  acknowledge(node, 2, 1);
  node.settle();
  assert.ok(node.raft.deadline > node.now + 30);
});

test("thesis §6.2 a leader's deadline is its quorum check when nothing else is sooner", () => {
  const node = leader({ voters: 1, config: { checkQuorum: true } });
  assert.equal(node.raft.deadline, node.now + 100);
  node.timeout();
  assert.equal(node.raft.deadline, node.now + 100);
});

test("§9.3 news that can't leave because the window is full is no reason to wake up again and again", () => {
  const config = { coalesceMs: 5, windowBytes: 100, heartbeatMs: 90, retransmitMs: 60 };
  const node = matchedLeader({ voters: 2, config });
  node.later(10);
  node.step({ kind: "propose", commands: [new Uint8Array(50)] });
  node.settle();
  const { seq } = node.leader;
  node.later(6);
  node.step({ kind: "propose", commands: [new Uint8Array(500)] });
  node.settle();
  node.receive(appendResponse({ seq, index: 1 }));
  node.settle();
  assert.deepEqual([node.raft.commit, node.peer(2).messagesInWindow], [1, 1]);
  node.propose("x");
  node.settle();
  wakes(node, 50, 3);
});

test("§9.3 news for a peer that has fallen silent is no reason to wake up again and again", () => {
  const config = { coalesceMs: 15, heartbeatMs: 70, retransmitMs: 20 };
  const node = matchedLeader({ voters: 5, config });
  node.later(16);
  node.propose("x");
  node.settle();
  const seq = node.leader.seq - 3;
  node.later(1);
  node.receive(appendResponse({ from: 2, seq, index: 1 }));
  node.later(15);
  node.propose("y");
  node.settle();
  node.later(19);
  node.receive(appendResponse({ from: 3, seq: seq + 1, index: 1 }));
  node.settle();
  node.later(1);
  node.settle();
  assert.deepEqual([node.raft.commit, node.peer(2).silent], [1, true]);
  assert.ok(node.peer(2).newsAt > node.now, "news for it are still planned");
  wakes(node, 30, 8);
});

/** Wakes the node whenever it asks for it, for so long: each time it must ask for a later time. */
function wakes(node: Bench, ms: number, most: number): void {
  const end = node.now + ms;
  for (let count = 0; node.raft.deadline <= end; count++) {
    assert.ok(count < most, `woken ${count} times by ${node.now}`);
    node.timeout();
    node.settle();
    assert.ok(node.raft.deadline > node.now, `due at ${node.raft.deadline}, now ${node.now}`);
  }
}

test("§5.6 after a tick at the deadline the deadline lies ahead, and before it a tick does nothing, on random histories", () => {
  const counts = { early: 0, due: 0, leaders: 0 };
  for (let seed = 1; seed <= 60; seed++) {
    const run = new Run(seed);
    for (let turn = 0; turn < 1200; turn++) {
      run.turn();
      if (run.world.draw(4) === 0) waitForNext(run.world, counts, `seed ${seed} turn ${turn}`);
    }
  }
  assert.ok(counts.early > 1000 && counts.due > 1000, JSON.stringify(counts));
  assert.ok(counts.leaders > 300, JSON.stringify(counts));
});

/** Nothing arrives until somebody is due: nothing must happen before, something then. */
function waitForNext(
  world: World,
  counts: { early: number; due: number; leaders: number },
  where: string,
): void {
  const up = world.servers.filter((server) => server.isUp);
  for (const server of up) world.flush(server);
  const next = Math.min(...up.map((server) => server.raft.deadline));
  if (!Number.isFinite(next)) return;
  if (next - 1 > world.now) {
    world.now = next - 1;
    for (const server of up) assertIdle(world, server, where);
    counts.early++;
  }
  world.now = Math.max(world.now, next);
  for (const server of up) {
    if (server.raft.deadline > world.now) continue;
    counts.due++;
    if (server.raft.role.kind === "leader") counts.leaders++;
    world.step(server, { kind: "tick" });
    world.flush(server);
    const { deadline, role } = server.raft;
    assert.ok(deadline > world.now, `${where}: a ${role.kind} is due at ${deadline} again`);
  }
}

function assertIdle(world: World, server: Server, where: string): void {
  const { deadline } = server.raft;
  world.step(server, { kind: "tick" });
  const effects: Effects = takeEffects(server.raft);
  const { send, load, events, write } = effects;
  const done = [send.length, load.length, events.length, write];
  assert.deepEqual(done, [0, 0, 0, undefined], `${where}: a tick before ${deadline} did something`);
  assert.equal(server.raft.deadline, deadline, where);
}

test("§5.2 a leader's word moves the deadline, and a restart begins a new one", () => {
  const node = new Bench({ term: 1 });
  node.now = 50;
  node.receive(appendRequest());
  assert.ok(node.raft.deadline >= 150);
  const again = node.restart();
  assert.ok(again.raft.deadline >= again.now + 100 && again.raft.deadline < again.now + 200);
});

test("§9.3 news for a silent peer that lacks no entries is no reason to wake up either", () => {
  const config = { coalesceMs: 15, heartbeatMs: 70, retransmitMs: 20 };
  const node = matchedLeader({ voters: 5, config });
  node.later(16);
  node.propose("x", "y");
  node.settle();
  const { seq } = node.leader;
  node.receive(appendResponse({ from: 2, seq, index: 2 }));
  node.receive(appendResponse({ from: 3, seq, index: 1 }));
  node.settle();
  node.step({ kind: "unreachable", peer: 2 });
  node.later(15);
  assert.equal(node.settle().length > 0, true);
  node.later(15);
  node.receive(appendResponse({ from: 3, seq: node.leader.seq, index: 2 }));
  node.settle();
  node.later(5);
  node.settle();
  const peer = node.peer(2);
  assert.deepEqual([node.raft.commit, peer.silent, peer.next], [2, true, 3]);
  assert.ok(peer.newsAt > node.now && Number.isFinite(peer.newsAt));
  wakes(node, 30, 8);
});

test("§7 a leader's deadline is a snapshot piece's retransmission when that is sooner than a heartbeat", () => {
  const config = { heartbeatMs: 90, retransmitMs: 30 };
  const past = { start: { index: 5, term: 1 }, log: [1], voters: 2, config };
  const node = leader(past);
  node.receive(appendResponse({ term: 2, seq: node.leader.seq, accepted: false, index: 0 }));
  assert.equal(node.take().load.length, 1);
  assert.equal(node.raft.deadline, node.now + 30);
  node.timeout();
  assert.equal(node.peer(2).silent, true);
});
