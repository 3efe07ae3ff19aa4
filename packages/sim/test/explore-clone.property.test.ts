/** What the explorer's copies are worth: they live on like the original, and leave it alone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createRaft,
  makeConfig,
  NOTHING_RESTORED,
  type Raft,
  step,
  takeEffects,
} from "@holdfast/raft";
import fc from "fast-check";
import { cloneRaft } from "../src/explore/clone.ts";
import { CHOICES, SCOPES, walk } from "./explore-walk.ts";

test("a copy equals its original, and goes the same way from there with the same inputs", () => {
  let followed = 0;
  const property = fc.property(SCOPES, CHOICES, (scope, choices) => {
    walk(scope, choices, ({ before, action }) => {
      const message = action.kind === "deliver" ? before.wire[action.who] : undefined;
      if (message === undefined) return;
      const host = before.hosts[message.to - 1];
      assert.ok(host);
      const one = cloneRaft(host.raft);
      assert.deepStrictEqual(one, host.raft);
      const other = cloneRaft(one);
      for (const raft of [one, other]) {
        step(raft, { kind: "received", message }, raft.now);
        step(raft, { kind: "tick" }, raft.deadline);
      }
      assert.deepStrictEqual(takeEffects(one), takeEffects(other));
      assert.deepStrictEqual(one, other);
      followed++;
    });
  });
  fc.assert(property, { numRuns: 60, seed: 11 });
  assert.ok(followed > 200, `only ${followed} copies were followed`);
});

test("a turn leaves the world that it starts from as it was", () => {
  let turns = 0;
  const property = fc.property(SCOPES, CHOICES, (scope, choices) => {
    let kept = "";
    walk(scope, choices, ({ before, after }) => {
      if (kept !== "") assert.equal(JSON.stringify(before), kept);
      kept = JSON.stringify(after);
      turns++;
    });
  });
  fc.assert(property, { numRuns: 60, seed: 12 });
  assert.ok(turns > 500, `only ${turns} turns`);
});

/** A field that the core gains must be copied, and encoded or left out for a reason. */
const FIELDS: Readonly<Record<string, string>> = {
  raft: `config members term vote isElectionOpen role log commit handed applied snapshot durableTerm durableVote
    writtenTerm writtenVote written inFlight writeSeq now deadline random outbox`,
  log: "startIndex startTerm entries durable",
  outbox: "send afterWrite truncateFrom snapshot restore compactTo load store events",
  follower: "kind leader heardAt electionAt incoming",
  "pre-candidate": "kind granted refused votes resends electionAt",
  candidate: "kind granted refused asked resends electionAt",
  leader: "kind peers seq quorumCheckAt uncommittedBytes",
  peer: `id match next flow outgoing floorSeq matchSeq silent sentAt newsAt heardAt commitSent
    windowSeq windowFirst windowLast windowBytes windowSentAt bytesInWindow`,
  // When a write was handed over counts for check-quorum only, which is a move of its own; there
  // are
  // no snapshots in scope.
  write: "seq last term vote snapshot since",
};

test("the explorer knows every field of a node's state: copy and encode a new one, then add it here", () => {
  const seen = new Set<string>();
  const check = (what: string, value: object): void => {
    seen.add(what);
    assert.deepEqual(Object.keys(value).sort(), (FIELDS[what] ?? "").split(/\s+/).sort(), what);
  };
  for (const raft of lives()) {
    check("raft", raft);
    check("log", raft.log);
    check("outbox", raft.outbox);
    check(raft.role.kind, raft.role);
    for (const write of raft.inFlight) check("write", write);
    if (raft.role.kind === "leader") for (const peer of raft.role.peers) check("peer", peer);
  }
  assert.deepEqual([...seen].sort(), Object.keys(FIELDS).sort());
});

/** One node in each role. */
function lives(): Raft[] {
  const config = makeConfig({ id: 1, members: { voters: [1, 2] } });
  const hardState = { term: 1, vote: 0 };
  const raft = createRaft(config, { ...NOTHING_RESTORED, hardState }, 0);
  const lives = [cloneRaft(raft)];
  step(raft, { kind: "tick" }, raft.deadline);
  lives.push(cloneRaft(raft));
  const vote = { kind: "vote-response", from: 2, to: 1, granted: true, electionTerm: 2 } as const;
  step(raft, { kind: "received", message: { ...vote, term: 1, preVote: true } }, raft.now);
  takeEffects(raft);
  lives.push(cloneRaft(raft));
  step(raft, { kind: "received", message: { ...vote, term: 2, preVote: false } }, raft.now);
  step(raft, { kind: "persisted", seq: 1 }, raft.now);
  lives.push(raft);
  return lives;
}
