/** Majorities against brute force over all subsets, for one to nine voters (paper §5.2, §5.3). */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { InvariantError, majorityOf, type NodeId } from "@holdfast/raft";
import fc from "fast-check";
import { reachedByMajority, tally } from "../src/quorum.ts";

/** Another one explores further; a failure prints what replays it. */
const SEED = Number(process.env["SEED"] ?? 1);

const VOTERS_MAX = 9;

/** All subsets of `0 .. count - 1` that are more than half of it. */
function majorities(count: number): number[][] {
  const all = Array.from({ length: 2 ** count }, (_, mask) =>
    Array.from({ length: count }, (_, at) => at).filter((at) => (mask >> at) % 2 === 1),
  );
  return all.filter((subset) => subset.length * 2 > count);
}

const MAJORITIES = Array.from({ length: VOTERS_MAX + 1 }, (_, count) => majorities(count));

function majoritiesOf(count: number): number[][] {
  const found = MAJORITIES[count];
  assert.ok(found);
  return found;
}

test("§5.2 majorityOf is the least number for which any two majorities share a server", () => {
  for (let count = 1; count <= VOTERS_MAX; count++) {
    const all = majoritiesOf(count);
    assert.equal(majorityOf(count), Math.min(...all.map((subset) => subset.length)));
    for (const one of all) {
      for (const other of all) assert.ok(one.some((at) => other.includes(at)));
    }
    // One less, and two disjoint groups could decide.
    assert.ok((majorityOf(count) - 1) * 2 <= count);
  }
});

test("§5.3 reachedByMajority is the greatest value that all members of some majority have reached", () => {
  const values = fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: VOTERS_MAX });
  fc.assert(
    fc.property(values, (reached) => {
      const ways = majoritiesOf(reached.length);
      const least = ways.map((subset) => Math.min(...subset.map((at) => reached[at] ?? 0)));
      assert.equal(reachedByMajority([...reached]), Math.max(...least));
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

test("§5.3 reachedByMajority only sorts what it is given, and needs at least one voter", () => {
  const values = [3, 9, 1, 9, 4];
  assert.equal(reachedByMajority(values), 4);
  assert.deepEqual(values, [9, 9, 4, 3, 1]);
  assert.throws(() => reachedByMajority([]), InvariantError);
});

/**
 * Wins when some majority said yes; lost when no answer of the silent ones could still make it so.
 */
function verdict(
  voters: readonly NodeId[],
  granted: readonly NodeId[],
  refused: readonly NodeId[],
): string {
  const ways = majoritiesOf(voters.length).map((subset) => subset.map((at) => voters[at] ?? 0));
  if (ways.some((way) => way.every((id) => granted.includes(id)))) return "won";
  const couldGrant = (id: NodeId): boolean => granted.includes(id) || !refused.includes(id);
  return ways.some((way) => way.every(couldGrant)) ? "open" : "lost";
}

test("§5.2 tally agrees with brute force; strangers and repeated answers don't count (A7)", () => {
  const seen = new Set<string>();
  const ids = fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 20 });
  const elections = fc.tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: VOTERS_MAX }),
    ids,
    ids,
  );
  fc.assert(
    fc.property(elections, ([voters, granted, answers]) => {
      const refused = answers.filter((id) => !granted.includes(id));
      const expected = verdict(voters, granted, refused);
      seen.add(expected);
      assert.equal(tally(voters, granted, refused), expected);
    }),
    { seed: SEED, numRuns: 2000 },
  );
  assert.deepEqual([...seen].sort(), ["lost", "open", "won"]);
});
