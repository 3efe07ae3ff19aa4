/** One packet of every kind with telling values, and arbitrary packets for properties. */

import type { Entry, Members } from "@holdfast/raft";
import type { ForwardReason, ForwardRequest, ForwardResponse, Packet } from "@holdfast/replica";
import fc from "fast-check";

export const FROM = 3;
export const TO = 1;

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** Named samples; the golden file and the format's description are made of these. */
export const SAMPLES: readonly (readonly [string, Packet])[] = [
  [
    "vote-request: pre-vote for term 8, log ends at 1000^7",
    {
      kind: "vote-request",
      from: FROM,
      to: TO,
      term: 7,
      preVote: true,
      electionTerm: 8,
      lastIndex: 1000,
      lastTerm: 7,
    },
  ],
  [
    "vote-response: granted in term 300",
    {
      kind: "vote-response",
      from: FROM,
      to: TO,
      term: 300,
      preVote: false,
      electionTerm: 300,
      granted: true,
    },
  ],
  [
    "append-request: heartbeat",
    {
      kind: "append-request",
      from: FROM,
      to: TO,
      term: 12,
      seq: 70_000,
      prevIndex: 2_000_000,
      prevTerm: 12,
      commit: 1_999_990,
      entries: [],
    },
  ],
  [
    "append-request: the first entries of a log, over two terms",
    {
      kind: "append-request",
      from: FROM,
      to: TO,
      term: 2,
      seq: 1,
      prevIndex: 0,
      prevTerm: 0,
      commit: 0,
      entries: [
        { index: 1, term: 1, kind: "noop", data: new Uint8Array(0) },
        { index: 2, term: 1, kind: "command", data: ascii("set x") },
        { index: 3, term: 2, kind: "members", data: Uint8Array.of(1, 2, 3) },
      ],
    },
  ],
  [
    "append-response: accepted",
    {
      kind: "append-response",
      from: FROM,
      to: TO,
      term: 12,
      seq: 70_000,
      accepted: true,
      index: 2_000_000,
      hintTerm: 0,
    },
  ],
  [
    "append-response: refused, logs can agree up to 90^4",
    {
      kind: "append-response",
      from: FROM,
      to: TO,
      term: 12,
      seq: 9,
      accepted: false,
      index: 90,
      hintTerm: 4,
    },
  ],
  [
    "snapshot-request: last piece",
    {
      kind: "snapshot-request",
      from: FROM,
      to: TO,
      term: 12,
      seq: 10,
      lastIndex: 5000,
      lastTerm: 11,
      members: { voters: [1, 2, 300] },
      offset: 65_536,
      data: ascii("state"),
      done: true,
    },
  ],
  [
    "snapshot-response: wants the piece at 65536",
    {
      kind: "snapshot-response",
      from: FROM,
      to: TO,
      term: 12,
      seq: 10,
      lastIndex: 5000,
      offset: 65_536,
      installed: false,
      matchIndex: 0,
    },
  ],
  [
    "snapshot-response: installed",
    {
      kind: "snapshot-response",
      from: FROM,
      to: TO,
      term: 12,
      seq: 11,
      lastIndex: 5000,
      offset: 65_541,
      installed: true,
      matchIndex: 5000,
    },
  ],
  [
    "forward-request",
    { kind: "forward-request", from: FROM, to: TO, id: 77, term: 12, command: ascii("set x") },
  ],
  [
    "forward-response: appended at 2001^12",
    {
      kind: "forward-response",
      from: FROM,
      to: TO,
      id: 77,
      ok: true,
      index: 2001,
      term: 12,
      reason: "",
      leader: 3,
    },
  ],
  [
    "forward-response: refused by a follower that knows no leader",
    {
      kind: "forward-response",
      from: FROM,
      to: TO,
      id: 78,
      ok: false,
      index: 0,
      term: 12,
      reason: "not-leader",
      leader: 0,
    },
  ],
];

/** Whole numbers where encodings change length, and others. */
export const count: fc.Arbitrary<number> = fc.oneof(
  fc.nat(200),
  fc
    .integer({ min: 1, max: 52 })
    .chain((bits) => fc.integer({ min: -1, max: 1 }).map((d) => 2 ** bits + d)),
  fc.maxSafeNat(),
  fc.constant(Number.MAX_SAFE_INTEGER),
);

const flag = fc.boolean();
const data = fc.uint8Array({ maxLength: 300 });
const envelope = { from: fc.constant(FROM), to: fc.constant(TO), term: count };

const members: fc.Arbitrary<Members> = fc
  .uniqueArray(
    count.map((n) => Math.max(n, 1)),
    { minLength: 1, maxLength: 9 },
  )
  .map((voters) => ({ voters: voters.sort((a, b) => a - b) }));

const entryParts = fc.array(
  fc.record({
    term: fc.oneof(fc.nat(3), count),
    kind: fc.constantFrom<Entry["kind"]>("command", "noop", "members"),
    data,
  }),
  { maxLength: 8 },
);

const appendRequest: fc.Arbitrary<Packet> = fc
  .record({
    kind: fc.constant("append-request" as const),
    ...envelope,
    seq: count,
    prevIndex: count.map((n) => Math.min(n, Number.MAX_SAFE_INTEGER - 8)),
    prevTerm: count,
    commit: count,
    entries: entryParts,
  })
  .map((packet) => ({
    ...packet,
    entries: packet.entries.map((entry, i) => ({ index: packet.prevIndex + 1 + i, ...entry })),
  }));

const forwardRequest: fc.Arbitrary<ForwardRequest> = fc.record({
  kind: fc.constant("forward-request" as const),
  from: fc.constant(FROM),
  to: fc.constant(TO),
  id: count,
  term: count,
  command: data,
});

const reasons: readonly ForwardReason[] = [
  "",
  "not-leader",
  "too-much-uncommitted",
  "too-large",
  "malformed",
  "impossible",
  "unknown",
];

const forwardResponse: fc.Arbitrary<ForwardResponse> = fc.record({
  kind: fc.constant("forward-response" as const),
  from: fc.constant(FROM),
  to: fc.constant(TO),
  id: count,
  ok: flag,
  index: count,
  term: count,
  reason: fc.constantFrom(...reasons),
  leader: count,
});

export const packet: fc.Arbitrary<Packet> = fc
  .oneof(
    fc.record({
      kind: fc.constant("vote-request" as const),
      ...envelope,
      preVote: flag,
      electionTerm: count,
      lastIndex: count,
      lastTerm: count,
    }),
    fc.record({
      kind: fc.constant("vote-response" as const),
      ...envelope,
      preVote: flag,
      electionTerm: count,
      granted: flag,
    }),
    appendRequest,
    fc.record({
      kind: fc.constant("append-response" as const),
      ...envelope,
      seq: count,
      accepted: flag,
      index: count,
      hintTerm: count,
    }),
    fc.record({
      kind: fc.constant("snapshot-request" as const),
      ...envelope,
      seq: count,
      lastIndex: count,
      lastTerm: count,
      members,
      offset: count,
      data,
      done: flag,
    }),
    fc.record({
      kind: fc.constant("snapshot-response" as const),
      ...envelope,
      seq: count,
      lastIndex: count,
      offset: count,
      installed: flag,
      matchIndex: count,
    }),
    forwardRequest,
    forwardResponse,
  )
  .map((one): Packet => ({ ...one }));
