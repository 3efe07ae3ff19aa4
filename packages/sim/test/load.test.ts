/** Workloads find nothing in a right cluster, and what is wrong in each wrong one. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Entry } from "@holdfast/raft";
import { type Broken, checkConvergence, encodeCommand } from "@holdfast/sim";
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

test("what nobody sent, a gap, and a state that the log doesn't lead to are found", async () => {
  const { cluster, workload } = await runLoad(LOAD, new ListCluster(1));
  const { chosen, ledger, log, standings } = cluster;
  const check = (last: number, at: typeof chosen.at): string | undefined =>
    workload.checkLog({ last, at }, ledger)?.check;

  assert.equal(check(0, chosen.at), "load: answered ok and not in the log");
  assert.equal(
    check(chosen.last, (i) => (i === 9 ? undefined : log[i - 1])),
    "load: chosen log has a gap",
  );
  const foreign = encodeCommand(
    { op: "read", serial: 999_999, session: 1, number: 1, key: 1, value: 0, to: 0 },
    0,
  );
  const isCommand = (i: number): boolean => i > 5 && log[i - 1]?.kind === "command";
  const place = log.findIndex((_, i) => isCommand(i + 1)) + 1;
  const replaced = (i: number): Entry | undefined => {
    const entry = log[i - 1];
    return entry !== undefined && i === place ? { ...entry, data: foreign } : entry;
  };
  assert.equal(check(chosen.last, replaced), "load: a command that nobody sent");
  const skipped = (i: number): Entry | undefined => {
    const entry = log[i - 1];
    return entry !== undefined && i === place ? { ...entry, kind: "noop" } : entry;
  };
  assert.equal(check(chosen.last, skipped), "state: replay differs");

  assert.equal(workload.checkEnd({ chosen, ledger, standings }), undefined);
  const behind = standings.map((one) => ({ ...one, applied: one.applied - one.node }));
  const end = workload.checkEnd({ chosen, ledger, standings: behind });
  assert.equal(end?.check, "state: replicas have not converged");
});

test("a history that can't be decided is a failure with a name", async () => {
  const { workload } = await runLoad({ ...LOAD, clients: 20, thinkMs: 2 }, new ListCluster(2));
  const broken = workload.checkHistory({ configurationsMax: 1 });
  assert.equal(broken?.check, "load: linearizability undecided");
  assert.match(broken.message, /^\d+ operations of model key-value, \d+ configurations, no answer/);
});

test("a counterexample is few lines that name the clients", async () => {
  const load = { ...LOAD, model: "register" } as const;
  const { workload } = await runLoad(load, new ListCluster(2, { fault: "stale-read" }));
  const { message = "" } = workload.checkHistory() ?? {};
  assert.match(message, /^Not linearizable: register/);
  assert.match(message, /client \d/);
  assert.ok(message.split("\n").length < 20, message);
});

test("every check of the workloads has been seen to fire", async () => {
  const sources = fileURLToPath(new URL("../../src/load/", import.meta.url));
  const tests = fileURLToPath(new URL("../../test/", import.meta.url));
  const read = (folder: string): string =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".ts") && (folder === sources || name.startsWith("load")))
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("\n");
  const named = [...read(sources).matchAll(/(?:check: |broken\(\s*)"([^"]+)"/g)].map(
    ([, name]) => name,
  );
  const checks = new Set(named);
  assert.ok(checks.size >= 18, [...checks].join("\n"));
  const told = read(tests);
  for (const check of checks) assert.ok(told.includes(`"${check}"`), `no test names "${check}"`);
});
