/** One event of every kind, and one message of every kind, as a recorder may write them. */

import type {
  TraceEvent,
  TraceHeader,
  TraceMessage,
  TraceStamp,
  TraceStanding,
} from "@holdfast/replica";

export const HEADER: TraceHeader = {
  format: "holdfast-trace",
  version: 1,
  kind: "sim",
  nodes: [1, 2, 3],
  unit: "ms",
  wallMs: 1_700_000_000_000.25,
  seed: "42",
  plan: { nodes: 3 },
};

const ENVELOPE = { from: 1, to: 2, term: 3 };

export const MESSAGES: readonly TraceMessage[] = [
  {
    ...ENVELOPE,
    kind: "vote-request",
    preVote: true,
    electionTerm: 4,
    lastIndex: 7,
    lastTerm: 3,
  },
  { ...ENVELOPE, kind: "vote-response", preVote: false, electionTerm: 3, granted: true },
  {
    ...ENVELOPE,
    kind: "append-request",
    seq: 9,
    prevIndex: 4,
    prevTerm: 2,
    commit: 3,
    entries: [
      [5, 1, 2],
      [6, 2, 3],
    ],
    bytes: 30,
  },
  {
    ...ENVELOPE,
    kind: "append-response",
    seq: 9,
    accepted: false,
    index: 4,
    hintTerm: 2,
  },
  {
    ...ENVELOPE,
    kind: "snapshot-request",
    seq: 10,
    lastIndex: 100,
    lastTerm: 2,
    offset: 4096,
    bytes: 1024,
    done: true,
  },
  {
    ...ENVELOPE,
    kind: "snapshot-response",
    seq: 10,
    lastIndex: 100,
    offset: 0,
    installed: true,
    matchIndex: 101,
  },
  { ...ENVELOPE, kind: "forward-request", id: 77, bytes: 12, hash: 0xcafe },
  {
    ...ENVELOPE,
    kind: "forward-response",
    id: 77,
    ok: false,
    index: 0,
    reason: "not-leader",
    leader: 2,
  },
];

const WRITE = {
  write: 5,
  hardState: { term: 3, vote: 1 },
  snapshot: { index: 100, term: 2 },
  truncateFrom: 101,
  entries: [[101, 2, 3]] as const,
  bytes: 20,
  compactTo: 50,
  thenSend: 1,
};

type Bare<E> = E extends unknown ? Omit<E, keyof TraceStamp | keyof TraceStanding> : never;
type NodeOnly = Extract<TraceEvent, TraceStanding>;

const ELECTION = { term: 4, candidate: 2, preVote: true };

const OF_NODES: readonly Bare<NodeOnly>[] = [
  { kind: "became-follower", term: 3, leader: 2 },
  { kind: "became-pre-candidate", term: 3 },
  { kind: "became-candidate", term: 4 },
  { kind: "became-leader", term: 4, lastIndex: 7 },
  { kind: "stepped-down", term: 4, why: "lost-quorum" },
  { kind: "voted", ...ELECTION },
  { kind: "refused-vote", ...ELECTION, why: "log-behind" },
  { kind: "leader-known", term: 4, leader: 2 },
  { kind: "appended", first: 5, last: 7, term: 3 },
  { kind: "truncated", from: 6 },
  { kind: "refused-append", from: 2, prevIndex: 9, hint: 7 },
  { kind: "committed", index: 6 },
  { kind: "peer-state", peer: 2, flow: "stream" },
  { kind: "snapshot-installed", index: 100, term: 2 },
  { kind: "compacted", index: 50 },
  { kind: "refused-message", from: 2, why: "vote lane: Unknown packet kind" },
  {
    kind: "opened",
    voters: [1, 2, 3],
    vote: 2,
    start: { index: 50, term: 2 },
    last: { index: 60, term: 3 },
    commit: 50,
  },
  { kind: "closed" },
  { kind: "failed", code: "DISK_FAILED", message: "The disk failed at writing the log: EIO" },
  { kind: "input", input: "propose", value: 2, bytes: 30, peer: 2, ok: true },
  ...MESSAGES.map((message): Bare<NodeOnly> => ({ kind: "sent", id: 12, message })),
  ...MESSAGES.map((message): Bare<NodeOnly> => ({ kind: "received", message })),
  { kind: "write-begun", ...WRITE },
  { kind: "write-durable", ...WRITE },
  { kind: "applied", index: 6, term: 3, entry: "command", bytes: 10, hash: 0xdeadbeef },
  { kind: "restored", index: 100, term: 2 },
  { kind: "snapshot-taken", index: 50 },
  { kind: "timer-set", deadline: 310.5 },
];

const OF_THE_WORLD: readonly Bare<Exclude<TraceEvent, TraceStanding>>[] = [
  { kind: "crashed", power: true },
  { kind: "paused" },
  { kind: "resumed" },
  { kind: "lost", id: 12, why: "cut" },
  { kind: "repeated", id: 13, of: 12 },
  { kind: "disk", operation: "sync", name: "wal-1", result: "ok" },
  { kind: "fault", fault: "partition", id: 3, phase: "begins", about: "isolate 1" },
  { kind: "client-called", client: 1, call: 8, operation: "put a 1" },
  { kind: "client-returned", client: 1, call: 8, outcome: "unknown", result: "timeout" },
  { kind: "invariant", check: "two leaders in one term", message: "1 and 2 in term 4" },
  { kind: "mark", mark: "vote: refused to a second candidate" },
  { kind: "note", text: "the cluster heals" },
  { kind: "dropped", count: 17 },
];

/** Numbered from 1, one millisecond apart, each caused by the one before. */
export const SAMPLES: readonly TraceEvent[] = [
  ...OF_NODES.map((bare) => ({ ...bare, currentTerm: 3, role: "leader" })),
  ...OF_THE_WORLD,
].map((event, at) => {
  const cause = at === 0 ? {} : { cause: at };
  const node = event.kind === "note" ? { node: 0, life: 0 } : { node: 1, life: 2 };
  return { at: 100 + at, no: at + 1, ...node, ...cause, ...event } as TraceEvent;
});
