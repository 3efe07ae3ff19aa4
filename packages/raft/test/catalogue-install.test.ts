/**
 * Snapshots that are installed, beside a log and others of their kind: E6 to E12 of the catalogue
 * (paper §7, Fig. 13).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRaft } from "@holdfast/raft";
import { Bench, bytesOf, entriesOf, membersUpTo, termsOf } from "./kit.ts";
import { appendRequest, only, pick, snapshotRequest, voteRequest } from "./messages.ts";

const COVERS = { term: 3, lastIndex: 5, lastTerm: 2 };

test("E6 nothing of a conflicting log stays beside an installed snapshot", () => {
  const node = new Bench({ term: 3, log: [1, 1, 1, 1, 1, 1, 1] });
  node.receive(snapshotRequest(COVERS));
  node.take();
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  assert.deepEqual(termsOf(node), []);
  const { write, restore } = node.take();
  assert.deepEqual(write?.snapshot, { index: 5, term: 2, members: membersUpTo(3) });
  assert.deepEqual([write.entries.length, restore?.index], [0, 5]);
  node.persist();
  const again = node.restart();
  assert.deepEqual(
    [again.raft.log.startIndex, again.raft.log.lastIndex, again.raft.commit],
    [5, 5, 5],
  );
});

test("E8 a snapshot that the application took before a newer one was installed changes nothing", () => {
  const node = new Bench({ term: 3, log: [1, 1, 1], commit: 3 });
  node.receive(snapshotRequest(COVERS));
  node.take();
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  assert.equal(node.step({ kind: "snapshot-taken", index: 3 }).ok, true);
  assert.equal(node.raft.snapshot?.index, 5);
  node.settle();
  assert.equal(node.step({ kind: "snapshot-taken", index: 5 }).ok, true);
  assert.equal(node.take().write, undefined);
});

test("E8 a snapshot that appends and an own one have overtaken is not installed", () => {
  const node = new Bench({ term: 3 });
  node.receive(snapshotRequest(COVERS));
  node.take();
  node.receive(appendRequest({ term: 3, entries: entriesOf(1, [1, 1, 2, 2, 2, 3]), commit: 6 }));
  node.settle();
  node.step({ kind: "snapshot-taken", index: 6 });
  node.settle();
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  const { restore, send } = node.take();
  assert.deepEqual([restore, node.raft.log.startIndex, node.raft.commit], [undefined, 6, 6]);
  assert.equal(only(send, "snapshot-response").matchIndex, 6);
});

test("E8 a snapshot that was answered as covered is forgotten: its check is answered no more", () => {
  const node = new Bench({ term: 3 });
  node.receive(snapshotRequest(COVERS));
  node.take();
  node.receive(appendRequest({ term: 3, entries: entriesOf(1, [1, 1, 2, 2, 2]), commit: 5 }));
  node.settle();
  node.receive(snapshotRequest({ ...COVERS, seq: 2 }));
  assert.equal(only(node.settle(), "snapshot-response").installed, true);
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  assert.deepEqual(node.settle(), []);
});

test("E8 what was committed before an installation and not yet applied is not applied after it", () => {
  const node = new Bench({ term: 3 });
  node.receive(appendRequest({ term: 3, entries: entriesOf(1, [1, 1]), commit: 2 }));
  node.receive(snapshotRequest(COVERS));
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  const { apply, restore } = node.take();
  assert.deepEqual([apply, restore?.index], [[], 5]);
});

test("E9 the members that came with a snapshot stay in force over two compactions and a start from the newest alone", () => {
  const members = { voters: [1, 2, 3, 4, 5] };
  const node = new Bench({ term: 3 });
  node.receive(snapshotRequest({ ...COVERS, members }));
  node.take();
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  node.settle();
  for (const first of [6, 8]) {
    const prev = { prevIndex: first - 1, prevTerm: first === 6 ? 2 : 3 };
    const entries = entriesOf(first, [3, 3]);
    node.receive(appendRequest({ term: 3, ...prev, entries, commit: first + 1 }));
    node.settle();
    assert.equal(node.step({ kind: "snapshot-taken", index: first + 1 }).ok, true);
    node.settle();
  }
  const { snapshot, config } = node.raft;
  assert.deepEqual(snapshot, { index: 9, term: 3, members });
  const hardState = { term: 3, vote: 0 };
  const start = { index: 9, term: 3 };
  const again = createRaft(config, { hardState, snapshot, start, entries: [], random: 1 }, 0);
  assert.deepEqual(config.members, membersUpTo(3), "the options still name three");
  assert.deepEqual(again.members, members);
});

test("E11 a new term while a snapshot is checked: the result is dropped, the next leader starts anew", () => {
  const node = new Bench({ term: 3 });
  node.receive(snapshotRequest(COVERS));
  node.take();
  node.receive(voteRequest({ from: 3, term: 4, lastIndex: 9, lastTerm: 3 }));
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  assert.equal(node.raft.commit, 0);
  assert.deepEqual(pick(node.settle(), "snapshot-response"), []);
  node.receive(snapshotRequest({ ...COVERS, from: 3, term: 4, data: bytesOf("ab"), done: false }));
  assert.equal(node.take().store[0]?.offset, 0);
});

test("E11 a result that names another snapshot than the one in hand is dropped", () => {
  const node = new Bench({ term: 3 });
  node.receive(snapshotRequest(COVERS));
  node.take();
  node.step({ kind: "snapshot-checked", index: 4, term: 2, ok: true });
  node.step({ kind: "snapshot-checked", index: 5, term: 1, ok: true });
  node.step({ kind: "snapshot-checked", index: 5, term: 1, ok: false });
  assert.equal(node.raft.commit, 0);
  assert.deepEqual(node.settle(), []);
  const half = new Bench({ term: 3 });
  half.receive(snapshotRequest({ ...COVERS, data: bytesOf("ab"), done: false }));
  half.settle();
  half.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  assert.equal(half.raft.commit, 0, "a half-received snapshot was never checked");
});

test("E12 two snapshots in a row: the second replaces the first while that is checked or written", () => {
  const node = new Bench({ term: 3 });
  node.receive(snapshotRequest({ ...COVERS, seq: 1 }));
  node.take();
  node.receive(snapshotRequest({ ...COVERS, seq: 2, lastIndex: 8 }));
  node.take();
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  assert.equal(node.raft.commit, 0, "the first is no more");
  node.step({ kind: "snapshot-checked", index: 8, term: 2, ok: true });
  assert.equal(node.take().write?.snapshot?.index, 8);
  node.receive(snapshotRequest({ ...COVERS, seq: 3, lastIndex: 11 }));
  node.take();
  node.step({ kind: "snapshot-checked", index: 11, term: 2, ok: true });
  const effects = node.take();
  assert.deepEqual([effects.write?.snapshot?.index, effects.restore?.index], [11, 11]);
  // A third one has to wait until the disk has put one of them in force (simulated seed 4007258).
  node.receive(snapshotRequest({ ...COVERS, seq: 4, lastIndex: 14 }));
  const { store, send } = node.take();
  assert.deepEqual([store, send], [[], []]);
  node.persist();
  assert.equal(node.raft.log.durable, 11);
  node.receive(snapshotRequest({ ...COVERS, seq: 5, lastIndex: 14 }));
  assert.equal(node.take().store.length, 1);
});
