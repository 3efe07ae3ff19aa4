/**
 * Timing: heartbeats against election timeouts, and what a leader does about peers that are silent
 * (paper §5.6, thesis §10.2.1).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { acknowledge, Bench, candidate, leader, matchedLeader } from "./kit.ts";
import { appendRequest, appendResponse, only, pick, voteResponse } from "./messages.ts";

test("§5.6 heartbeats come well within the shortest election timeout, so no follower of a live leader campaigns", () => {
  const top = matchedLeader({ voters: 2 });
  const follower = new Bench({ id: 2, voters: 2, term: 1 });
  const start = top.now;
  follower.now = start;
  follower.receive(appendRequest({ from: 1, to: 2 }));
  let beats = 0;
  for (let now = start; now <= start + 5000; now++) {
    for (const node of [top, follower]) {
      node.now = now;
      if (node.raft.deadline <= now) node.step({ kind: "tick" });
    }
    for (const message of top.settle()) {
      beats++;
      follower.receive(message);
    }
    for (const message of follower.settle()) top.receive(message);
    assert.equal(follower.role.kind, "follower", `at ${now}`);
  }
  assert.ok(beats >= 5000 / 20 - 2 && beats <= 5000 / 20 + 2, `${beats} heartbeats`);
});

test("§5.6 a leader whose heartbeats stop is replaced within the longest election timeout", () => {
  const follower = new Bench({ term: 1 });
  follower.now = 500;
  follower.receive(appendRequest());
  follower.now = 599;
  follower.step({ kind: "tick" });
  assert.equal(follower.role.kind, "follower", "not before the shortest timeout");
  follower.now = 700;
  follower.step({ kind: "tick" });
  assert.equal(follower.role.kind, "candidate");
});

test("§5.6 traffic counts as a heartbeat: a leader that sends entries sends no empty appends between", () => {
  const node = matchedLeader({ voters: 2 });
  for (let i = 0; i < 30; i++) {
    node.later(10);
    node.propose(`c${i}`);
    const appends = pick(node.settle(), "append-request");
    assert.deepEqual(
      appends.filter((append) => append.entries.length > 0).map((append) => append.entries.length),
      [1],
    );
    assert.ok(appends.every(({ entries, commit }) => entries.length > 0 || commit === i));
    acknowledge(node, 2);
    const news = pick(node.settle(), "append-request");
    assert.ok(news.every(({ commit }) => commit === i + 1));
  }
});

test("§5.6 early ticks do no harm: no message, no election, no change of the deadline", () => {
  const node = matchedLeader();
  const due = node.raft.deadline;
  for (let now = node.now; now < due; now++) {
    node.now = now;
    node.step({ kind: "tick" });
    assert.deepEqual(node.settle(), []);
    assert.equal(node.raft.deadline, due);
  }
});

test("§5.6 an unanswered request is given up after retransmitMs, not earlier, and sent again once the peer is heard", () => {
  const node = matchedLeader({ voters: 2 });
  node.propose("x");
  const sentAt = node.now;
  node.settle();
  while (node.now < sentAt + 49) {
    node.later(1);
    assert.ok(
      node.settle().every((message) => pick([message], "append-request")[0]?.entries.length === 0),
    );
    assert.equal(node.peer(2).flow, "stream");
  }
  node.later(1);
  assert.deepEqual(node.settle(), [], "nothing goes to a silent peer before the next heartbeat");
  assert.equal(node.peer(2).flow, "probe");
  assert.equal(node.peer(2).silent, true);
  node.later(100);
  const probe = only(node.settle(), "append-request");
  assert.equal(probe.entries.length, 0, "a silent peer gets no entries (G7)");
  acknowledge(node, 2, 0);
  assert.equal(only(node.settle(), "append-request").entries.length, 1);
});

test("§5.6 coalesceMs: entries of one interval travel in one request, the first at once", () => {
  const node = matchedLeader({ voters: 2, config: { coalesceMs: 5 } });
  node.later(10);
  node.settle();
  acknowledge(node, 2);
  node.later(6);
  node.propose("a");
  assert.equal(only(node.settle(), "append-request").entries.length, 1);
  for (const text of ["b", "c", "d"]) {
    node.later(1);
    node.propose(text);
    assert.deepEqual(node.settle(), []);
  }
  node.timeout();
  assert.equal(only(node.settle(), "append-request").entries.length, 3);
});

test("§5.6 coalesceMs: a commit index waits for company no longer than that", () => {
  const node = matchedLeader({ voters: 2, config: { coalesceMs: 5 } });
  node.later(10);
  node.propose("a");
  node.settle();
  acknowledge(node, 2);
  assert.equal(node.raft.commit, 1);
  assert.deepEqual(node.settle(), []);
  const since = node.now;
  node.timeout();
  assert.equal(only(node.settle(), "append-request").commit, 1);
  assert.equal(node.now - since, 5);
});

test("§5.6 a leader of one server sends nothing and is due never", () => {
  const node = leader({ voters: 1 });
  assert.equal(node.raft.deadline, Number.POSITIVE_INFINITY);
  node.later(10_000);
  assert.deepEqual(node.settle(), []);
  assert.equal(node.role.kind, "leader");
});

test("§5.6 time that goes back counts as standing still", () => {
  const node = new Bench({ term: 1 });
  node.now = 90;
  node.receive(appendRequest());
  const { deadline } = node.raft;
  node.now = 10;
  node.step({ kind: "tick" });
  assert.equal(node.raft.now, 90);
  assert.equal(node.raft.deadline, deadline);
});

test("§5.6 a commit index that no request can carry yet is not announced again and again", () => {
  const node = matchedLeader({ voters: 3 });
  for (const text of ["a", "b"]) {
    node.propose(text, text, text);
    node.settle();
  }
  acknowledge(node, 3, 6);
  node.settle();
  assert.equal(node.step({ kind: "snapshot-taken", index: 5 }).ok, true);
  // Peer 2 acknowledges the first three late: its log is known to match where the leader's no
  // longer reaches.
  node.receive(appendResponse({ seq: node.peer(2).windowSeq[0] ?? 0, index: 3 }));
  assert.deepEqual([node.peer(2).match, node.raft.log.startIndex, node.raft.commit], [3, 5, 6]);
  assert.deepEqual(pick(node.take().send, "append-request", 2), []);
  assert.deepEqual(pick(node.take().send, "append-request", 2), []);
  acknowledge(node, 2, 6);
  assert.equal(only(node.settle(), "append-request", 2).commit, 6);
});

test("§5.6 coalesceMs: a new leader's bare first heartbeat waits for company, its first entries do not", () => {
  const node = candidate({ voters: 2, config: { coalesceMs: 5 } });
  node.receive(voteResponse());
  assert.deepEqual(node.take().send, []);
  assert.equal(node.raft.deadline, node.now + 5);
  node.step({ kind: "tick" });
  assert.deepEqual(node.take().send, [], "an early tick does not hurry it");
  node.propose("x");
  assert.equal(only(node.take().send, "append-request").entries.length, 1);
});

test("§5.6 coalesceMs: without trials a new leader greets those as well that gave it no vote", () => {
  const node = candidate({ voters: 3, config: { coalesceMs: 5 } });
  node.receive(voteResponse({ from: 2 }));
  assert.deepEqual(node.take().send, []);
  node.later(5);
  const greeted = pick(node.take().send, "append-request").map(({ to }) => to);
  assert.deepEqual(greeted, [2, 3], "a server that isn't told might depose it");
});
