/** Shrinking: what comes out still fails, and nothing more can be taken away. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  FAIR,
  type Failure,
  type Fault,
  PLAN_VERSION,
  type Plan,
  shrink,
  TraceHash,
} from "../src/index.ts";
import { dropNode } from "../src/shrink/drop-node.ts";

const PLAN: Plan = {
  format: "holdfast-plan",
  version: PLAN_VERSION,
  seed: "7",
  nodes: 5,
  safetyMs: 20_000,
  knobs: { electionTimeoutMs: 200, electionTimeoutMaxMs: 400, heartbeatMs: 50, windowMessages: 1 },
  nodeKnobs: { 2: { preVote: false }, 5: { segmentBytes: 4096, noop: true } },
  weather: { delayMs: 2, jitterMs: 9, lost: 50, repeated: 20 },
  disks: { syncMs: 3, syncJitterMs: 2, afterFailedSync: "reverts" },
  clocks: [1, 2, 3, 4, 5].map((id) => ({ offsetMs: id, driftPpm: -id })),
  maybe: { "point one": 100, "point two": 50, "point three": 20 },
  load: {
    model: "register",
    clients: 9,
    keys: 4,
    thinkMs: 100,
    timeoutMs: 1000,
    reads: 300,
    valueBytes: 16,
  },
  faults: Array.from({ length: 24 }, (_, at) => faultAt(at)),
  healing: { core: [1, 3, 4], others: { 2: "down", 5: "cut" }, calmTimeouts: 10 },
};

function faultAt(at: number): Fault {
  const head = { id: at + 1, at: 800 * at };
  const who = (at % 5) + 1;
  const ending = { power: true, keep: "some", downMs: 300 } as const;
  if (at % 4 === 0) return { ...head, kind: "crash", who, ...ending };
  if (at % 4 === 1) return { ...head, kind: "pause", who: "leader", forMs: 700 };
  if (at % 4 === 2) return { ...head, kind: "outage", ...ending };
  return { ...head, kind: "partition", shape: { kind: "isolate", who }, forMs: 900 };
}

function failure(check: string, at: number): Failure {
  return { check, message: "", at, node: 1, stack: "" };
}

/** What a plan must have to fail. */
interface Need {
  readonly faults: readonly number[];
  readonly nodes: number;
  readonly clients: number;
  readonly knobs: readonly string[];
  readonly maybe: readonly string[];
  readonly lost: number;
  readonly atMs: number;
}

function failsBy(need: Need, plan: Plan): Failure | undefined {
  const ids = plan.faults.map(({ id }) => id);
  const hasAll =
    need.faults.every((id) => ids.includes(id)) &&
    need.knobs.every((name) => Object.hasOwn(plan.knobs, name)) &&
    need.maybe.every((point) => Object.hasOwn(plan.maybe, point));
  const isEnough =
    plan.nodes >= need.nodes &&
    plan.load.clients >= need.clients &&
    plan.weather.lost >= need.lost &&
    plan.safetyMs >= need.atMs;
  return hasAll && isEnough ? failure("needed", need.atMs) : undefined;
}

const needs: fc.Arbitrary<Need> = fc.record({
  // Such as survive when node 5 is the first to go: its faults go with it.
  faults: fc.uniqueArray(
    fc.integer({ min: 0, max: 5 }).map((at) => 4 * at + 2),
    { maxLength: 6 },
  ),
  nodes: fc.integer({ min: 1, max: 5 }),
  clients: fc.integer({ min: 1, max: 9 }),
  knobs: fc.subarray(["windowMessages", "electionTimeoutMs"]),
  maybe: fc.subarray(Object.keys(PLAN.maybe)),
  lost: fc.constantFrom(0, 50),
  atMs: fc.constant(19_999),
});

test("a shrunken plan still fails, and has only what the failure needs", async () => {
  await fc.assert(
    fc.asyncProperty(needs, fc.integer({ min: 1, max: 4 }), async (need, width) => {
      const run = async (plan: Plan): Promise<Failure | undefined> => failsBy(need, plan);
      const { plan, isMinimal, runs } = await shrink({
        plan: PLAN,
        failure: failure("needed", need.atMs),
        run,
        width,
      });
      assert.ok(isMinimal && runs < 1000, `${runs} runs`);
      assert.notEqual(failsBy(need, plan), undefined);
      const ids = plan.faults.map(({ id }) => id);
      assert.deepEqual(
        ids,
        [...need.faults].sort((a, b) => a - b),
      );
      assert.equal(plan.nodes, need.nodes);
      assert.equal(plan.load.clients, need.clients);
      assert.deepEqual(Object.keys(plan.maybe).sort(), [...need.maybe].sort());
      assert.deepEqual(plan.weather, { ...FAIR, jitterMs: 0, lost: need.lost });
      for (const fault of plan.faults) assert.ok("forMs" in fault && fault.forMs === 1);
      assert.ok(plan.clocks.every(({ offsetMs, driftPpm }) => offsetMs === 0 && driftPpm === 0));
      assert.deepEqual(plan.nodeKnobs, {});
      assert.equal(plan.clocks.length, plan.nodes);
      assert.equal(plan.safetyMs, need.atMs);
      assert.ok(plan.faults.every(({ at }) => at === 0));
    }),
    { numRuns: 60 },
  );
});

test("options that need each other stay together", async () => {
  const need = {
    faults: [],
    nodes: 1,
    clients: 1,
    knobs: ["electionTimeoutMaxMs"],
    maybe: [],
    lost: 0,
    atMs: 1,
  };
  const { plan } = await shrink({
    plan: PLAN,
    failure: failure("needed", 1),
    run: async (candidate) => failsBy(need, candidate),
  });
  // Without the shorter electionTimeoutMs the bound of 400 would not be legal.
  assert.deepEqual(plan.knobs, { electionTimeoutMs: 200, electionTimeoutMaxMs: 400 });
});

test("no single fault, option or rare path can be spared, whatever the failure depends on", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 7 }), fc.nat(1000), async (divisor, salt) => {
      // Fails for about one of `divisor` plans, in no order at all.
      const isBad = (plan: Plan): boolean => {
        const hash = new TraceHash();
        hash.note(salt);
        const names = [...Object.keys(plan.knobs), ...Object.keys(plan.maybe)].sort();
        for (const part of [...plan.faults.map(({ id }) => id), ...names]) hash.note(part);
        return Number.parseInt(hash.digest().slice(0, 6), 16) % divisor === 0;
      };
      fc.pre(isBad(PLAN));
      const run = async (plan: Plan): Promise<Failure | undefined> =>
        isBad(plan) ? failure("odd", 20_000) : undefined;
      const { plan, isMinimal } = await shrink({
        plan: PLAN,
        failure: failure("odd", 20_000),
        run,
      });
      assert.ok(isMinimal && isBad(plan));
      for (const { id } of plan.faults) {
        const faults = plan.faults.filter((fault) => fault.id !== id);
        assert.ok(!isBad({ ...plan, faults }), `fault ${id} can be spared`);
      }
      for (const point of Object.keys(plan.maybe)) {
        const { [point]: _, ...maybe } = plan.maybe;
        assert.ok(!isBad({ ...plan, maybe }), `${point} can be spared`);
      }
    }),
    { numRuns: 60 },
  );
});

test("a failure of another check is not followed", async () => {
  const run = async (plan: Plan): Promise<Failure | undefined> =>
    plan.faults.length >= 3 ? failure("wanted", 20_000) : failure("another", 1);
  const { plan } = await shrink({ plan: PLAN, failure: failure("wanted", 20_000), run });
  assert.equal(plan.faults.length, 3);
});

test("what happens after the failure goes first, with one run", async () => {
  const lengths: number[] = [];
  const run = async (plan: Plan): Promise<Failure | undefined> => {
    lengths.push(plan.safetyMs);
    return plan.safetyMs >= 5000 ? failure("late", 4999.5) : undefined;
  };
  const { plan } = await shrink({ plan: PLAN, failure: failure("late", 4999.5), run, runsMax: 1 });
  assert.deepEqual(lengths, [5000]);
  assert.equal(plan.safetyMs, 5000);
  assert.ok(plan.faults.every(({ at }) => at <= 5000));
});

test("when the runs are spent, the smallest plan so far comes out, and that it may not be minimal", async () => {
  let runs = 0;
  const { plan, isMinimal, ...rest } = await shrink({
    plan: PLAN,
    failure: failure("always", 20_000),
    run: async () => {
      runs++;
      return failure("always", 20_000);
    },
    runsMax: 5,
    onProgress: ({ stage }) => assert.notEqual(stage, ""),
  });
  assert.ok(!isMinimal);
  assert.equal(rest.runs, 5);
  assert.equal(runs, 5);
  assert.notDeepEqual(plan, PLAN);
});

test("of lanes that a fault hits only those that are needed stay, and none are named when any will do", async () => {
  const shape = { kind: "isolate", who: 1 } as const;
  const lanes = ["vote", "snapshot"] as const;
  const faults: readonly Fault[] = [
    { id: 1, at: 0, kind: "clog", shape, forMs: 1, lanes },
    { id: 2, at: 0, kind: "break", shape, lanes },
  ];
  const { plan } = await shrink({
    plan: { ...PLAN, faults },
    failure: failure("needed", 20_000),
    run: async (candidate) => {
      const clog = candidate.faults.find(({ kind }) => kind === "clog");
      const isStalled = clog?.kind === "clog" && clog.lanes?.includes("snapshot") === true;
      const isBroken = candidate.faults.some(({ kind }) => kind === "break");
      return isStalled && isBroken ? failure("needed", 20_000) : undefined;
    },
  });
  assert.deepEqual(
    plan.faults.map((fault) => ("lanes" in fault ? [fault.kind, fault.lanes] : [fault.kind])),
    [["clog", ["snapshot"]], ["break"]],
  );
});

test("dropNode: names move down, what was about the node goes, the core stays a majority", () => {
  const faults: readonly Fault[] = [
    { id: 1, at: 1, kind: "pause", who: 2, forMs: 1 },
    { id: 2, at: 2, kind: "pause", who: 3, forMs: 1 },
    { id: 3, at: 3, kind: "pause", who: "leader", forMs: 1 },
    {
      id: 4,
      at: 4,
      kind: "partition",
      shape: { kind: "split", groups: [[1, 2], [3], [2]] },
      forMs: 1,
    },
    { id: 5, at: 5, kind: "break", shape: { kind: "link", from: 2, to: "leader" } },
    { id: 6, at: 6, kind: "break", shape: { kind: "link", from: 3, to: "leader" } },
    { id: 7, at: 7, kind: "break", shape: { kind: "ring", order: [3, 1, 2, 5, 4] } },
    { id: 8, at: 8, kind: "filter", shape: "all", messages: [], lost: 9, forMs: 1 },
    { id: 9, at: 9, kind: "break", shape: { kind: "bridge", who: 2 } },
    { id: 12, at: 9, kind: "break", shape: { kind: "deaf", who: 3 }, lanes: ["vote"] },
    { id: 10, at: 10, kind: "disk-clone", who: 5, of: 4, downMs: 1 },
    { id: 11, at: 11, kind: "disk-clone", who: 5, of: 2, downMs: 1 },
  ];
  const healing = { core: [1, 2, 3], others: { 4: "down", 5: "cut" }, calmTimeouts: 0 } as const;
  const plan = dropNode({ ...PLAN, faults, healing }, 2);
  assert.equal(plan?.nodes, 4);
  assert.deepEqual(plan.nodeKnobs, { 4: { segmentBytes: 4096, noop: true } });
  assert.deepEqual(
    plan.clocks.map(({ offsetMs }) => offsetMs),
    [1, 3, 4, 5],
  );
  assert.deepEqual(plan.faults, [
    { id: 2, at: 2, kind: "pause", who: 2, forMs: 1 },
    { id: 3, at: 3, kind: "pause", who: "leader", forMs: 1 },
    { id: 4, at: 4, kind: "partition", shape: { kind: "split", groups: [[1], [2]] }, forMs: 1 },
    { id: 6, at: 6, kind: "break", shape: { kind: "link", from: 2, to: "leader" } },
    { id: 7, at: 7, kind: "break", shape: { kind: "ring", order: [2, 1, 4, 3] } },
    { id: 8, at: 8, kind: "filter", shape: "all", messages: [], lost: 9, forMs: 1 },
    { id: 12, at: 9, kind: "break", shape: { kind: "deaf", who: 2 }, lanes: ["vote"] },
    { id: 10, at: 10, kind: "disk-clone", who: 4, of: 3, downMs: 1 },
  ]);
  assert.deepEqual(plan.healing, { core: [1, 2, 3], others: { 4: "cut" }, calmTimeouts: 0 });
  assert.equal(dropNode({ ...PLAN, nodes: 1 }, 1), undefined);
});
