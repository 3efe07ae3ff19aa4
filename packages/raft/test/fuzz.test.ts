/** Random messages, sound and mad, never break a node (paper §5.5). */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, Message } from "@holdfast/raft";
import fc from "fast-check";
import { Bench, pictureOf } from "./kit.ts";
import {
  appendRequest,
  appendResponse,
  snapshotRequest,
  snapshotResponse,
  voteRequest,
  voteResponse,
} from "./messages.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const WILD = [0, 1, 2, 3, 4, 5, 6, 9, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, MAX, MAX + 1];

/** Mostly small counts, so that many messages are sound and reach the rules; sometimes anything. */
const count = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(...WILD) },
);
const bytes = fc.uint8Array({ maxLength: 3 });
const entries: fc.Arbitrary<readonly Entry[]> = fc
  .array(fc.tuple(count, bytes), { maxLength: 4 })
  .chain((list) =>
    fc.tuple(fc.constant(list), count).map(([drawn, prev]) => {
      const terms = drawn.map(([term]) => term).sort((a, b) => a - b);
      return drawn.map(([, data], i): Entry => {
        return { index: prev + 1 + i, term: terms[i] ?? 1, kind: "command", data };
      });
    }),
  );
const envelope = {
  from: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 2, max: 4 }) },
    { weight: 1, arbitrary: count },
  ),
  to: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: count }),
  term: count,
};

const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc
    .record({ ...envelope, preVote: fc.boolean(), lastIndex: count, lastTerm: count, shift: count })
    .map(({ shift, ...fields }) => {
      const due = fields.preVote ? fields.term + 1 : fields.term;
      return voteRequest({ ...fields, electionTerm: shift === 6 ? shift : due });
    }),
  fc
    .record({ ...envelope, preVote: fc.boolean(), electionTerm: count, granted: fc.boolean() })
    .map((fields) =>
      voteResponse(fields.preVote ? fields : { ...fields, electionTerm: fields.term }),
    ),
  fc
    .record({ ...envelope, seq: count, prevTerm: count, commit: count, entries, prevIndex: count })
    .map((fields) => {
      const prevIndex = (fields.entries[0]?.index ?? fields.prevIndex + 1) - 1;
      return appendRequest({ ...fields, prevIndex });
    }),
  fc
    .record({ ...envelope, seq: count, accepted: fc.boolean(), index: count, hintTerm: count })
    .map((fields) => appendResponse(fields)),
  fc
    .record({
      ...envelope,
      ...{ seq: count, lastIndex: count, lastTerm: count, offset: count, data: bytes },
      done: fc.boolean(),
    })
    .map((fields) => snapshotRequest(fields)),
  fc
    .record({
      ...envelope,
      ...{ seq: count, lastIndex: count, offset: count, matchIndex: count },
      installed: fc.boolean(),
    })
    .map((fields) => snapshotResponse(fields)),
);

type Act =
  | { readonly message: Message; readonly isCurrent: boolean }
  | "settle"
  | "take"
  | "persist"
  | "timeout"
  | "propose";
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ message: anyMessage, isCurrent: fc.boolean() }) },
  { weight: 3, arbitrary: fc.constantFrom<Act>("settle", "take", "persist", "timeout", "propose") },
);

/** The same message as of the node's own term, where most of the rules are. */
function inTerm(message: Message, term: number): Message {
  if (message.kind === "vote-request") {
    return { ...message, term, electionTerm: message.preVote ? term + 1 : term };
  }
  if (message.kind === "vote-response" && !message.preVote) {
    return { ...message, term, electionTerm: term };
  }
  return { ...message, term };
}

/**
 * A message from anywhere: it may be taken or refused, but never throw, and a refusal leaves no
 * trace.
 */
function offer(node: Bench, message: Message): "taken" | "malformed" | "impossible" {
  const before = pictureOf(node.raft);
  const { term, vote, commit } = node.raft;
  const log = structuredClone({ ...node.raft.log });
  const result = node.step({ kind: "received", message });
  if (result.ok) return "taken";
  if (result.reason === "malformed") {
    assert.deepEqual(pictureOf(node.raft), before, result.detail);
    return "malformed";
  }
  assert.equal(result.reason, "impossible");
  assert.deepEqual(structuredClone({ ...node.raft.log }), log, result.detail);
  assert.equal(node.raft.commit, commit);
  // The term of a message counts even when the rest of it can't be (§5.1).
  if (message.term <= term) assert.deepEqual([node.raft.term, node.raft.vote], [term, vote]);
  else assert.deepEqual([node.raft.term, node.raft.vote], [message.term, 0]);
  return "impossible";
}

function perform(node: Bench, act: Act): void {
  if (act === "settle") checkChecks(node);
  else if (act === "take") node.take();
  else if (act === "persist") node.persist(1);
  else if (act === "timeout" && Number.isFinite(node.raft.deadline)) node.timeout();
  else if (act === "propose") node.propose("x");
}

/** Settles, and plays the driver that finds every complete snapshot good. */
function checkChecks(node: Bench): void {
  const { store } = node.take();
  for (const { snapshot, done } of store) {
    const { index, term } = snapshot;
    if (done) node.step({ kind: "snapshot-checked", index, term, ok: true });
  }
  node.settle();
}

test("§5.5 random messages never break a node, and what is refused changes neither term, vote, log nor commit", () => {
  const seen = { taken: 0, malformed: 0, impossible: 0 };
  const pasts = fc.record({
    voters: fc.integer({ min: 1, max: 4 }),
    log: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 5 }).map((list) => list.sort()),
    config: fc.record({ preVote: fc.boolean(), checkQuorum: fc.boolean(), noop: fc.boolean() }),
    isCompacted: fc.boolean(),
  });
  fc.assert(
    fc.property(
      pasts,
      fc.array(anyAct, { minLength: 20, maxLength: 60 }),
      ({ isCompacted, ...past }, acts) => {
        const start = isCompacted ? { start: { index: 2, term: 1 } } : {};
        const node = new Bench({ ...past, ...start });
        for (const act of acts) {
          if (typeof act === "object") {
            const { term } = node.raft;
            seen[offer(node, act.isCurrent ? inTerm(act.message, term) : act.message)]++;
          } else perform(node, act);
        }
      },
    ),
    { seed: 20_260_101, numRuns: 800 },
  );
  assert.ok(
    seen.taken > 3000 && seen.malformed > 3000 && seen.impossible > 100,
    JSON.stringify(seen),
  );
});
