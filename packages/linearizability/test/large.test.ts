/** Histories of the size that a chaos run leaves behind. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { check, keyValue } from "@holdfast/linearizability";
import { simulateKeyValue, staleReadOf, withStaleRead } from "./simulated.ts";

/** With a fault, one key and unknown outcomes there is most to try: seconds, too long for here. */
const CASES = [
  { keys: 1000, unknownPerMille: 2, faultyUnknownPerMille: 2 },
  { keys: 100, unknownPerMille: 2, faultyUnknownPerMille: 2 },
  { keys: 10, unknownPerMille: 2, faultyUnknownPerMille: 2 },
  { keys: 1, unknownPerMille: 2, faultyUnknownPerMille: 0 },
];

for (const { keys, unknownPerMille, faultyUnknownPerMille } of CASES) {
  const workload = { seed: 7, operations: 100_000, clients: 10, keys };

  test(`100,000 operations, 10 clients, keys: ${keys}`, (t) => {
    const result = check(keyValue(), simulateKeyValue({ ...workload, unknownPerMille }));
    assert.equal(result.verdict, "linearizable");
    assert.ok(result.stats.operations > 99_000);
    assert.equal(result.stats.partitions, keys);
    t.diagnostic(JSON.stringify(result.stats));
  });

  test(`100,000 operations, 10 clients, keys: ${keys}, one stale read`, (t) => {
    const sound = simulateKeyValue({ ...workload, unknownPerMille: faultyUnknownPerMille });
    const result = check(keyValue(), withStaleRead(sound));
    assert.equal(result.verdict, "not-linearizable");
    if (result.verdict !== "not-linearizable") return;
    t.diagnostic(JSON.stringify(result.stats));
    const ids = result.counterexample.operations.map(({ id }) => id);
    assert.ok(ids.length <= 3);
    assert.ok(ids.includes(staleReadOf(sound).read));
  });
}
