/**
 * Windows, budgets and peers that fall silent: G1 to G4 of the catalogue, and I-8 (thesis §10.2.1).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { acknowledge, leader, matchedLeader } from "./kit.ts";
import { appendRequest, appendResponse, only, pick } from "./messages.ts";
import { Run } from "./schedule.ts";

test("G1 the bytes under way to a peer return to zero by answer, refusal, loss and silence", () => {
  for (const end of ["answer", "refusal", "loss", "silence", "snapshot"] as const) {
    const node = matchedLeader({ voters: 3, log: [1], config: { windowBytes: 10_000 } });
    node.propose("a", "b");
    node.settle();
    const peer = node.peer(2);
    assert.equal(peer.bytesInWindow, 34);
    const [seq = 0] = peer.windowSeq;
    if (end === "answer") acknowledge(node, 2);
    else if (end === "refusal") {
      node.receive(appendResponse({ term: 2, seq, accepted: false, index: 1, hintTerm: 1 }));
    } else if (end === "loss") node.step({ kind: "unreachable", peer: 2 });
    else if (end === "silence") node.later(50);
    else {
      acknowledge(node, 3);
      node.settle();
      node.step({ kind: "snapshot-taken", index: 3 });
      node.later(50);
      node.take();
      assert.equal(peer.flow, "snapshot");
    }
    assert.equal(peer.bytesInWindow, 0, end);
    // What is under way after the silence is a heartbeat's probe, which carries nothing.
    assert.equal(peer.messagesInWindow, end === "silence" ? 1 : 0, end);
  }
});

test("G2 the budget of uncommitted bytes returns to zero by commit, and starts anew with each leadership", () => {
  const config = { uncommittedBytesMax: 40 };
  const node = matchedLeader({ voters: 3, config });
  node.propose("a", "b", "c");
  assert.equal(node.leader.uncommittedBytes, 51);
  assert.equal(node.propose("d").ok, false);
  node.settle();
  acknowledge(node, 2, 2);
  assert.equal(node.leader.uncommittedBytes, 17);
  node.receive(appendRequest({ from: 3, term: 5, prevIndex: 3, prevTerm: 1 }));
  node.settle();
  node.timeout();
  node.settle();
  node.receive({
    kind: "vote-response",
    from: 3,
    to: 1,
    term: 6,
    preVote: false,
    electionTerm: 6,
    granted: true,
  });
  assert.equal(node.leader.uncommittedBytes, 0, "entries of earlier terms are not its own");
  node.propose("e");
  node.settle();
  acknowledge(node, 2);
  assert.deepEqual([node.raft.commit, node.leader.uncommittedBytes], [4, 0]);
});

test("G3 a window that is full of lost requests opens again when the peer answers a heartbeat", () => {
  const node = matchedLeader({ voters: 2, config: { windowMessages: 2 } });
  for (const text of ["a", "b", "c"]) {
    node.propose(text);
    node.settle();
  }
  assert.equal(node.peer(2).messagesInWindow, 2);
  node.later(50);
  node.settle();
  node.later(20);
  const beat = only(node.settle(), "append-request");
  node.receive(appendResponse({ seq: beat.seq, index: beat.prevIndex }));
  const again = only(node.settle(), "append-request");
  assert.deepEqual([again.prevIndex, again.entries.length], [0, 3]);
});

test("G3 nothing of a window is given up while its oldest request is young", () => {
  const node = matchedLeader({ voters: 2, config: { windowMessages: 2 } });
  node.propose("a");
  node.settle();
  node.later(30);
  node.propose("b");
  node.settle();
  const [first = 0] = node.peer(2).windowSeq;
  node.later(19);
  node.receive(appendResponse({ seq: first, index: 1 }));
  node.later(30);
  assert.deepEqual([node.peer(2).flow, node.peer(2).messagesInWindow], ["stream", 1]);
  node.later(1);
  assert.equal(node.peer(2).flow, "probe");
});

test("G4 a peer that is caught up and was reported unreachable streams again after one answer", () => {
  const node = matchedLeader({ voters: 2, log: [1] });
  node.step({ kind: "unreachable", peer: 2 });
  assert.equal(node.peer(2).flow, "probe");
  node.later(20);
  const probe = only(node.settle(), "append-request");
  assert.deepEqual([probe.prevIndex, probe.entries.length], [1, 0]);
  node.receive(appendResponse({ term: 2, seq: probe.seq, index: 1 }));
  assert.equal(node.peer(2).flow, "stream");
});

test("G4 a report on a peer that is silent already, or on a stranger, changes nothing", () => {
  const node = matchedLeader({ voters: 2 });
  node.propose("x");
  node.settle();
  node.later(50);
  node.settle();
  assert.equal(node.peer(2).silent, true);
  node.later(5);
  const due = node.raft.deadline;
  node.step({ kind: "unreachable", peer: 2 });
  node.step({ kind: "unreachable", peer: 7 });
  assert.equal(node.raft.deadline, due, "heartbeats are not put off");
  assert.deepEqual(node.settle(), []);
});

test("G4 a probe without entries that is accepted shows where the logs meet, and all that waits follows", () => {
  const node = leader({ voters: 2, log: [1, 1] });
  node.propose("x", "y");
  node.settle();
  const [probe = 0] = node.peer(2).windowSeq;
  node.receive(appendResponse({ term: 2, seq: probe, index: 2 }));
  assert.deepEqual([node.peer(2).flow, node.peer(2).match], ["stream", 2]);
  assert.equal(pick(node.settle(), "append-request")[0]?.entries.length, 2);
});

test("I-12 on random histories every window and budget is back at zero once the cluster has healed", () => {
  for (let seed = 800; seed < 830; seed++) {
    const run = new Run(seed);
    for (let turn = 0; turn < 1000; turn++) run.turn();
    run.heal();
    for (let turn = 0; turn < 100; turn++) run.world.calmTurn();
    const [top] = run.world.leaders();
    assert.ok(top !== undefined && top.raft.role.kind === "leader");
    const { peers, uncommittedBytes } = top.raft.role;
    assert.equal(uncommittedBytes, 0);
    for (const peer of peers) {
      assert.equal(peer.match, top.raft.log.lastIndex, `seed ${seed}`);
      assert.equal(peer.bytesInWindow, 0, `seed ${seed}`);
    }
  }
});

test("G3 an answer frees its request though the peer took less than it carried", () => {
  const node = matchedLeader({ voters: 2, log: [1, 1] });
  node.propose("x", "y");
  node.settle();
  const [seq = 0] = node.peer(2).windowSeq;
  // A peer whose log begins later vouches for what it has committed, and skips the entries.
  node.receive(appendResponse({ term: 2, seq, index: 3 }));
  assert.deepEqual([node.peer(2).match, node.peer(2).messagesInWindow], [3, 0]);
});

test("G5 a commit index that was lost on the way goes again when the transport reports it", () => {
  const node = matchedLeader({ voters: 2 });
  node.propose("x");
  node.settle();
  acknowledge(node, 2);
  assert.equal(only(node.settle(), "append-request").commit, 1);
  assert.deepEqual(node.settle(), []);
  node.step({ kind: "unreachable", peer: 2 });
  assert.equal(only(node.settle(), "append-request").commit, 1);
});

test("G4 what was reported lost waits coalesceMs before it goes again, so a failing transport can't spin", () => {
  const node = matchedLeader({ voters: 2, config: { coalesceMs: 5 } });
  node.later(6);
  node.settle();
  acknowledge(node, 2);
  node.later(6);
  node.propose("x");
  node.settle();
  node.later(6);
  node.step({ kind: "unreachable", peer: 2 });
  assert.deepEqual(node.settle(), []);
  const since = node.now;
  node.timeout();
  assert.equal(only(node.settle(), "append-request").entries.length, 1);
  assert.equal(node.now - since, 5);
});

test("G5 a heartbeat takes along what waits for its pace: pacing as long as the heartbeat starves nobody", () => {
  for (const coalesceMs of [20, 30]) {
    const node = matchedLeader({ voters: 2, config: { heartbeatMs: 20, coalesceMs } });
    // A heartbeat has just left when a command comes: it has to wait for its pace.
    do node.timeout();
    while (node.settle().length === 0);
    acknowledge(node, 2);
    const since = node.now;
    const matched = node.raft.log.lastIndex;
    node.propose("x");
    let sent = 0;
    while (sent === 0 && node.now < since + 100) {
      for (const message of node.settle()) {
        if (message.kind === "append-request") sent += message.entries.length;
      }
      acknowledge(node, 2, matched);
      if (sent === 0) node.timeout();
    }
    assert.deepEqual([sent, node.now - since <= 20], [1, true], `coalesceMs ${coalesceMs}`);
  }
});

test("G4 a heartbeat while a probe is under way is no second probe", () => {
  const node = leader({ voters: 2, log: [1, 1] });
  assert.equal(node.peer(2).messagesInWindow, 1);
  node.later(20);
  const beat = only(node.settle(), "append-request");
  assert.deepEqual([beat.prevIndex, node.peer(2).messagesInWindow], [0, 1]);
});

test("G5 a silent peer gets no news before the next heartbeat", () => {
  const node = matchedLeader({ voters: 2 });
  node.propose("x");
  node.settle();
  acknowledge(node, 2);
  node.settle();
  node.step({ kind: "unreachable", peer: 2 });
  assert.equal(node.settle().length, 1);
  for (const [ms, count] of [
    [20, 1],
    [20, 1],
    [10, 0],
    [10, 1],
  ] as const) {
    node.later(ms);
    assert.equal(node.settle().length, count);
  }
  assert.equal(node.peer(2).silent, true);
});
