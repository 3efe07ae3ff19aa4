/**
 * Entries around the limits of size, numbers around those of the machine, and a peer that comes
 * back to full pace: B22, G6 and G13 of the catalogue.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Circle } from "./circle.ts";
import { acknowledge, Bench, matchedLeader } from "./kit.ts";
import { appendRequest, appendResponse, pick, voteRequest } from "./messages.ts";

/** What an entry costs beside its command, in bytes. */
const OVERHEAD_BYTES = 16;

test("B22 entries just below, at and above the size of a message all arrive, alone where they must", () => {
  const messageBytesMax = 100;
  const at = messageBytesMax - OVERHEAD_BYTES;
  const config = { messageBytesMax, windowMessages: 2, windowBytes: 150, commandBytesMax: 500 };
  const sizes = [at - 1, at, at + 1, 1, 500, 0, at, 1, at - 2 * OVERHEAD_BYTES, 499, 500];
  const circle = new Circle([{ config }, { config }, { config }]);
  const id = circle.elect();
  const leader = circle.node(id);
  const commands = sizes.map((length) => new Uint8Array(length));
  assert.equal(leader.step({ kind: "propose", commands }).ok, true);
  circle.run(100);
  for (const node of circle.nodes) {
    assert.deepEqual(
      node.applied.map((entry) => entry.data.length),
      sizes,
    );
  }
});

test("B22 a message carries more than its limit only for a single entry", () => {
  const node = matchedLeader({ voters: 2, config: { messageBytesMax: 100 } });
  const commands = [84, 0, 68, 200, 10, 10, 90].map((length) => new Uint8Array(length));
  node.step({ kind: "propose", commands });
  const requests = pick(node.settle(), "append-request");
  const lengths = requests.map(({ entries }) => entries.map((entry) => entry.data.length));
  assert.deepEqual(lengths, [[84], [0, 68], [200], [10, 10], [90]]);
});

test("B22 a command above the limit is refused before it is anywhere, and what came with it too", () => {
  const node = matchedLeader({ voters: 2, config: { commandBytesMax: 100 } });
  for (const lengths of [[101], [1, 101], [100, 1000, 1]]) {
    const commands = lengths.map((length) => new Uint8Array(length));
    const result = node.step({ kind: "propose", commands });
    assert.equal(!result.ok && result.reason, "too-large");
  }
  assert.deepEqual([node.raft.log.lastIndex, node.leader.uncommittedBytes], [0, 0]);
  assert.equal(node.step({ kind: "propose", commands: [new Uint8Array(100)] }).ok, true);
});

test("G6 a peer that was silent and answers again gets appends ahead of its answers at once, without a pause", () => {
  const node = matchedLeader({ voters: 2 });
  for (let round = 0; round < 20; round++) {
    node.propose(`lost ${round}`);
    node.later(60);
    node.settle();
  }
  assert.deepEqual([node.peer(2).silent, node.peer(2).flow], [true, "probe"]);
  node.receive(appendResponse({ seq: node.leader.seq, index: 0 }));
  assert.equal(pick(node.settle(), "append-request").at(-1)?.entries.length, 20);
  acknowledge(node, 2);
  node.settle();
  assert.deepEqual([node.peer(2).flow, node.peer(2).silent], ["stream", false]);
  // From here on each command leaves at once, answered or not.
  for (let i = 0; i < 5; i++) {
    node.propose(`now ${i}`);
    assert.equal(pick(node.settle(), "append-request").length, 1, `command ${i}`);
  }
  assert.equal(node.peer(2).messagesInWindow, 5);
});

for (const [name, border] of [
  ["2^31", 2 ** 31],
  ["2^32", 2 ** 32],
  ["2^52", 2 ** 52],
] as const) {
  test(`G13 terms, indexes, sequences and votes go on across ${name}`, () => {
    const start = { index: border - 4, term: border - 2 };
    const circle = new Circle([1, 2, 3].map(() => ({ start, log: [border - 1] })));
    const id = circle.elect();
    for (let round = 0; round < 4; round++) {
      circle.node(id).propose("a", "b");
      circle.run(20);
    }
    const first = circle.node(id).raft.term;
    circle.dead.add(id);
    const next = circle.elect(3000);
    circle.node(next).propose("c");
    circle.run(30);
    circle.dead.delete(id);
    circle.run(300);
    assert.ok(first >= border && circle.node(next).raft.term > first);
    for (const node of circle.nodes) {
      const indexes = node.applied.map((entry) => entry.index);
      assert.deepEqual(
        indexes,
        Array.from({ length: 10 }, (_, i) => border - 3 + i),
      );
      assert.equal(node.raft.commit, border + 6);
    }
  });

  test(`G13 the numbers of requests go on across ${name}`, () => {
    const node = matchedLeader({ voters: 2 });
    node.leader.seq = border - 2;
    for (let i = 1; i <= 5; i++) {
      node.propose(`${i}`);
      const [request] = pick(node.settle(), "append-request");
      assert.equal(request?.seq, border - 2 + i * 2 - 1);
      node.receive(appendResponse({ seq: request.seq, index: i }));
      assert.deepEqual([node.peer(2).match, node.peer(2).messagesInWindow], [i, 0]);
      node.settle();
    }
    assert.equal(node.raft.commit, 5);
  });
}

test("G13 a number that can't be counted any more is refused, not rounded", () => {
  const node = new Bench({ term: 3 });
  const beyond = Number.MAX_SAFE_INTEGER + 1;
  for (const message of [
    appendRequest({ term: beyond }),
    appendRequest({ term: 3, commit: beyond }),
    voteRequest({ term: beyond }),
    voteRequest({ term: 4, lastIndex: beyond }),
  ]) {
    assert.match(node.refused(message), /^malformed/);
  }
  assert.equal(node.raft.term, 3);
});
