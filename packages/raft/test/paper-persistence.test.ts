/** What must be on disk before a promise leaves, and what need not wait (thesis §3.8, §10.2.1). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { acknowledge, Bench, candidate, entriesOf, leader, matchedLeader } from "./kit.ts";
import {
  appendRequest,
  appendResponse,
  only,
  pick,
  snapshotRequest,
  voteRequest,
  voteResponse,
} from "./messages.ts";

test("thesis §3.8 a granted vote leaves only when term and vote are on disk", () => {
  const node = new Bench({ term: 1 });
  node.receive(voteRequest({ term: 2 }));
  const { send, write } = node.take();
  assert.deepEqual(send, []);
  assert.deepEqual(write?.hardState, { term: 2, vote: 2 });
  assert.deepEqual(pick(node.persist(), "vote-response").length, 1);
});

test("thesis §3.8 a vote that is on disk already is repeated at once", () => {
  const node = new Bench({ term: 2, vote: 2 });
  node.receive(voteRequest({ term: 2 }));
  const { send, write } = node.take();
  assert.equal(only(send, "vote-response").granted, true);
  assert.equal(write, undefined);
});

test("thesis §3.8 a candidate's requests leave only when its term and own vote are on disk", () => {
  const node = new Bench({ term: 1 });
  node.timeout();
  const { send, write } = node.take();
  assert.deepEqual(send, []);
  assert.deepEqual(write?.hardState, { term: 2, vote: 1 });
  assert.equal(pick(node.persist(), "vote-request").length, 2);
});

test("thesis §3.8 a candidate counts its own vote only when that is on disk, for 1 to 9 servers", () => {
  for (let voters = 1; voters <= 9; voters++) {
    const node = new Bench({ voters });
    node.timeout();
    node.take();
    const others = Math.floor(voters / 2);
    for (let from = 2; from < 2 + others; from++) node.receive(voteResponse({ from }));
    assert.equal(node.role.kind, "candidate", `${others} of ${voters} and an unwritten vote`);
    node.persist();
    assert.equal(node.role.kind, "leader");
  }
});

test("thesis §3.8 votes of all others do not make a leader whose own vote is not on disk", () => {
  const node = new Bench({ voters: 3 });
  node.timeout();
  node.take();
  for (const from of [2, 3]) node.receive(voteResponse({ from }));
  assert.equal(node.role.kind, "candidate");
  node.persist();
  assert.equal(node.role.kind, "leader");
});

test("thesis §3.8 the disk's report on an earlier campaign does not count for the present one", () => {
  const node = new Bench({ voters: 3 });
  node.timeout();
  node.take();
  node.timeout();
  node.take();
  assert.equal(node.pending.length, 2);
  node.receive(voteResponse({ from: 2, term: 2 }));
  node.persist(1);
  assert.equal(node.role.kind, "candidate", "term 1 is on disk, term 2 is not");
  node.persist(1);
  assert.equal(node.role.kind, "leader");
});

test("thesis §3.8 accepted entries are acknowledged only when they are on disk", () => {
  const node = new Bench({ term: 1 });
  node.receive(appendRequest({ entries: entriesOf(1, [1, 1]) }));
  const { send, write } = node.take();
  assert.deepEqual(send, []);
  assert.deepEqual(write?.entries, entriesOf(1, [1, 1]));
  const answer = only(node.persist(), "append-response");
  assert.deepEqual([answer.accepted, answer.index], [true, 2]);
});

test("thesis §3.8 a heartbeat that covers entries still being written is answered behind that write", () => {
  const node = new Bench({ term: 1 });
  node.receive(appendRequest({ entries: entriesOf(1, [1]) }));
  node.take();
  node.receive(appendRequest({ seq: 2, prevIndex: 1, prevTerm: 1 }));
  const { send, write } = node.take();
  assert.deepEqual(send, []);
  assert.deepEqual(write?.entries, [], "a barrier: nothing to write, one promise to keep");
  assert.equal(write?.thenSend.length, 1);
  assert.equal(pick(node.persist(1), "append-response")[0]?.seq, 1);
  assert.equal(pick(node.persist(1), "append-response")[0]?.seq, 2);
});

test("thesis §3.8 an answer that promises nothing about the log leaves at once when the term is on disk", () => {
  const node = new Bench({ term: 1 });
  node.receive(appendRequest({ entries: entriesOf(1, [1]) }));
  node.take();
  node.receive(appendRequest({ seq: 2 }));
  node.receive(appendRequest({ seq: 3, prevIndex: 7, prevTerm: 1 }));
  const { send, write } = node.take();
  assert.deepEqual(
    pick(send, "append-response").map(({ accepted, index }) => [accepted, index]),
    [
      [true, 0],
      [false, 1],
    ],
  );
  assert.equal(write, undefined);
});

test("thesis §3.8 no answer of a new term leaves before that term is on disk, refusals included", () => {
  const requests = [
    voteRequest({ term: 5 }),
    appendRequest({ term: 5, prevIndex: 9, prevTerm: 1 }),
    snapshotRequest({ term: 5, done: false, data: Uint8Array.of(1) }),
  ];
  for (const request of requests) {
    const node = new Bench({ term: 1, log: [1] });
    node.receive(request);
    const { send, write } = node.take();
    assert.deepEqual(send, [], request.kind);
    assert.deepEqual(write?.hardState?.term, 5);
    assert.equal(node.persist().length, 1);
  }
});

test("thesis §10.2.1 a leader sends entries while its own disk still writes them", () => {
  const node = matchedLeader();
  node.propose("x");
  const { send, write } = node.take();
  assert.equal(pick(send, "append-request").length, 2);
  assert.equal(write?.entries.length, 1);
  assert.deepEqual(write.thenSend, []);
});

test("thesis §10.2.1 a leader counts itself only when its disk has the entries, for 1 to 9 servers", () => {
  for (let voters = 1; voters <= 9; voters++) {
    const node = matchedLeader({ voters });
    node.propose("x");
    node.take();
    const others = Math.floor(voters / 2);
    for (let from = 2; from < 2 + others; from++) acknowledge(node, from);
    assert.equal(node.raft.commit, 0, `${others} of ${voters} and an unwritten entry`);
    node.persist();
    assert.equal(node.raft.commit, 1);
  }
});

test("thesis §10.2.1 a majority of others may commit before the leader's own disk has the entry", () => {
  const node = matchedLeader({ voters: 3 });
  node.propose("x");
  node.take();
  for (const from of [2, 3]) acknowledge(node, from);
  assert.equal(node.raft.commit, 1);
  assert.equal(node.raft.log.durable, 0);
});

test("thesis §10.2.1 while one write is under way the next gathers: one write for all that came meanwhile", () => {
  const node = matchedLeader();
  node.propose("a");
  assert.equal(node.take().write?.entries.length, 1);
  node.propose("b");
  node.propose("c", "d");
  const second = node.take().write;
  assert.deepEqual(
    second?.entries.map((entry) => entry.index),
    [2, 3, 4],
  );
  assert.equal(node.raft.log.durable, 0);
  node.persist(1);
  assert.equal(node.raft.log.durable, 1);
  node.persist(1);
  assert.equal(node.raft.log.durable, 4);
});

test("thesis §10.2.1 batching: commands of one batch of steps leave in one append per peer and one write", () => {
  const node = matchedLeader();
  for (let i = 0; i < 10; i++) node.propose(`c${i}`);
  const { send, write } = node.take();
  const appends = pick(send, "append-request");
  assert.deepEqual(
    appends.map(({ to, entries }) => [to, entries.length]),
    [
      [2, 10],
      [3, 10],
    ],
  );
  assert.equal(write?.entries.length, 10);
});

test("thesis §10.2.1 batching: an append carries no more than messageBytesMax, but always one entry", () => {
  const node = matchedLeader({ voters: 2, config: { messageBytesMax: 60 } });
  node.step({
    kind: "propose",
    commands: [10, 18, 15, 200, 1].map((size) => new Uint8Array(size)),
  });
  const appends = pick(node.take().send, "append-request");
  assert.deepEqual(
    appends.map(({ prevIndex, entries }) => [prevIndex, entries.length]),
    [
      [0, 2],
      [2, 1],
      [3, 1],
      [4, 1],
    ],
  );
});

test("thesis §10.2.1 pipelining: the next append leaves before the last is answered, up to the window", () => {
  const node = matchedLeader({ voters: 2, config: { windowMessages: 3 } });
  const sent: number[] = [];
  for (let i = 0; i < 5; i++) {
    node.propose(`c${i}`);
    sent.push(pick(node.settle(), "append-request").length);
  }
  assert.deepEqual(sent, [1, 1, 1, 0, 0]);
  const [seq = 0] = node.peer(2).windowSeq;
  node.receive(appendResponse({ seq, index: 1 }));
  const next = pick(node.take().send, "append-request").filter(({ entries }) => entries.length > 0);
  assert.deepEqual(
    next.map(({ prevIndex, entries }) => [prevIndex, entries.length]),
    [[3, 2]],
    "what waited goes together",
  );
});

test("thesis §10.2.1 pipelining: the window is bounded in bytes too", () => {
  const node = matchedLeader({ voters: 2, config: { windowBytes: 132 } });
  const sent: number[] = [];
  for (let i = 0; i < 4; i++) {
    node.step({ kind: "propose", commands: [new Uint8Array(50)] });
    sent.push(pick(node.settle(), "append-request").length);
  }
  assert.deepEqual(sent, [1, 1, 0, 0], "66 bytes leave room, 132 are the limit");
  assert.equal(node.peer(2).bytesInWindow, 132);
});

test("thesis §10.2.1 pipelining: a peer whose log is not known to match gets one append at a time", () => {
  const node = leader({ voters: 2, log: [1, 1] });
  for (let i = 0; i < 3; i++) {
    node.propose(`c${i}`);
    assert.deepEqual(node.settle(), []);
  }
  acknowledge(node, 2, 2);
  assert.equal(only(node.settle(), "append-request").entries.length, 3);
});

test("thesis §3.8 a candidate's late report of its own vote after it stepped down elects nobody", () => {
  const node = new Bench();
  node.timeout();
  node.take();
  node.receive(appendRequest({ from: 3, term: 1 }));
  node.persist();
  assert.equal(node.role.kind, "follower");
  const again = candidate({ voters: 3 });
  assert.deepEqual(again.role.kind === "candidate" && again.role.granted, [1]);
});
