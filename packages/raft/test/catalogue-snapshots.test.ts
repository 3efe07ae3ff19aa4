/**
 * Snapshots on their way: bugs that other implementations had, E2 to E17 of the catalogue (paper
 * §7, Fig. 13).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SnapshotLoad } from "@holdfast/raft";
import { acknowledge, Bench, bytesOf, matchedLeader } from "./kit.ts";
import { appendResponse, only, snapshotRequest, snapshotResponse } from "./messages.ts";

const COVERS = { term: 3, lastIndex: 5, lastTerm: 2 };

/** A leader of term 2 whose peer 2 needs the snapshot of entry 5; the piece that was asked for. */
function sending(log: readonly number[] = [1]): { node: Bench; load: SnapshotLoad } {
  const node = matchedLeader({ start: { index: 5, term: 1 }, log }, [3]);
  const { term } = node.raft;
  node.receive(appendResponse({ term, accepted: false, index: 0 }));
  const [load] = node.take().load;
  assert.ok(load !== undefined && load.to === 2);
  return { node, load };
}

test("E2 a receiver that crashes in the middle does not pause its leader for ever", () => {
  const { node, load } = sending();
  for (let i = 0; i < 10; i++) {
    node.later(20);
    assert.equal(node.take().load.length, 0, "no answer, so no next piece");
  }
  assert.equal(node.peer(2).silent, true);
  const { seq } = node.leader;
  node.receive(appendResponse({ term: 2, seq, index: 0 }));
  const [again] = node.take().load;
  assert.deepEqual([again?.to, again?.offset], [2, 0], "a sign of life starts it again");
  assert.ok((again?.seq ?? 0) > load.seq);
});

test("E3 an installation that outlives every timeout still counts when its answer comes", () => {
  const { node, load } = sending();
  for (let i = 0; i < 50; i++) {
    node.later(20);
    node.settle();
  }
  const late = { term: 2, seq: load.seq, lastIndex: 5, installed: true, matchIndex: 5 };
  node.receive(snapshotResponse(late));
  assert.deepEqual([node.peer(2).match, node.peer(2).flow], [5, "stream"]);
  assert.equal(only(node.settle(), "append-request", 2).entries.length, 1);
});

test("E4 a snapshot at the leader's very last index leaves the peer streaming, not searching", () => {
  const { node, load } = sending([]);
  node.receive(
    snapshotResponse({ term: 2, seq: load.seq, lastIndex: 5, installed: true, matchIndex: 5 }),
  );
  assert.deepEqual([node.peer(2).flow, node.peer(2).next], ["stream", 6]);
  node.propose("x");
  assert.equal(only(node.settle(), "append-request", 2).prevIndex, 5);
});

test("E4 whatever reconnects the logs ends the transfer: an append answer as well", () => {
  const { node } = sending([1, 1]);
  node.receive(appendResponse({ term: 2, seq: node.leader.seq, index: 6 }));
  assert.deepEqual(
    [node.peer(2).flow, node.peer(2).next, node.peer(2).outgoing],
    ["stream", 7, undefined],
  );
});

test("E4 an answer from before the leader's log does not reconnect them", () => {
  const { node } = sending([1, 1]);
  node.receive(appendResponse({ term: 2, seq: node.leader.seq, index: 4 }));
  assert.equal(node.peer(2).flow, "snapshot");
});

test("E4 a peer that installed an older snapshot than the log now begins with gets the newest", () => {
  const { node, load } = sending([1, 1, 1]);
  for (let i = 0; i < 10; i++) {
    node.later(20);
    node.settle();
  }
  node.propose("x");
  node.settle();
  acknowledge(node, 3);
  node.settle();
  node.step({ kind: "snapshot-taken", index: 8 });
  assert.equal(node.raft.log.startIndex, 8, "nobody keeps the log for a silent peer");
  node.settle();
  node.takeEvents();
  node.receive(
    snapshotResponse({ term: 2, seq: load.seq, lastIndex: 5, installed: true, matchIndex: 5 }),
  );
  assert.deepEqual(
    node.take().load.map(({ snapshot, offset }) => [snapshot.index, offset]),
    [[8, 0]],
  );
  assert.deepEqual(node.takeEvents(), [], "it never streamed in between");
});

test("E4 a transfer to a live peer keeps the log behind its snapshot, however often others are taken", () => {
  const { node, load } = sending([1, 1, 1]);
  node.propose("x");
  node.take();
  node.persist();
  acknowledge(node, 3);
  node.take();
  node.step({ kind: "applied", index: 9 });
  node.step({ kind: "snapshot-taken", index: 9 });
  assert.deepEqual([node.raft.log.startIndex, node.raft.snapshot?.index], [5, 9]);
  assert.equal(node.take().write, undefined, "nothing is compacted");
  node.receive(
    snapshotResponse({ term: 2, seq: load.seq, lastIndex: 5, installed: true, matchIndex: 5 }),
  );
  assert.equal(only(node.settle(), "append-request", 2).entries.length, 4);
});

test("E16 a snapshot that failed its check at the peer is not sent again while there is a newer one", () => {
  const { node, load } = sending([1, 1, 1]);
  node.receive(snapshotResponse({ term: 2, seq: load.seq, lastIndex: 5, offset: 40 }));
  const [last] = node.take().load;
  assert.equal(last?.offset, 40);
  node.propose("x");
  node.take();
  node.persist();
  acknowledge(node, 3);
  node.take();
  node.step({ kind: "applied", index: 9 });
  node.step({ kind: "snapshot-taken", index: 9 });
  node.receive(snapshotResponse({ term: 2, seq: last.seq, lastIndex: 5, offset: 0 }));
  const again = node.take().load.map(({ to, offset, snapshot }) => [to, offset, snapshot.index]);
  assert.deepEqual(again, [[2, 0, 9]]);
});

test("E16 a peer that begins anew gets the same snapshot when there is no newer one", () => {
  const { node, load } = sending();
  node.receive(snapshotResponse({ term: 2, seq: load.seq, lastIndex: 5, offset: 40 }));
  const [next] = node.take().load;
  node.receive(snapshotResponse({ term: 2, seq: next?.seq ?? 0, lastIndex: 5, offset: 0 }));
  const again = node.take().load.map(({ offset, snapshot }) => [offset, snapshot.index]);
  assert.deepEqual(again, [[0, 5]]);
});

test("E17 repeated, displaced and restarted pieces: each is answered with the place that is wanted", () => {
  const node = new Bench({ term: 3 });
  const kept: number[] = [];
  const wanted: number[] = [];
  for (const offset of [0, 0, 4, 2, 0, 2, 4]) {
    node.receive(snapshotRequest({ ...COVERS, offset, data: bytesOf("ab"), done: false }));
    const { store, send } = node.take();
    kept.push(...store.map((piece) => piece.offset));
    wanted.push(only(send, "snapshot-response").offset);
  }
  assert.deepEqual(kept, [0, 2, 4]);
  assert.deepEqual(wanted, [2, 2, 2, 4, 4, 4, 6]);
});

test("E17 the last piece repeated while the whole is checked: one check, one answer, to the latest request", () => {
  const node = new Bench({ term: 3 });
  for (const seq of [7, 8, 9]) {
    node.receive(snapshotRequest({ ...COVERS, seq }));
    const { store, send } = node.take();
    assert.deepEqual([store.length, send.length], [seq === 7 ? 1 : 0, 0]);
  }
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  assert.equal(only(node.settle(), "snapshot-response").seq, 9);
});

test("E17 at the leader only the answer to the piece under way moves the transfer on", () => {
  const { node, load } = sending();
  node.receive(snapshotResponse({ term: 2, seq: load.seq - 1, lastIndex: 5, offset: 50 }));
  assert.equal(node.take().load.length, 0);
  node.receive(snapshotResponse({ term: 2, seq: load.seq, lastIndex: 5, offset: 10 }));
  node.receive(snapshotResponse({ term: 2, seq: load.seq, lastIndex: 5, offset: 10 }));
  const [next, ...more] = node.take().load;
  assert.deepEqual([next?.offset, more.length], [10, 0]);
  node.receive(snapshotResponse({ term: 2, seq: load.seq, lastIndex: 5, offset: 20 }));
  assert.equal(node.take().load.length, 0, "the first piece's answer again");
});

test("E2 a piece that can't be read is tried again after retransmitMs, with the newest snapshot", () => {
  const { node } = sending();
  node.step({ kind: "snapshot-unreadable", to: 2, index: 5 });
  assert.equal(node.take().load.length, 0, "not at once: it must not spin");
  node.step({ kind: "snapshot-unreadable", to: 2, index: 4 });
  node.step({ kind: "snapshot-unreadable", to: 9, index: 5 });
  for (let i = 0; i < 4; i++) {
    node.later(20);
    node.settle();
  }
  node.receive(appendResponse({ term: 2, seq: node.leader.seq, index: 0 }));
  assert.deepEqual(
    node.take().load.map(({ to, offset, snapshot }) => [to, offset, snapshot.index]),
    [[2, 0, 5]],
  );
});

test("E2 the report on a piece of another snapshot does not disturb the transfer", () => {
  const { node, load } = sending();
  node.step({ kind: "snapshot-unreadable", to: 2, index: 4 });
  node.receive(snapshotResponse({ term: 2, seq: load.seq, lastIndex: 5, offset: 10 }));
  assert.equal(node.take().load[0]?.offset, 10);
});

test("E2 a transport that lost the piece makes it go again at once", () => {
  const { node, load } = sending();
  node.step({ kind: "unreachable", peer: 2 });
  const [again] = node.take().load;
  assert.deepEqual([again?.offset, again?.snapshot.index], [load.offset, 5]);
  assert.ok((again?.seq ?? 0) > load.seq);
});
