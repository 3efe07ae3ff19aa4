/** The explorer finds planted bugs by itself: from empty disks, in a scope that names no story. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { explore, type Invariant, type Plant, replay, type Scope, SMALLEST } from "@holdfast/sim";
import * as plants from "./explore-plants.ts";

interface Case {
  readonly plant: Plant;
  readonly scope: Partial<Scope>;
  readonly breaks: Invariant;
  /** Found within this many distinct worlds. */
  readonly worldsMax: number;
  readonly unwatched?: readonly Invariant[];
}

/** Messages that arrive at once or never: enough for most bugs, and the fewest worlds. */
const PROMPT: Partial<Scope> = { delays: "none", messagesMax: 3 };
const UNWATCHED: readonly Invariant[] = ["promise"];

const CASES: Readonly<Record<string, Case>> = {
  "A1, A2: votes leave before they are on disk": {
    plant: plants.VOTES_BEFORE_SYNC,
    scope: { writesMax: 1, crashesMax: 1, termMax: 1, entriesMax: 0 },
    unwatched: UNWATCHED,
    breaks: "election-safety",
    worldsMax: 10_000,
  },
  "B9: entries are acknowledged before they are on disk": {
    plant: plants.ACKS_BEFORE_SYNC,
    scope: { ...PROMPT, writesMax: 1, crashesMax: 1, termMax: 1 },
    unwatched: UNWATCHED,
    breaks: "durable-majority",
    worldsMax: 3000,
  },
  "A4: term and vote are only in memory": {
    plant: plants.VOTES_IN_MEMORY,
    scope: { crashesMax: 1, termMax: 1, entriesMax: 0 },
    unwatched: UNWATCHED,
    breaks: "election-safety",
    worldsMax: 3000,
  },
  "A3: an append frees the vote": {
    plant: plants.VOTE_FORGOTTEN,
    scope: { termMax: 1 },
    breaks: "core",
    worldsMax: 200,
  },
  "A6: logs are not compared before a vote": {
    plant: plants.LOGS_UNCOMPARED,
    scope: PROMPT,
    breaks: "leader-completeness",
    worldsMax: 8000,
  },
  "A7: a vote that arrives twice counts twice": {
    plant: plants.VOTES_COUNTED_TWICE,
    scope: { voters: 4, duplicates: true, termMax: 1 },
    breaks: "election-safety",
    worldsMax: 20_000,
  },
  "A7: a vote for an earlier term counts": {
    plant: plants.OLD_VOTES_COUNTED,
    scope: {},
    breaks: "election-safety",
    worldsMax: 10_000,
  },
  "B7: one server fewer than a majority commits": {
    plant: plants.MAJORITY_TOO_SMALL,
    scope: {},
    breaks: "durable-majority",
    worldsMax: 500,
  },
  "B3: an append cuts what follows it without a conflict": {
    plant: plants.TAILS_CUT,
    scope: { termMax: 1, entriesMax: 2, messagesMax: 3, batchMax: 1 },
    breaks: "durable-majority",
    worldsMax: 10_000,
  },
  "B4: the commit index is believed beyond what was proved equal": {
    plant: plants.COMMIT_UNVERIFIED,
    scope: { ...PROMPT, heartbeats: true },
    breaks: "state-machine-safety",
    worldsMax: 40_000,
  },
  "§5.3: more is acknowledged than was proved equal": {
    plant: plants.ACKS_UNVERIFIED,
    scope: { delays: "requests" },
    breaks: "durable-majority",
    worldsMax: 40_000,
  },
  "§5.3: the entry before is not compared": {
    plant: plants.PREVIOUS_UNCHECKED,
    scope: { ...PROMPT, entriesMax: 2 },
    breaks: "log-matching",
    worldsMax: 40_000,
  },
  "B1, Fig. 8: entries of earlier terms commit by counting (§5.4.2)": {
    plant: plants.OLD_TERMS_COUNTED,
    scope: { ...PROMPT, reports: false, termMax: 4 },
    breaks: "leader-completeness",
    // The core itself sees at once by what right a leader commits: here the loss is to be shown.
    unwatched: ["core"],
    worldsMax: 300_000,
  },
};

for (const [bug, { plant, scope: bounds, breaks, worldsMax, unwatched = [] }] of Object.entries(
  CASES,
)) {
  test(`${bug}: found within ${worldsMax} worlds, as ${breaks}`, (context) => {
    const scope: Scope = { ...SMALLEST, voters: 3, ...bounds };
    const { finding, distinct } = explore({ scope, plant, unwatched, worldsMax });
    assert.ok(finding, `not found in ${distinct} worlds`);
    context.diagnostic(`${finding.moves.length} moves, behind ${distinct} worlds`);
    assert.equal(finding.violation.invariant, breaks);

    const { moves } = finding;
    const again = replay({ scope, moves, plant, unwatched });
    assert.deepEqual(again.violation, finding.violation, "the moves replay");
    assert.match(again.story.at(-1) ?? "", new RegExp(`^broken: ${breaks}: `));
    assert.equal(again.story.filter((line) => !line.startsWith(" ")).length, moves.length + 1);

    const sound = replay({ scope, moves: moves.slice(0, -1), plant, unwatched });
    assert.equal(sound.violation, undefined, "no shorter history breaks anything");
  });
}

test("I-8: a promise that leaves too early is seen when it leaves, one move from the start", () => {
  const scope: Scope = { ...SMALLEST, writesMax: 1 };
  const plant = plants.VOTES_BEFORE_SYNC;
  const { finding } = explore({ scope, plant });
  assert.ok(finding);
  assert.equal(finding.violation.invariant, "promise");
  assert.deepEqual(replay({ scope, plant, moves: finding.moves }).story, [
    "1: election timeout",
    "    candidate in term 1",
    "    queues a write",
    "    sends: vote-request 1->2 term 1 vote for term 1 log 0^0",
    "broken: promise: vote-request from 1 to 2",
  ]);
});

test("the history of a planted bug is harmless in the core as it is", () => {
  const scope: Scope = { ...SMALLEST, voters: 3, ...PROMPT };
  const { finding } = explore({ scope, plant: plants.LOGS_UNCOMPARED });
  assert.ok(finding);
  const { violation, story } = replay({ scope, moves: finding.moves.slice(0, -1) });
  assert.equal(violation, undefined);
  assert.ok(story.some((line) => line.includes("refuses vote") && line.endsWith("log-behind")));
});
