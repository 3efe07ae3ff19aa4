/**
 * What a node comes up with: what the disk said, or a clear refusal (paper Fig. 2, thesis §3.8).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkState,
  createRaft,
  leaderOf,
  makeConfig,
  NOTHING_RESTORED,
  type Raft,
  type Restored,
  seedWord,
} from "@holdfast/raft";
import { Bench, entriesOf, entryOf, membersUpTo, PAPER } from "./kit.ts";
import { appendRequest, only, voteRequest } from "./messages.ts";

const members = membersUpTo(3);
const config = makeConfig({ ...PAPER, id: 1, members });

function restore(fields: Partial<Restored>, now = 0): Raft {
  const raft = createRaft(config, { ...NOTHING_RESTORED, ...fields }, now);
  checkState(raft);
  return raft;
}

const SNAPSHOT = { index: 3, term: 2, members };
const SOUND: Partial<Restored> = {
  hardState: { term: 4, vote: 3 },
  snapshot: SNAPSHOT,
  start: { index: 2, term: 1 },
  entries: entriesOf(3, [2, 4]),
};

test("Fig. 2 an empty disk gives a follower that knows nobody", () => {
  const raft = restore({});
  assert.deepEqual([raft.term, raft.vote, raft.commit, leaderOf(raft)], [0, 0, 0, 0]);
  assert.equal(raft.role.kind, "follower");
  assert.deepEqual(raft.members, members);
});

test("Fig. 2 term, vote and log come back, all of them durable; the snapshot is committed and applied", () => {
  const raft = restore(SOUND);
  assert.deepEqual([raft.term, raft.vote], [4, 3]);
  assert.deepEqual([raft.log.startIndex, raft.log.lastIndex, raft.log.durable], [2, 4, 4]);
  assert.deepEqual([raft.commit, raft.handed, raft.applied], [3, 3, 3]);
  assert.deepEqual([raft.durableTerm, raft.durableVote, raft.written], [4, 3, 4]);
});

test("Fig. 2 a node that has just come up has nothing to do until its election timeout", () => {
  const raft = restore(SOUND, 1000);
  assert.ok(raft.deadline >= 1100 && raft.deadline < 1200, `due at ${raft.deadline}`);
  const node = new Bench({ term: 4, vote: 3, log: [2, 4] });
  const { send, write, apply, load, store, events, restore: again } = node.take();
  assert.deepEqual(
    [send.length, apply.length, load.length, store.length, events.length],
    [0, 0, 0, 0, 0],
  );
  assert.deepEqual([write, again], [undefined, undefined]);
});

test("§7 the snapshot's members are in force, not those of the options", () => {
  const raft = restore({ ...SOUND, snapshot: { ...SNAPSHOT, members: { voters: [1, 5, 9] } } });
  assert.deepEqual(raft.members.voters, [1, 5, 9]);
  const gone = restore({ ...SOUND, snapshot: { ...SNAPSHOT, members: { voters: [5, 9] } } });
  assert.equal(gone.deadline, Number.POSITIVE_INFINITY, "no voter any more, so no elections");
});

const CONTRADICTIONS: readonly (readonly [message: string, fields: Partial<Restored>])[] = [
  ["restore: term", { hardState: { term: -1, vote: 0 } }],
  ["restore: term", { hardState: { term: 1.5, vote: 0 } }],
  ["restore: vote", { hardState: { term: 1, vote: -2 } }],
  ["restore: start", { start: { index: -1, term: 0 } }],
  ["restore: start", { start: { index: 0, term: 0.5 } }],
  [
    "restore: entries from a later term than the hard state",
    { hardState: { term: 1, vote: 0 }, entries: entriesOf(1, [1, 2]) },
  ],
  ["restore: compacted log without a snapshot", { ...SOUND, snapshot: undefined }],
  ["restore: gap between snapshot and log", { ...SOUND, snapshot: { ...SNAPSHOT, index: 1 } }],
  ["restore: log ends before the snapshot", { ...SOUND, snapshot: { ...SNAPSHOT, index: 5 } }],
  ["restore: log disagrees with the snapshot", { ...SOUND, snapshot: { ...SNAPSHOT, term: 1 } }],
  [
    "restore: log disagrees with the snapshot",
    { ...SOUND, snapshot: { index: 2, term: 2, members } },
  ],
  ["log.push: gap", { hardState: { term: 9, vote: 0 }, entries: entriesOf(2, [1]) }],
  ["log.push: gap", { hardState: { term: 9, vote: 0 }, entries: [entryOf(1, 1), entryOf(3, 1)] }],
  ["log.push: term goes back", { hardState: { term: 9, vote: 0 }, entries: entriesOf(1, [2, 1]) }],
  [
    "log.push: term goes back",
    { ...SOUND, snapshot: { index: 2, term: 1, members }, entries: entriesOf(3, [0]) },
  ],
  [
    "restore: index 0 and term 0 go together",
    { hardState: { term: 9, vote: 0 }, start: { index: 0, term: 5 } },
  ],
  ["restore: index 0 and term 0 go together", { ...SOUND, start: { index: 2, term: 0 } }],
];

for (const [i, [message, fields]] of CONTRADICTIONS.entries()) {
  test(`a disk that contradicts itself is refused: ${message} (${i + 1})`, () => {
    assert.throws(() => restore(fields), { code: "RAFT_INVARIANT", message });
  });
}

test("thesis §3.8 a restart forgets no vote: the same candidate gets it again, another does not", () => {
  const node = new Bench({ term: 2 });
  node.receive(voteRequest({ from: 2, term: 3 }));
  node.settle();
  const again = node.restart();
  again.receive(voteRequest({ from: 3, term: 3 }));
  assert.equal(only(again.settle(), "vote-response").granted, false);
  again.receive(voteRequest({ from: 2, term: 3 }));
  assert.equal(only(again.settle(), "vote-response").granted, true);
});

test("thesis §3.8 a restart keeps acknowledged entries and the term they came with", () => {
  const node = new Bench();
  node.receive(appendRequest({ term: 5, entries: entriesOf(1, [3, 5]) }));
  node.settle();
  const again = node.restart();
  assert.equal(again.raft.term, 5);
  assert.deepEqual(again.raft.log.entries, entriesOf(1, [3, 5]));
});

test("a snapshot may be on disk before the term it covers is: the node comes up in that term, its vote free", () => {
  const raft = restore({
    hardState: { term: 1, vote: 2 },
    snapshot: { index: 8, term: 6, members },
    start: { index: 8, term: 6 },
  });
  assert.deepEqual([raft.term, raft.vote, raft.log.lastTerm], [6, 0, 6]);
});

test("C16 equal seeds give different nodes different timeouts, and one node always the same", () => {
  const draws = [1, 2, 3, 4, 5].map((id) =>
    Array.from({ length: 4 }, () => new Bench({ id, voters: 5, seed: 7 }).raft.deadline),
  );
  for (const draw of draws) assert.equal(new Set(draw).size, 1, `not the same each time: ${draw}`);
  assert.ok(new Set(draws.map(([first]) => first)).size >= 4, String(draws));
  for (const seed of [0, 1, -1, 2 ** 31, 2 ** 32]) {
    assert.notEqual(seedWord(seed, 1), 0, "0 would never change again");
  }
  // The two seeds that would come to 0 for nodes 1 and 2.
  assert.equal(seedWord(1_795_507_922, 1), seedWord(3_605_198_765, 2));
  assert.notEqual(seedWord(1_795_507_922, 1), 0);
});
