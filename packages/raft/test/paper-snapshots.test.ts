/** Log compaction and InstallSnapshot (paper §7, Fig. 12 and Fig. 13). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, bytesOf, entriesOf, matchedLeader, membersUpTo, termsOf } from "./kit.ts";
import {
  appendRequest,
  appendResponse,
  only,
  pick,
  snapshotRequest,
  snapshotResponse,
} from "./messages.ts";

const COVERS = { lastIndex: 5, lastTerm: 2, term: 3 };

/** A bench that has told that it wants the whole snapshot, and been told that it holds. */
function installed(node: Bench, fields: Parameters<typeof snapshotRequest>[0] = COVERS): void {
  const request = snapshotRequest(fields);
  node.receive(request);
  assert.equal(node.take().store.length, 1);
  const { lastIndex: index, lastTerm: term } = request;
  node.step({ kind: "snapshot-checked", index, term, ok: true });
}

test("§7 each server compacts on its own what it has applied; the last index and term are kept", () => {
  const node = new Bench({ log: [1, 1, 2, 2], commit: 3 });
  assert.deepEqual(node.step({ kind: "snapshot-taken", index: 3 }), {
    ok: true,
    first: 0,
    last: 0,
    term: 0,
  });
  const { log, snapshot } = node.raft;
  assert.deepEqual([log.startIndex, log.startTerm, log.lastIndex], [3, 2, 4]);
  assert.deepEqual(snapshot, { index: 3, term: 2, members: membersUpTo(3) });
  const { write } = node.take();
  assert.deepEqual([write?.compactTo, write?.compactTerm], [3, 2]);
});

test("§7 what is not yet applied is not compacted", () => {
  const node = new Bench({ log: [1, 1, 1] });
  node.receive(appendRequest({ prevIndex: 3, prevTerm: 1, commit: 2 }));
  node.take();
  const result = node.step({ kind: "snapshot-taken", index: 2 });
  assert.deepEqual(result, {
    ok: false,
    reason: "impossible",
    detail: "snapshot-taken: beyond what was applied",
  });
  assert.equal(node.raft.log.startIndex, 0);
  node.step({ kind: "applied", index: 2 });
  assert.equal(node.step({ kind: "snapshot-taken", index: 2 }).ok, true);
  assert.equal(node.raft.log.startIndex, 2);
});

test("§7 a tail of the log stays behind the snapshot when asked for", () => {
  const log = [1, 1, 1, 1, 1, 1];
  const node = new Bench({ log, commit: 6, config: { trailingEntries: 2 } });
  node.step({ kind: "snapshot-taken", index: 5 });
  assert.deepEqual([node.raft.log.startIndex, node.raft.snapshot?.index], [3, 5]);
  const all = new Bench({ log, commit: 6, config: { trailingEntries: 50 } });
  all.step({ kind: "snapshot-taken", index: 5 });
  assert.deepEqual([all.raft.log.startIndex, all.take().write], [0, undefined]);
});

test("§7 the consistency check still works right behind the snapshot", () => {
  const node = new Bench({ start: { index: 5, term: 2 } });
  node.receive(
    appendRequest({ term: 2, prevIndex: 5, prevTerm: 2, entries: entriesOf(6, [2]), commit: 6 }),
  );
  assert.deepEqual([termsOf(node), node.raft.commit], [[2], 6]);
});

test("§7 a leader sends its snapshot exactly when the next entry for a peer is gone", () => {
  for (const [hint, flow] of [
    [4, "probe"],
    [2, "snapshot"],
  ] as const) {
    const node = matchedLeader({ start: { index: 3, term: 1 }, log: [1, 1] }, [3]);
    const { term } = node.raft;
    node.receive(appendResponse({ term, accepted: false, index: hint, hintTerm: 1 }));
    const effects = node.take();
    assert.equal(node.peer(2).flow, flow, `logs may agree at ${hint}`);
    assert.equal(effects.load.length, flow === "snapshot" ? 1 : 0);
  }
});

test("§7 the members of the snapshot's last index travel with it and come into force", () => {
  const node = new Bench({ term: 3, voters: 3 });
  installed(node, { ...COVERS, members: { voters: [1, 2, 3, 4, 5] } });
  assert.deepEqual(node.raft.members.voters, [1, 2, 3, 4, 5]);
});

test("Fig. 13 InstallSnapshot 1: a request of an earlier term is answered with the current term and dropped", () => {
  const node = new Bench({ term: 4 });
  node.receive(snapshotRequest(COVERS));
  const effects = node.take();
  assert.equal(effects.store.length, 0);
  const answer = only(effects.send, "snapshot-response");
  assert.deepEqual([answer.term, answer.installed], [4, false]);
});

test("Fig. 13 InstallSnapshot 2-4: pieces are kept in order and each is answered with the place of the next", () => {
  const node = new Bench({ term: 3 });
  let offset = 0;
  for (const [text, done] of [
    ["abc", false],
    ["de", false],
    ["f", true],
  ] as const) {
    node.receive(
      snapshotRequest({ ...COVERS, seq: offset + 1, offset, data: bytesOf(text), done }),
    );
    const effects = node.take();
    assert.deepEqual(
      effects.store.map((piece) => [piece.offset, piece.data, piece.done, piece.snapshot.index]),
      [[offset, bytesOf(text), done, 5]],
    );
    offset += text.length;
    const answers = pick(effects.send, "snapshot-response");
    assert.deepEqual(
      answers.map((answer) => [answer.offset, answer.installed]),
      done ? [] : [[offset, false]],
    );
  }
});

test("Fig. 13 InstallSnapshot 5: a piece of another snapshot discards the half-received one", () => {
  const node = new Bench({ term: 3 });
  node.receive(snapshotRequest({ ...COVERS, data: bytesOf("abc"), done: false }));
  node.take();
  const newer = { ...COVERS, lastIndex: 9, seq: 2 };
  node.receive(snapshotRequest({ ...newer, offset: 3, data: bytesOf("def"), done: true }));
  const effects = node.take();
  assert.equal(effects.store.length, 0, "what belongs in the middle is no beginning");
  assert.equal(only(effects.send, "snapshot-response").offset, 0);
  node.receive(snapshotRequest({ ...newer, data: bytesOf("xyz"), done: true }));
  assert.equal(node.take().store[0]?.snapshot.index, 9);
  const other = { ...newer, lastTerm: 3, seq: 3 };
  node.receive(snapshotRequest({ ...other, data: bytesOf("uvw"), done: false }));
  assert.deepEqual(node.take().store[0]?.snapshot.term, 3, "another term is another snapshot");
});

test("Fig. 13 InstallSnapshot 6: entries behind the snapshot stay when the log holds its last entry", () => {
  const node = new Bench({ term: 3, log: [1, 1, 1, 2, 2, 3] });
  installed(node);
  assert.deepEqual(termsOf(node), [1, 1, 1, 2, 2, 3]);
  assert.equal(node.raft.commit, 5, "what it covers is committed");
  const effects = node.take();
  assert.equal(effects.restore, undefined);
  assert.deepEqual(effects.apply, entriesOf(1, [1, 1, 1, 2, 2]), "by applying, not by restoring");
  const answer = only(effects.send, "snapshot-response");
  assert.deepEqual([answer.installed, answer.matchIndex], [true, 5]);
});

test("Fig. 13 InstallSnapshot 7: without that entry the whole log goes", () => {
  for (const log of [[1, 1], [1, 1, 1, 1, 1, 3], []]) {
    const node = new Bench({ term: 3, log });
    installed(node);
    assert.deepEqual(termsOf(node), []);
    assert.deepEqual([node.raft.log.startIndex, node.raft.log.startTerm], [5, 2]);
  }
});

test("Fig. 13 InstallSnapshot 8: the state machine is set from the snapshot before anything is applied", () => {
  const node = new Bench({ term: 3, log: [1] });
  installed(node);
  node.receive(
    appendRequest({ term: 3, prevIndex: 5, prevTerm: 2, entries: entriesOf(6, [3]), commit: 6 }),
  );
  const effects = node.take();
  assert.equal(effects.restore?.index, 5);
  assert.deepEqual(effects.apply, entriesOf(6, [3]));
  const { write } = effects;
  assert.equal(write?.snapshot?.index, 5);
  assert.deepEqual(write?.entries, entriesOf(6, [3]));
  assert.equal(write?.truncateFrom, 0);
});

test("Fig. 13 a snapshot is a word of the leader: it resets the election timeout", () => {
  const node = new Bench({ term: 3 });
  node.now = 99;
  node.receive(snapshotRequest(COVERS));
  assert.ok(node.raft.deadline >= 199);
  assert.equal(node.role.kind === "follower" && node.role.leader, 2);
});

test("Fig. 13 a snapshot of what is committed here already is answered, not installed", () => {
  const node = new Bench({ term: 3, log: [1, 1, 2, 2, 2, 3], commit: 5 });
  node.receive(snapshotRequest(COVERS));
  const effects = node.take();
  assert.deepEqual(
    [effects.store.length, effects.restore, effects.write],
    [0, undefined, undefined],
  );
  const answer = only(effects.send, "snapshot-response");
  assert.deepEqual([answer.installed, answer.matchIndex, answer.lastIndex], [true, 5, 5]);
});

test("§7 the answer that a snapshot is installed waits until it is on disk (thesis §3.8)", () => {
  const node = new Bench({ term: 3 });
  installed(node);
  const { send, write } = node.take();
  assert.deepEqual(send, []);
  assert.equal(write?.thenSend.length, 1);
  assert.equal(node.raft.log.durable, 0);
  const [answer] = node.persist();
  assert.ok(answer?.kind === "snapshot-response" && answer.installed && answer.matchIndex === 5);
  assert.equal(node.raft.log.durable, 5);
});

test("§7 a snapshot that fails its check is asked for again from the start", () => {
  const node = new Bench({ term: 3 });
  node.receive(snapshotRequest({ ...COVERS, seq: 4 }));
  node.take();
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: false });
  const { send, restore } = node.take();
  const answer = only(send, "snapshot-response");
  assert.deepEqual([answer.installed, answer.offset, answer.seq], [false, 0, 4]);
  assert.deepEqual([restore, node.raft.commit], [undefined, 0]);
  node.receive(snapshotRequest({ ...COVERS, seq: 5 }));
  assert.equal(node.take().store[0]?.offset, 0);
});

test("Fig. 13 the leader sends a snapshot piece by piece, the next when the last is answered, then appends", () => {
  const node = matchedLeader({ start: { index: 5, term: 1 }, log: [1] }, [3]);
  const { term } = node.raft;
  node.receive(appendResponse({ term, accepted: false, index: 0 }));
  const [first] = node.take().load;
  assert.deepEqual([first?.to, first?.offset, first?.snapshot.index, first?.term], [2, 0, 5, term]);
  assert.equal(node.take().load.length, 0, "one piece at a time");
  const seq = first?.seq ?? 0;
  node.receive(snapshotResponse({ term, seq, lastIndex: 5, offset: 100 }));
  const [second] = node.take().load;
  assert.equal(second?.offset, 100);
  const last = { term, seq: second?.seq ?? 0, lastIndex: 5, installed: true, matchIndex: 5 };
  node.receive(snapshotResponse(last));
  assert.deepEqual([node.peer(2).flow, node.peer(2).match, node.peer(2).next], ["stream", 5, 6]);
  const next = only(node.take().send, "append-request", 2);
  assert.deepEqual([next.prevIndex, next.entries.length], [5, 1]);
});

test("§7 while a snapshot travels, heartbeats go on and claim nothing about the log", () => {
  const node = matchedLeader({ start: { index: 5, term: 1 }, log: [1] }, [3]);
  node.receive(appendResponse({ term: 2, accepted: false, index: 0 }));
  node.take();
  node.later(20);
  const beat = only(node.take().send, "append-request", 2);
  assert.deepEqual([beat.prevIndex, beat.prevTerm, beat.entries.length], [0, 0, 0]);
  const follower = new Bench({ id: 2, term: 2, log: [1, 1] });
  follower.receive(beat);
  const answer = only(follower.settle(), "append-response");
  assert.deepEqual([answer.accepted, answer.index, follower.raft.commit], [true, 0, 0]);
});
