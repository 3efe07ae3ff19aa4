/** The memory of a search: what it has not seen is never taken for seen. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Memo, NONE } from "../src/memo.ts";

const ORIGIN = { parent: NONE, via: NONE };

test("Memo: 400,000 configurations, some of the same hash, are each added once", () => {
  const memo = new Memo();
  const used = memo.usedSets.at(0);
  // By the birthday bound about 18 pairs of these have the same 32 bits of hash.
  for (const isFirst of [true, false]) {
    for (let i = 0; i < 400_000; i++) {
      const gaps = Array.from({ length: i % 4 }, (_, place) => (i % 97) + place);
      const record = memo.add({ state: i % 251, top: i, gaps, used }, ORIGIN);
      assert.equal(record !== NONE, isFirst);
    }
  }
  assert.equal(memo.size, 400_000);
});

test("Memo: what differs in one member is another configuration", () => {
  const memo = new Memo();
  const used = memo.usedSets.at(0);
  const base = { state: 1, top: 5, gaps: [2, 3], used };
  const others = [
    { ...base, state: 2 },
    { ...base, top: 6 },
    { ...base, gaps: [2, 4] },
  ];
  others.push({ ...base, gaps: [2] });
  const records = [base, ...others].map((one) => memo.add(one, ORIGIN));
  assert.equal(new Set(records).size, 5);
  assert.ok(!records.includes(NONE));
  assert.deepEqual(
    records.map((record) => memo.at(record)),
    [base, ...others],
  );
});

test("Memo: more optional operations are covered by fewer, others are not", () => {
  const memo = new Memo();
  const sets = memo.usedSets;
  const [none, one] = [sets.at(0), sets.withOne(sets.at(0), 3)];
  const [two, other] = [sets.withOne(one, 3), sets.withOne(none, 1)];
  const both = sets.withOne(one, 1);
  assert.equal(sets.withOne(other, 3), both);
  const isNew = (used: typeof none): boolean =>
    memo.add({ state: 0, top: 0, gaps: [], used }, ORIGIN) !== NONE;
  assert.deepEqual([two, one, two, other, both, none, one].map(isNew), [
    true, // twice
    true, // once is better
    false,
    true, // of another kind
    false, // as either
    true, // best
    false,
  ]);
});
