/**
 * Every reason to refuse a message or input is provoked; a refusal leaves no trace (paper §5.5).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Message, step } from "@holdfast/raft";
import { Bench, candidate, entriesOf, entryOf, leader, matchedLeader, pictureOf } from "./kit.ts";
import {
  appendRequest,
  appendResponse,
  snapshotRequest,
  snapshotResponse,
  voteRequest,
  voteResponse,
} from "./messages.ts";

const MAX = Number.MAX_SAFE_INTEGER;

const MALFORMED: readonly (readonly [reason: string, ...messages: Message[]])[] = [
  ["message: for another node", appendRequest({ to: 2 })],
  ["message: sender is no node id", appendRequest({ from: 0 }), appendRequest({ from: 1.5 })],
  ["message: from this node itself", appendRequest({ from: 1 })],
  ["message: term is no count", appendRequest({ term: -1 }), voteRequest({ term: MAX + 1 })],
  ["message: unknown kind", { ...appendRequest(), kind: "greeting" } as unknown as Message],
  [
    "vote-request: log end is no count",
    voteRequest({ lastIndex: -1 }),
    voteRequest({ lastTerm: 0.5 }),
  ],
  ["vote-request: log is ahead of the term", voteRequest({ term: 3, lastTerm: 4 })],
  [
    "vote-request: wrong election term",
    voteRequest({ electionTerm: 2 }),
    voteRequest({ preVote: true, electionTerm: 1 }),
    voteRequest({ preVote: true, term: MAX }),
  ],
  ["vote-request: nobody leads term 0", voteRequest({ term: 0 })],
  ["vote-response: election term is no count", voteResponse({ electionTerm: Number.NaN })],
  [
    "vote-response: granted in another term",
    voteResponse({ electionTerm: 2 }),
    voteResponse({ electionTerm: 0 }),
  ],
  ["append-request: nobody leads term 0", appendRequest({ term: 0 })],
  [
    "append-request: a number is no count",
    appendRequest({ seq: -1 }),
    appendRequest({ commit: -1 }),
  ],
  [
    "append-request: previous entry is no count",
    appendRequest({ prevIndex: -1 }),
    appendRequest({ prevTerm: -1 }),
  ],
  [
    "append-request: previous entry is from a later term",
    appendRequest({ prevIndex: 1, prevTerm: 2 }),
  ],
  [
    "append-request: index 0 and term 0 go together",
    appendRequest({ prevIndex: 1 }),
    appendRequest({ prevTerm: 1 }),
  ],
  [
    "append-request: entries are not contiguous",
    appendRequest({ entries: entriesOf(2, [1]) }),
    appendRequest({ entries: [entryOf(1, 1), entryOf(3, 1)] }),
    appendRequest({ prevIndex: MAX, prevTerm: 1, entries: [entryOf(MAX + 1, 1)] }),
  ],
  [
    "append-request: terms go back",
    appendRequest({ term: 3, entries: entriesOf(1, [3, 2]) }),
    appendRequest({ term: 3, prevIndex: 1, prevTerm: 3, entries: entriesOf(2, [2]) }),
    appendRequest({ entries: entriesOf(1, [0.5]) }),
  ],
  ["append-request: an entry is from a later term", appendRequest({ entries: entriesOf(1, [2]) })],
  ["append-request: an entry of term 0", appendRequest({ entries: entriesOf(1, [0]) })],
  [
    "append-response: a number is no count",
    appendResponse({ seq: -1 }),
    appendResponse({ index: 0.1 }),
  ],
  ["append-response: hint is no count", appendResponse({ hintTerm: -1 })],
  ["snapshot-request: nobody leads term 0", snapshotRequest({ term: 0 })],
  [
    "snapshot-request: a number is no count",
    snapshotRequest({ seq: -1 }),
    snapshotRequest({ offset: -1 }),
  ],
  [
    "snapshot-request: offset is too large",
    snapshotRequest({ offset: MAX, data: Uint8Array.of(1) }),
  ],
  [
    "snapshot-request: covers nothing",
    snapshotRequest({ lastIndex: 0 }),
    snapshotRequest({ lastIndex: -1 }),
  ],
  [
    "snapshot-request: wrong last term",
    snapshotRequest({ lastTerm: 0 }),
    snapshotRequest({ lastTerm: 2 }),
    snapshotRequest({ lastTerm: -1 }),
  ],
  ["snapshot-request: an empty piece", snapshotRequest({ done: false })],
  [
    "snapshot-request: members are not sorted voters",
    ...[[], [2, 1], [1, 1], [0], [-1, 2], [1.5]].map((voters) =>
      snapshotRequest({ members: { voters } }),
    ),
  ],
  [
    "snapshot-response: a number is no count",
    snapshotResponse({ seq: -1 }),
    snapshotResponse({ offset: -1 }),
  ],
  [
    "snapshot-response: an index is no count",
    snapshotResponse({ lastIndex: -1 }),
    snapshotResponse({ matchIndex: -1 }),
  ],
];

for (const [reason, ...messages] of MALFORMED) {
  test(`malformed: "${reason}" refuses, tells and changes nothing`, () => {
    assert.ok(messages.length > 0);
    for (const message of messages) {
      for (const make of [(): Bench => new Bench({ term: 1, log: [1] }), candidate, leader]) {
        const node = make();
        const before = pictureOf(node.raft);
        assert.equal(node.refused(message), `malformed: ${reason}`);
        assert.deepEqual(pictureOf(node.raft), before);
        const { events } = node.take();
        assert.deepEqual(events, [{ kind: "refused-message", from: message.from, why: reason }]);
      }
    }
  });
}

test("malformed: the table holds each of the 31 reasons once", () => {
  assert.equal(MALFORMED.length, 31);
  assert.equal(new Set(MALFORMED.map(([reason]) => reason)).size, 31);
});

test("malformed: every builder's plain message is sound, so that each line above has one flaw", () => {
  const sound = [
    voteRequest(),
    voteRequest({ preVote: true, term: 0 }),
    voteResponse(),
    appendRequest({ entries: entriesOf(1, [1]) }),
    appendResponse(),
    snapshotRequest(),
    snapshotResponse(),
  ];
  for (const message of sound) new Bench({ term: 1 }).receive(message);
});

interface Impossible {
  readonly reason: string;
  readonly scene: () => Bench;
  readonly message: Message;
}

const behind = (): Bench => new Bench({ term: 3, log: [1, 1, 2], commit: 2 });
const top = (): Bench => matchedLeader({ log: [1], voters: 3 }, [2]);

const IMPOSSIBLE: readonly Impossible[] = [
  {
    reason: "append-request: contradicts a committed entry",
    scene: behind,
    message: appendRequest({ term: 3, prevIndex: 2, prevTerm: 2 }),
  },
  {
    reason: "append-request: would cut a committed entry",
    scene: behind,
    message: appendRequest({ term: 3, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [3]) }),
  },
  {
    reason: "append: from another leader of the own term",
    scene: top,
    message: appendRequest({ term: 2 }),
  },
  {
    reason: "append: from a second leader of this term",
    scene: behind,
    message: appendRequest({ from: 3, term: 3 }),
  },
  {
    reason: "append: from a second leader of this term",
    scene: behind,
    message: snapshotRequest({ from: 3, term: 3, lastIndex: 9 }),
  },
  {
    reason: "snapshot-request: contradicts a committed entry",
    scene: () => new Bench({ term: 3, log: [1, 1, 2], commit: 3 }),
    message: snapshotRequest({ from: 2, term: 3, lastIndex: 9, lastTerm: 1 }),
  },
  {
    reason: "append-response: not from a peer",
    scene: top,
    message: appendResponse({ from: 4, term: 2 }),
  },
  {
    reason: "append-response: answers a request that was never sent",
    scene: top,
    message: appendResponse({ term: 2, seq: 99 }),
  },
  {
    reason: "append-response: accepts beyond the leader's log",
    scene: top,
    message: appendResponse({ term: 2, index: 2 }),
  },
  {
    reason: "snapshot-response: not from a peer",
    scene: top,
    message: snapshotResponse({ from: 4, term: 2 }),
  },
  {
    reason: "snapshot-response: answers a request that was never sent",
    scene: top,
    message: snapshotResponse({ term: 2, seq: 99 }),
  },
  {
    reason: "snapshot-response: matches beyond the leader's log",
    scene: top,
    message: snapshotResponse({ term: 2, installed: true, matchIndex: 2 }),
  },
];

for (const { reason, scene, message } of IMPOSSIBLE) {
  test(`impossible: a ${message.kind} is refused with "${reason}" and harms nothing`, () => {
    const node = scene();
    const { term, vote, commit } = node.raft;
    const before = structuredClone({ ...node.raft.log });
    const role = node.role.kind;
    assert.equal(node.refused(message), `impossible: ${reason}`);
    assert.deepEqual([node.raft.term, node.raft.vote, node.raft.commit], [term, vote, commit]);
    assert.deepEqual(structuredClone({ ...node.raft.log }), before);
    assert.equal(node.role.kind, role);
    const { send, events } = node.take();
    assert.deepEqual([send.length, events.length], [0, 1]);
  });
}

test("B11 H13 impossible: a follower that lost what it acknowledged is refused, and its match stays", () => {
  const node = matchedLeader({ log: [1, 1] });
  node.later(20);
  node.settle();
  const { seq } = node.leader;
  assert.equal(
    node.refused(appendResponse({ term: 2, seq, accepted: false, index: 1, hintTerm: 1 })),
    "impossible: append-response: the follower lost what it acknowledged",
  );
  assert.equal(node.peer(2).match, 2);
});

test("impossible: reports of the driver that can't be are refused without a trace", () => {
  const node = new Bench({ log: [1, 1], commit: 1 });
  const reports = [
    [{ kind: "persisted", seq: 7 }, "persisted: a write that was never handed over"],
    [{ kind: "applied", index: 2 }, "applied: beyond what was handed over"],
    [{ kind: "applied", index: -1 }, "applied: beyond what was handed over"],
    [{ kind: "applied", index: Number.NaN }, "applied: beyond what was handed over"],
    [{ kind: "snapshot-taken", index: 2 }, "snapshot-taken: beyond what was applied"],
    [{ kind: "snapshot-taken", index: 0.5 }, "snapshot-taken: beyond what was applied"],
    [{ kind: "snapshot-taken", index: Number.NaN }, "snapshot-taken: beyond what was applied"],
    [{ kind: "persisted", seq: Number.NaN }, "persisted: a write that was never handed over"],
  ] as const;
  for (const [input, detail] of reports) {
    const before = pictureOf(node.raft);
    assert.deepEqual(node.step(input), { ok: false, reason: "impossible", detail });
    assert.deepEqual(pictureOf(node.raft), before);
  }
});

test("propose is refused, all or none: nothing to propose, one too large, the budget spent", () => {
  const config = { commandBytesMax: 10, uncommittedBytesMax: 52 };
  const node = matchedLeader({ config });
  const sizes = (...list: number[]): Uint8Array[] => list.map((size) => new Uint8Array(size));
  const attempt = (...list: number[]): string => {
    const result = node.step({ kind: "propose", commands: sizes(...list) });
    return result.ok ? `${result.first}..${result.last}` : `${result.reason}: ${result.detail}`;
  };
  assert.equal(attempt(), "malformed: No command to propose");
  assert.equal(attempt(1, 11), "too-large: The command exceeds commandBytesMax");
  assert.equal(node.raft.log.lastIndex, 0);
  assert.equal(attempt(10, 10), "1..2");
  assert.equal(node.leader.uncommittedBytes, 52);
  const full = "too-much-uncommitted: The leader waits for earlier commands to commit";
  assert.equal(attempt(1), full);
  node.settle();
  node.receive(appendResponse({ seq: node.leader.seq, index: 1 }));
  assert.equal(node.leader.uncommittedBytes, 26);
  assert.equal(attempt(1), "3..3");
});

test("an input of an unknown kind is a fault of the program, not of a peer: it throws", () => {
  const { raft } = new Bench();
  assert.throws(() => step(raft, { kind: "nonsense" } as never, 0), { code: "RAFT_INVARIANT" });
});

test("impossible: an answer to the very next request is refused, one to the last that was sent is not", () => {
  for (const make of [appendResponse, snapshotResponse]) {
    const node = top();
    const { seq } = node.leader;
    assert.match(node.refused(make({ term: 2, seq: seq + 1 })), /was never sent$/);
    node.receive(make({ term: 2, seq }));
  }
});

test("a report on less than what was applied already changes nothing", () => {
  const node = new Bench({ log: [1, 1], commit: 2 });
  assert.equal(node.step({ kind: "applied", index: 1 }).ok, true);
  assert.equal(node.raft.applied, 2);
});
