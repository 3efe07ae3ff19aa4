/**
 * What leaves a node and when: writes in order, promises behind them, a cut log vouches for nothing
 * (thesis §3.8, §10.2.1).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, Write } from "@holdfast/raft";
import { Bench, entriesOf, leader, matchedLeader } from "./kit.ts";
import { appendRequest, only, pick, snapshotRequest, voteRequest } from "./messages.ts";
import { Run } from "./schedule.ts";

test("writes are numbered from 1 without a gap, and only what has to be written makes one", () => {
  const node = new Bench();
  assert.equal(node.take().write, undefined);
  const seqs: (number | undefined)[] = [];
  for (let term = 1; term <= 4; term++) {
    node.receive(appendRequest({ term, from: 2 + (term % 2) }));
    seqs.push(node.take().write?.seq);
    assert.equal(node.take().write, undefined, "each effect is handed over once");
  }
  assert.deepEqual(seqs, [1, 2, 3, 4]);
});

test("effects are handed over once: messages, entries to apply and events alike", () => {
  const node = matchedLeader({ voters: 1 });
  node.propose("x");
  node.settle();
  assert.equal(node.applied.length, 1);
  const { send, apply, events, load, store, restore, write } = node.take();
  assert.deepEqual([send.length, apply.length, events.length], [0, 0, 0]);
  assert.deepEqual([load.length, store.length, restore, write], [0, 0, undefined, undefined]);
});

test("what was handed over stays as it was when later steps add more", () => {
  const node = new Bench({ term: 1 });
  node.receive(appendRequest({ entries: entriesOf(1, [1]) }));
  const first = node.take();
  const { write } = first;
  assert.ok(write);
  const before = structuredClone({ write, send: first.send, events: first.events });
  node.receive(appendRequest({ prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1]), seq: 2 }));
  node.receive(voteRequest({ from: 3, term: 0, preVote: true }));
  node.take();
  assert.deepEqual(structuredClone({ write, send: first.send, events: first.events }), before);
});

test("one write holds all that its batch of steps decided, in the order cut, term and vote, entries", () => {
  const node = new Bench({ term: 1, log: [1, 1, 1] });
  node.receive(appendRequest({ term: 2, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [2]) }));
  node.receive(
    appendRequest({ term: 3, from: 3, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [3]) }),
  );
  const { write } = node.take();
  assert.equal(write?.truncateFrom, 2);
  assert.deepEqual(write.hardState, { term: 3, vote: 0 });
  assert.deepEqual(write.entries, entriesOf(2, [3]), "what came and went is not written");
  assert.equal(write.thenSend.length, 2);
});

test("cuts of one batch fold into the lowest; a cut of what was never written is none", () => {
  const node = new Bench({ term: 1, log: [1, 1, 1, 1] });
  node.receive(appendRequest({ term: 2, prevIndex: 3, prevTerm: 1, entries: entriesOf(4, [2]) }));
  node.receive(appendRequest({ term: 3, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [3]) }));
  assert.equal(node.take().write?.truncateFrom, 2);
  node.receive(
    appendRequest({ term: 3, prevIndex: 2, prevTerm: 3, entries: entriesOf(3, [3, 3]) }),
  );
  node.receive(appendRequest({ term: 4, prevIndex: 2, prevTerm: 3, entries: entriesOf(3, [4]) }));
  const { write } = node.take();
  assert.equal(write?.truncateFrom, 0);
  assert.deepEqual(write?.entries, entriesOf(3, [4]));
});

test("B15 a cut lowers what a write under way will make durable", () => {
  const node = new Bench({ term: 1 });
  node.receive(appendRequest({ entries: entriesOf(1, [1, 1, 1]) }));
  node.take();
  node.receive(
    appendRequest({ term: 2, from: 3, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [2, 2]) }),
  );
  node.take();
  node.persist(1);
  assert.equal(node.raft.log.durable, 1, "the first write vouches for entry 1 only");
  node.persist(1);
  assert.equal(node.raft.log.durable, 3);
});

test("a cut lowers what is durable already", () => {
  const node = new Bench({ term: 1, log: [1, 1, 1] });
  assert.equal(node.raft.log.durable, 3);
  node.receive(appendRequest({ term: 2, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [2]) }));
  assert.equal(node.raft.log.durable, 1);
});

test("a report may stand for many writes, and one that comes twice changes nothing", () => {
  const node = new Bench({ term: 1 });
  for (let i = 1; i <= 3; i++) {
    const prev = { prevIndex: i - 1, prevTerm: i === 1 ? 0 : 1 };
    node.receive(appendRequest({ seq: i, ...prev, entries: entriesOf(i, [1]) }));
    node.take();
  }
  assert.equal(node.raft.inFlight.length, 3);
  node.step({ kind: "persisted", seq: 2 });
  assert.deepEqual([node.raft.log.durable, node.raft.inFlight.length], [2, 1]);
  node.step({ kind: "persisted", seq: 2 });
  node.step({ kind: "persisted", seq: 1 });
  assert.deepEqual([node.raft.log.durable, node.raft.inFlight.length], [2, 1]);
  node.step({ kind: "persisted", seq: 3 });
  assert.equal(node.raft.log.durable, 3);
});

test("behind a write under way an empty write keeps the promises in order: a barrier", () => {
  const node = new Bench({ term: 1 });
  node.receive(voteRequest({ from: 3, term: 2 }));
  node.take();
  node.receive(voteRequest({ from: 2, term: 2 }));
  const { send, write } = node.take();
  assert.deepEqual(send, [], "even the refusal tells a term that is not on disk yet");
  assert.ok(write);
  const { hardState, snapshot, truncateFrom, entries, compactTo, thenSend } = write;
  assert.deepEqual(
    [hardState, snapshot, truncateFrom, entries.length, compactTo],
    [undefined, undefined, 0, 0, 0],
  );
  assert.equal(only(thenSend, "vote-response").granted, false);
});

test("an installed snapshot makes nothing durable until its own write is on disk, whatever is under way", () => {
  const node = new Bench({ term: 3 });
  node.receive(appendRequest({ term: 3, entries: entriesOf(1, [1, 1]) }));
  node.take();
  node.receive(snapshotRequest({ term: 3, lastIndex: 9, lastTerm: 2 }));
  node.take();
  node.step({ kind: "snapshot-checked", index: 9, term: 2, ok: true });
  const { write } = node.take();
  assert.deepEqual([write?.snapshot?.index, write?.entries.length, write?.truncateFrom], [9, 0, 0]);
  node.persist(1);
  assert.equal(node.raft.log.durable, 0, "the old entries' write says nothing about the new log");
  node.persist(1);
  assert.equal(node.raft.log.durable, 9);
});

test("a snapshot in the same batch replaces a cut and entries that it made moot", () => {
  const node = new Bench({ term: 3, log: [1, 1, 1], commit: 1 });
  node.step({ kind: "snapshot-taken", index: 1 });
  node.receive(appendRequest({ term: 3, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [3]) }));
  node.receive(snapshotRequest({ term: 3, lastIndex: 9, lastTerm: 3 }));
  node.raft.outbox.store.length = 0;
  node.step({ kind: "snapshot-checked", index: 9, term: 3, ok: true });
  const { write } = node.take();
  assert.equal(write?.snapshot?.index, 9);
  assert.deepEqual([write.truncateFrom, write.entries.length, write.compactTo], [0, 0, 0]);
});

test("compaction is written once, with the term at its end", () => {
  const node = new Bench({ log: [1, 2, 2], commit: 3 });
  node.step({ kind: "snapshot-taken", index: 2 });
  const { write } = node.take();
  assert.deepEqual([write?.compactTo, write?.compactTerm, write?.entries.length], [2, 2, 0]);
  assert.equal(node.take().write, undefined);
  assert.equal(node.raft.log.durable, 3);
});

test("compaction makes durable what the snapshot covers, though the log's own write is under way", () => {
  const node = new Bench({ term: 1 });
  node.receive(appendRequest({ entries: entriesOf(1, [1, 1]), commit: 2 }));
  node.take();
  node.step({ kind: "applied", index: 2 });
  node.step({ kind: "snapshot-taken", index: 2 });
  assert.equal(node.raft.log.durable, 2);
  node.take();
  node.persist();
  assert.equal(node.raft.log.durable, 2);
});

test("a leader's appends never wait for the disk, its answers to others do", () => {
  const node = leader({ term: 1, log: [1] });
  node.propose("x");
  node.receive(voteRequest({ from: 3, term: 2, preVote: true, lastIndex: 9, lastTerm: 2 }));
  const { send, write } = node.take();
  assert.equal(pick(send, "vote-response").length, 1, "term and vote are on disk");
  assert.equal(write?.thenSend.length, 0);
});

/** What a message promises about its sender: the term it knows, and an index it holds. */
function promiseOf(message: Message): { term: number; index: number } {
  const { term } = message;
  if (message.kind === "append-response" && message.accepted) return { term, index: message.index };
  if (message.kind === "snapshot-response") return { term, index: message.matchIndex };
  return { term, index: 0 };
}

test("I-8 no message leaves before the disk holds its term, its sender's vote and the entries it vouches for", () => {
  let promises = 0;
  for (let seed = 500; seed < 540; seed++) {
    const run = new Run(seed);
    const { world } = run;
    for (let turn = 0; turn < 1500; turn++) {
      const known = new Set(world.wire);
      run.turn();
      for (const message of world.wire) {
        if (known.has(message)) continue;
        const { platter } = world.server(message.from);
        const { term, index } = promiseOf(message);
        assert.ok(platter.hardState.term >= term, `seed ${seed}: ${message.kind} of term ${term}`);
        const held = Math.max(
          platter.start.index + platter.entries.length,
          platter.snapshot?.index ?? 0,
        );
        assert.ok(held >= index, `seed ${seed}: vouches for ${index}, disk ends at ${held}`);
        if (message.kind === "vote-response" && message.granted && !message.preVote) {
          assert.deepEqual(platter.hardState, { term, vote: message.to }, `seed ${seed}`);
        }
        if (index > 0) promises++;
      }
    }
  }
  assert.ok(promises > 2000, `only ${promises} promises`);
});

test("I-8 a promise made for a write is among what leaves with it, and nowhere before", () => {
  const node = new Bench({ term: 1 });
  const writes: Write[] = [];
  for (let i = 1; i <= 5; i++) {
    const prev = { prevIndex: i - 1, prevTerm: i === 1 ? 0 : 1 };
    node.receive(appendRequest({ seq: i, ...prev, entries: entriesOf(i, [1]) }));
    const { send, write } = node.take();
    assert.deepEqual(send, []);
    if (write !== undefined) writes.push(write);
  }
  assert.deepEqual(
    writes.map(({ thenSend }) => only(thenSend, "append-response").index),
    [1, 2, 3, 4, 5],
  );
});

test("a late report on an old write never takes back what a snapshot made durable", () => {
  const node = new Bench({ term: 1 });
  node.receive(appendRequest({ entries: entriesOf(1, [1]) }));
  node.take();
  node.receive(appendRequest({ prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1]), commit: 2 }));
  node.take();
  node.step({ kind: "applied", index: 2 });
  node.step({ kind: "snapshot-taken", index: 2 });
  node.persist(1);
  assert.equal(node.raft.log.durable, 2);
});
