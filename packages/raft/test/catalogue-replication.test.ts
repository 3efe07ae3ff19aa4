/**
 * Replication and commit: bugs that other implementations had, B1 to B20 of the catalogue (paper
 * §5.3, §5.4.2, thesis §10.2.1).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { majorityOf } from "@holdfast/raft";
import fc from "fast-check";
import { Circle } from "./circle.ts";
import { acknowledge, Bench, entriesOf, leader, matchedLeader, termsOf } from "./kit.ts";
import {
  appendRequest,
  appendResponse,
  only,
  pick,
  snapshotRequest,
  voteRequest,
} from "./messages.ts";

test("B1 Figure 8: an entry of an earlier term at a majority may still be overwritten, so it is not committed", () => {
  // (c): S1 leads term 4 and has brought its entry 2^2 to S2 and S3.
  const s1 = leader({ voters: 5, term: 3, log: [1, 2] });
  for (const id of [2, 3]) acknowledge(s1, id, 2);
  assert.equal(s1.raft.commit, 0);
  // (d): S5 with 2^3 wins with the votes of those that hold 2^2, and overwrites it.
  const s3 = new Bench({ id: 3, voters: 5, term: 4, log: [1, 2] });
  s3.receive(voteRequest({ from: 5, to: 3, term: 5, lastIndex: 2, lastTerm: 3 }));
  assert.equal(only(s3.settle(), "vote-response").granted, true);
  s3.receive(
    appendRequest({
      from: 5,
      to: 3,
      term: 5,
      prevIndex: 1,
      prevTerm: 1,
      entries: entriesOf(2, [3]),
    }),
  );
  assert.deepEqual(termsOf(s3), [1, 3]);
});

test("B1 Figure 8: once an own entry stands on it at a majority both are committed, and S5 can't win", () => {
  const s1 = leader({ voters: 5, term: 3, log: [1, 2] });
  s1.propose("x");
  s1.settle();
  for (const id of [2, 3]) acknowledge(s1, id, 3);
  assert.equal(s1.raft.commit, 3);
  const s3 = new Bench({ id: 3, voters: 5, term: 4, log: [1, 2, 4] });
  s3.receive(voteRequest({ from: 5, to: 3, term: 5, lastIndex: 2, lastTerm: 3 }));
  assert.equal(only(s3.settle(), "vote-response").granted, false);
});

test("B2 entries that match stay untouched: nothing is cut, nothing is written again", () => {
  const node = new Bench({ log: [1, 1, 1, 1], commit: 3 });
  node.receive(appendRequest({ entries: entriesOf(1, [1, 1, 1, 1]), commit: 3 }));
  const { write, events } = node.take();
  assert.equal(write, undefined);
  assert.deepEqual(
    events.filter((event) => event.kind === "truncated" || event.kind === "appended"),
    [],
  );
});

test("B3 a delayed append does not shorten the log", () => {
  const node = new Bench({ term: 1, log: [1, 1] });
  node.receive(appendRequest({ seq: 2, prevIndex: 4, prevTerm: 1, entries: entriesOf(5, [1]) }));
  node.receive(
    appendRequest({ seq: 3, prevIndex: 2, prevTerm: 1, entries: entriesOf(3, [1, 1, 1, 1]) }),
  );
  assert.equal(node.raft.log.lastIndex, 6);
  node.receive(appendRequest({ seq: 1, prevIndex: 2, prevTerm: 1, entries: entriesOf(3, [1]) }));
  node.receive(appendRequest({ seq: 4, prevIndex: 0, entries: [] }));
  assert.equal(node.raft.log.lastIndex, 6);
});

test("B4 a follower commits no further than what the request has proved equal, whatever its tail", () => {
  const node = new Bench({ term: 3, log: [1, 1, 2, 2, 2, 2] });
  node.receive(
    appendRequest({ term: 3, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1]), commit: 6 }),
  );
  assert.equal(node.raft.commit, 2);
  node.receive(appendRequest({ term: 3, prevIndex: 0, commit: 6 }));
  assert.equal(node.raft.commit, 2, "an empty append at 0 proves nothing");
});

test("B5 a previous entry that is compacted is no conflict: accepted, nothing is cut", () => {
  const node = new Bench({ start: { index: 100, term: 2 }, log: [2, 2], commit: 101 });
  node.receive(
    appendRequest({
      term: 2,
      prevIndex: 90,
      prevTerm: 1,
      entries: entriesOf(91, [1, 1]),
      commit: 120,
    }),
  );
  const answer = only(node.settle(), "append-response");
  assert.deepEqual([answer.accepted, answer.index], [true, 101], "what is committed is equal");
  assert.deepEqual([node.raft.log.lastIndex, node.raft.commit], [102, 101]);
});

test("B5 what an append has beyond the start of the log is taken, though it builds on what is compacted", () => {
  const node = new Bench({ start: { index: 100, term: 2 }, term: 3 });
  const request = { from: 2, to: 1, term: 3, prevIndex: 98, prevTerm: 1 };
  node.receive(appendRequest({ ...request, entries: entriesOf(99, [2, 2, 3]), commit: 101 }));

  const answer = only(node.settle(), "append-response");
  assert.deepEqual([answer.accepted, answer.index], [true, 101]);
  assert.deepEqual([node.raft.log.lastIndex, node.raft.commit], [101, 101]);

  const other = { ...request, entries: entriesOf(99, [2, 3, 3]), commit: 101 };
  assert.match(node.refused(appendRequest(other)), /contradicts a committed entry/);
});

test("B5 a peer that took only a part of an append gets the rest again, though nothing new is proposed", () => {
  const node = matchedLeader({ voters: 2 });
  node.propose("a", "b", "c");
  const sent = only(pick(node.settle(), "append-request"), "append-request");
  assert.equal(sent.entries.length, 3);

  node.receive(appendResponse({ seq: sent.seq, index: sent.prevIndex + 1 }));

  const again = only(node.settle(), "append-request");
  assert.deepEqual([again.prevIndex, again.entries.length], [sent.prevIndex + 1, 2]);
});

test("B6 the majority is that of the members in force, not of those in the options", () => {
  const node = new Bench({ term: 3, voters: 1 });
  node.receive(
    snapshotRequest({ term: 3, lastIndex: 5, lastTerm: 2, members: { voters: [1, 2, 3, 4, 5] } }),
  );
  node.take();
  node.step({ kind: "snapshot-checked", index: 5, term: 2, ok: true });
  node.settle();
  node.timeout();
  assert.equal(pick(node.settle(), "vote-request").length, 4);
  assert.equal(node.role.kind, "candidate", "one of five has not won");
});

test("B7 a majority is more than half and the least such number, for 1 to 9 servers", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(majorityOf), [1, 2, 2, 3, 3, 4, 4, 5, 5]);
});

test("B8 the commit index is that of a plain sort, for every order of acknowledgements and 1 to 9 servers", () => {
  const scene = fc.integer({ min: 1, max: 9 }).chain((voters) => {
    const ack = fc.tuple(fc.integer({ min: 1, max: voters }), fc.integer({ min: 0, max: 8 }));
    return fc.tuple(fc.constant(voters), fc.array(ack, { maxLength: 40 }));
  });
  fc.assert(
    fc.property(scene, ([voters, acks]) => {
      const node = matchedLeader({ voters });
      node.propose("1", "2", "3", "4", "5", "6", "7", "8");
      node.take();
      const held = Array<number>(voters).fill(0);
      for (const [id, index] of acks) {
        if (id === 1) node.persist();
        else acknowledge(node, id, index);
        held[id - 1] = Math.max(held[id - 1] ?? 0, id === 1 ? 8 : index);
        const sorted = [...held].sort((a, b) => b - a);
        assert.equal(node.raft.commit, sorted[majorityOf(voters) - 1]);
      }
    }),
    { seed: 8, numRuns: 300 },
  );
});

test("B9 a single server commits only what is on its own disk", () => {
  const node = matchedLeader({ voters: 1 });
  node.propose("x");
  const { apply } = node.take();
  assert.deepEqual([apply, node.raft.commit], [[], 0]);
  node.persist();
  assert.deepEqual(node.take().apply, node.raft.log.entries);
});

test("B10 successes that come out of order never lower match or next", () => {
  const node = matchedLeader({ voters: 3 });
  for (const text of ["a", "b", "c"]) {
    node.propose(text);
    node.settle();
  }
  const seqs = [...node.peer(2).windowSeq];
  for (const [at, match] of [
    [2, 3],
    [0, 3],
    [1, 3],
  ] as const) {
    node.receive(appendResponse({ seq: seqs[at] ?? 0, index: at + 1 }));
    assert.deepEqual([node.peer(2).match, node.peer(2).next], [match, 4]);
  }
});

test("B11 an acknowledgement of an earlier leadership counts for nothing in a later one", () => {
  const node = leader({ term: 1, log: [1] });
  node.propose("x");
  node.settle();
  node.receive(appendRequest({ from: 3, term: 5, prevIndex: 1, prevTerm: 1 }));
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
  node.settle();
  node.receive(appendResponse({ from: 2, term: 2, seq: 1, index: 2 }));
  assert.equal(node.peer(2).match, 0);
  assert.equal(node.raft.commit, 0);
});

test("B12 a late refusal of a request that was overtaken does not move next back", () => {
  const node = leader({ voters: 2, term: 1, log: [1, 1, 1, 1] });
  const first = node.leader.seq;
  node.receive(appendResponse({ term: 2, seq: first, accepted: false, index: 2, hintTerm: 1 }));
  const retry = only(node.settle(), "append-request");
  assert.deepEqual([retry.prevIndex, retry.entries.length], [2, 2]);
  node.receive(appendResponse({ term: 2, seq: first, accepted: false, index: 0 }));
  assert.equal(node.peer(2).next, 5, "the same answer again: it speaks of a state that is gone");
  node.receive(appendResponse({ term: 2, seq: retry.seq, index: 4 }));
  node.receive(appendResponse({ term: 2, seq: retry.seq, accepted: false, index: 4, hintTerm: 1 }));
  assert.deepEqual([node.peer(2).match, node.peer(2).next], [4, 5]);
});

test("B12 a heartbeat to a peer that lags claims only what is known to match", () => {
  const node = matchedLeader({ voters: 2, log: [1, 1] });
  node.propose("x");
  node.settle();
  node.later(20);
  const beat = only(node.settle(), "append-request");
  assert.deepEqual([beat.prevIndex, beat.prevTerm, beat.entries.length], [2, 1, 0]);
});

for (const length of [100, 10_000]) {
  test(`B13 ${length} divergent entries of one term are passed over in one refusal, of many terms in as many`, () => {
    for (const terms of [1, 7]) {
      const log = [
        1,
        ...Array.from({ length }, (_, i) => 2 + Math.floor((i * terms) / length) * 2),
      ];
      const top = leader({
        voters: 2,
        term: 40,
        log: [1, ...log.slice(1).map((term) => term + 1)],
      });
      const follower = new Bench({ id: 2, voters: 2, term: 40, log });
      let refusals = 0;
      for (let round = 0; round < 40 && top.peer(2).match < log.length; round++) {
        top.later(20);
        for (const message of top.settle()) follower.receive(message);
        for (const answer of follower.settle()) {
          if (answer.kind === "append-response" && !answer.accepted) refusals++;
          top.receive(answer);
        }
      }
      assert.equal(top.peer(2).match, log.length);
      assert.ok(refusals <= terms + 1, `${refusals} refusals for ${terms} terms`);
      assert.deepEqual(termsOf(follower), termsOf(top));
    }
  });
}

test("B14 committed entries come out in order and complete, however small the pieces they travel in", () => {
  const config = { messageBytesMax: 1, windowMessages: 2 };
  const circle = new Circle([{ config }, { config }, { config }]);
  const id = circle.elect();
  for (let i = 0; i < 10; i++) {
    circle.node(id).propose("a", "b", "c");
    circle.run(3);
  }
  circle.run(100);
  for (const node of circle.nodes) {
    const indexes = node.applied.map((entry) => entry.index);
    assert.deepEqual(
      indexes,
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
  }
});

test("B15 three leaders overwrite the same indexes while writes are under way: late reports vouch for nothing", () => {
  const node = new Bench({ voters: 5, term: 1 });
  for (const [term, from] of [
    [2, 2],
    [3, 3],
    [4, 2],
  ] as const) {
    node.receive(appendRequest({ term, from, entries: entriesOf(1, [term, term]) }));
    node.take();
  }
  assert.equal(node.pending.length, 3);
  const promised: number[] = [];
  for (const durable of [0, 0, 2]) {
    const sent = pick(node.persist(1), "append-response");
    promised.push(...sent.map((answer) => answer.term));
    assert.equal(node.raft.log.durable, durable);
  }
  assert.deepEqual(promised, [2, 3, 4], "each answer is of the term it was given in");
});

test("B16 reports out of order do not stall a single server", () => {
  const node = matchedLeader({ voters: 1 });
  for (const text of ["a", "b"]) {
    node.propose(text);
    node.take();
  }
  const [first, second] = node.pending.splice(0);
  node.step({ kind: "persisted", seq: second?.seq ?? 0 });
  assert.equal(node.raft.commit, 2);
  node.step({ kind: "persisted", seq: first?.seq ?? 0 });
  assert.deepEqual([node.raft.commit, node.raft.log.durable], [2, 2]);
});

test("B17 what a leader sends always follows its previous entry without a gap", () => {
  const node = matchedLeader({ voters: 2, log: [1, 1], config: { messageBytesMax: 40 } });
  node.propose("a", "b", "c", "d", "e");
  const requests = pick(node.settle(), "append-request");
  assert.ok(requests.length >= 3);
  for (const { prevIndex, prevTerm, entries } of requests) {
    assert.equal(prevTerm, node.raft.log.termAt(prevIndex));
    for (const [i, entry] of entries.entries()) assert.equal(entry.index, prevIndex + 1 + i);
  }
});

test("B18 a peer whose match is compacted away gets a snapshot, and its unknown term is never made up", () => {
  const node = matchedLeader({ voters: 3, log: [1, 1, 1] });
  node.propose("x", "y");
  node.settle();
  acknowledge(node, 3);
  node.settle();
  node.step({ kind: "snapshot-taken", index: 5 });
  assert.ok(node.peer(2).match < node.raft.log.startIndex);
  node.later(50);
  const { send, load } = node.take();
  const beat = only(send, "append-request", 2);
  assert.deepEqual([beat.prevIndex, beat.prevTerm, beat.entries.length], [0, 0, 0]);
  assert.equal(load.length, 0, "a silent peer must give a sign of life first");
  node.receive(appendResponse({ term: 2, seq: beat.seq, index: 0 }));
  assert.deepEqual(
    node.take().load.map(({ to, snapshot }) => [to, snapshot.index]),
    [[2, 5]],
  );
});

test("B19 the report on an earlier snapshot's write says nothing about a later one", () => {
  const node = new Bench({ term: 3 });
  for (const index of [10, 20]) {
    node.receive(snapshotRequest({ term: 3, seq: index, lastIndex: index, lastTerm: 3 }));
    node.take();
    node.step({ kind: "snapshot-checked", index, term: 3, ok: true });
    node.take();
  }
  const first = pick(node.persist(1), "snapshot-response");
  assert.deepEqual([first[0]?.matchIndex, node.raft.log.durable], [10, 0]);
  const second = pick(node.persist(1), "snapshot-response");
  assert.deepEqual([second[0]?.matchIndex, node.raft.log.durable], [20, 20]);
});

test("B20 a leader that steps down keeps its entries until a conflict shows that they lost", () => {
  const node = matchedLeader({ term: 1, log: [1] });
  node.propose("x", "y");
  node.settle();
  node.receive(appendRequest({ from: 3, term: 5, prevIndex: 1, prevTerm: 1, commit: 1 }));
  assert.deepEqual(termsOf(node), [1, 2, 2], "an empty append of the new leader cuts nothing");
  node.receive(
    appendRequest({
      from: 3,
      term: 5,
      prevIndex: 2,
      prevTerm: 2,
      entries: entriesOf(3, [5]),
      commit: 2,
    }),
  );
  assert.deepEqual(termsOf(node), [1, 2, 5]);
  assert.equal(node.raft.commit, 2);
});

test("B12 a refusal given before an overtaken request arrived is no lost log: what follows goes again", () => {
  const node = matchedLeader({ voters: 2 });
  for (const text of ["a", "b"]) {
    node.propose(text);
    node.settle();
  }
  const [first = 0, second = 0] = node.peer(2).windowSeq;
  // The second arrived first and was refused; then the first was taken.
  node.receive(appendResponse({ seq: first, index: 1 }));
  node.receive(appendResponse({ seq: second, accepted: false, index: 0 }));
  assert.deepEqual([node.peer(2).match, node.peer(2).next], [1, 2]);
  const again = only(node.settle(), "append-request");
  assert.deepEqual([again.prevIndex, again.entries.length], [1, 1]);
});
