/** The real engine: marks, narration, and a recording that others can read. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { RAFT_MARKS } from "@holdfast/raft";
import { MAYBE_POINTS, REPLICA_MARKS, readTrace } from "@holdfast/replica";
import { runPlanned } from "../src/run-job.ts";
import { engine, OUT_OF_REACH } from "../src/sim-engine.ts";

const PROFILE = { nodes: 3, safetyMs: 3000 } as const;

test("all marks are asked for, but those that no run can reach", () => {
  const all = [...RAFT_MARKS, ...REPLICA_MARKS, ...MAYBE_POINTS].map(({ name }) => name);
  for (const name of OUT_OF_REACH.keys()) assert.ok(all.includes(name), `${name} is no mark`);
  assert.equal(engine.marks.length, all.length - OUT_OF_REACH.size);
  assert.ok(engine.marks.length > 80);
});

test("what a run reaches is among the marks", async () => {
  for (const seed of [1, 2, 3]) {
    const { outcome } = await runPlanned(engine, engine.plan(seed, {}), {});
    assert.ok((outcome?.marks.length ?? 0) > 0);
    for (const mark of outcome?.marks ?? []) assert.ok(engine.marks.includes(mark), mark);
  }
});

test("a run that is watched has the same outcome, and its recording can be read", async () => {
  const plan = engine.plan(11, PROFILE);
  const plain = await runPlanned(engine, plan, {});
  assert.equal(plain.failure, undefined);
  const told: string[] = [];
  const recorded: string[] = [];
  const watched = await runPlanned(engine, plan, {
    narrate: (line) => void told.push(line),
    record: (line) => void recorded.push(line),
  });
  assert.deepEqual(watched.outcome, plain.outcome);
  const [recording, ...more] = readTrace(recorded);
  assert.deepEqual(more, []);
  assert.equal(recording?.header.seed, "11");
  assert.deepEqual(recording.header.nodes, [1, 2, 3]);
  assert.equal(recording.events.length, recorded.length - 1);
  assert.ok(told.length > 100 && told.length < recorded.length);
  assert.ok(told.some((line) => line.includes("leader of term")));
  assert.ok(!told.some((line) => line.includes("disk: sync ") && line.endsWith(" ok")));
});

test("a plan is the same after a way through JSON", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const plan = engine.plan(seed, {});
    assert.deepEqual(engine.fromJson(engine.toJson(plan)), plan);
    assert.ok(engine.describe(plan).length > 5);
  }
});
