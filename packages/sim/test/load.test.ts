/** Workloads against a right cluster: nothing is found; and each wrong one is found as what it is. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Broken, checkConvergence } from "@holdfast/sim";
import { type Fault, ListCluster, LOAD, MODELS, type Ran, runLoad } from "./load-cluster.ts";

/** Every check of a run, the first thing found first. */
function findings({ cluster, workload, reports }: Ran): readonly Broken[] {
  const found = [...reports];
  const add = (broken: Broken | undefined): void => {
    if (broken !== undefined) found.push(broken);
  };
  add(checkConvergence(cluster.standings));
  add(workload.checkLog(cluster.chosen, cluster.ledger));
  add(workload.checkHistory());
  return found;
}

for (const model of MODELS) {
  test(`${model}: a right cluster passes every check, whatever answers are lost`, async () => {
    for (const [seed, silent] of [
      [1, 30],
      [2, 0],
      [3, 200],
    ] as const) {
      const ran = await runLoad({ ...LOAD, model }, new ListCluster(seed, { silent }), { seed });

      assert.deepEqual(findings(ran), [], `seed ${seed}`);
      const { ok, failed, unknown } = ran.workload.operations;
      assert.ok(ok > 150, `${ok} operations succeeded`);
      assert.ok(failed > 0, "some are refused for good");
      assert.equal(unknown > 0, silent > 0);
      assert.equal(ran.cluster.ledger.size, ran.cluster.log.length);
      assert.equal(ran.workload.history.operations.length, ok + failed + unknown);
    }
  });
}

/** Which check must find it, for which model; several where the first to see it depends. */
const WRONG: readonly (readonly [Fault, (typeof MODELS)[number], string])[] = [
  ["stale-read", "register", "load: not linearizable"],
  ["stale-read", "key-value", "load: not linearizable"],
  ["stale-read", "append-list", "load: not linearizable"],
  ["stale-read", "counter", "load: not linearizable"],
  ["wrong-result", "key-value", "load: answered with another result"],
  ["lost-write", "key-value", "load: not linearizable"],
  ["lost-write", "append-list", "load: not linearizable"],
  ["lost-write", "counter", "load: two commands answered with one index"],
  ["lost-write", "register", "load: answered ok and not in the log"],
  ["double-append", "append-list", "load: not linearizable"],
  ["double-append", "key-value", "load: one command twice in the log"],
  ["failed-but-applied", "append-list", "load: not linearizable"],
  ["failed-but-applied", "counter", "load: answered failed and applied"],
  ["swapped", "register", "state: replicas differ"],
  ["swapped", "append-list", "state: replicas differ"],
  ["double-apply", "append-list", "state: replicas differ"],
  ["double-apply", "counter", "state: replicas differ"],
  ["wrong-term", "register", "load: answered with another place"],
];

for (const [fault, model, check] of WRONG) {
  test(`${fault}: found with ${model} as "${check}"`, async () => {
    for (const seed of [1, 2, 3]) {
      const ran = await runLoad({ ...LOAD, model }, new ListCluster(seed, { fault }), { seed });

      const found = findings(ran);
      const checks = found.map((broken) => broken.check);
      assert.ok(checks.includes(check), `seed ${seed} found ${JSON.stringify(checks)}`);
    }
  });
}
