/** Histories of the size that a chaos run leaves behind. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { check, keyValue } from "@holdfast/linearizability";
import { simulateKeyValue, withStaleRead } from "./simulated.ts";

for (const keys of [1000, 100, 10, 1]) {
  const workload = { seed: 7, operations: 100_000, clients: 10, keys, unknownPerMille: 2 };

  test(`100,000 operations, 10 clients, keys: ${keys}`, (t) => {
    const result = check(keyValue(), simulateKeyValue(workload));
    assert.equal(result.verdict, "linearizable");
    t.diagnostic(JSON.stringify(result.stats));
  });

  test(`100,000 operations, 10 clients, keys: ${keys}, one stale read`, (t) => {
    const result = check(keyValue(), withStaleRead(simulateKeyValue(workload)));
    assert.equal(result.verdict, "not-linearizable");
    if (result.verdict !== "not-linearizable") return;
    t.diagnostic(JSON.stringify(result.stats));
    t.diagnostic(result.counterexample.text);
    assert.ok(result.counterexample.operations.length <= 3);
  });
}
