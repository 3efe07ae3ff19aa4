/**
 * Plans from seeds: pure, legal, within the fault budget, and as varied as they are meant to be.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, majorityOf, makeConfig } from "@holdfast/raft";
import { openReplica } from "@holdfast/replica";
import {
  checkPlan,
  drawPlan,
  FAULT_KINDS,
  hostPump,
  knobsOf,
  LoadMachine,
  type Plan,
  PlanError,
  Random,
  RECIPE_NAMES,
  Scheduler,
  SimDisk,
  SimNetwork,
  spentNodes,
  VirtualClock,
} from "@holdfast/sim";

const SEEDS = 2500;
const PLANS: readonly Plan[] = Array.from({ length: SEEDS }, (_, seed) => drawPlan(seed));

function idsOf(plan: Plan): number[] {
  return Array.from({ length: plan.nodes }, (_, at) => at + 1);
}

function isError(field: string, text: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof PlanError &&
    error.code === "SIM_PLAN" &&
    error.field === field &&
    text.test(error.message);
}

test("a plan is a function of its seed, and a number and its digits are the same seed", () => {
  for (const seed of [0, 1, 42, "figure", 2 ** 40]) {
    assert.deepEqual(drawPlan(seed), drawPlan(seed));
    assert.deepEqual(drawPlan(seed), drawPlan(String(seed)));
  }
  assert.notDeepEqual(drawPlan(1), { ...drawPlan(2), seed: "1" });
});

test("what is fixed in one place shifts nothing elsewhere", () => {
  for (let seed = 0; seed < 50; seed++) {
    const plan = drawPlan(seed);
    const other = drawPlan(seed, { load: { keys: 1234 }, knobs: { applySliceMs: 77 } });
    assert.deepEqual(other.faults, plan.faults);
    assert.deepEqual(other.healing, plan.healing);
    assert.deepEqual(other.clocks, plan.clocks);
    assert.equal(other.load.keys, 1234);
    assert.equal(other.knobs.applySliceMs, 77);
  }
});

test(`${SEEDS} plans keep to all rules for stored plans, and the core takes their options`, () => {
  for (const plan of PLANS) {
    checkPlan(plan);
    const voters = idsOf(plan);
    for (const id of voters) makeConfig({ ...knobsOf(plan, id), id, members: { voters } });
  }
});

test("a replica opens with the options that are drawn", async () => {
  for (const plan of PLANS.slice(0, 60)) {
    const scheduler = new Scheduler({ eventsMax: 100_000 });
    const clock = new VirtualClock(scheduler);
    const random = new Random(plan.seed);
    const voters = idsOf(plan);
    const id = plan.nodes;
    const knobs = knobsOf(plan, id);
    const status = await scheduler.run(async () => {
      const replica = await openReplica({
        ...knobs,
        config: makeConfig({ ...knobs, id, members: { voters } }),
        clusterId: 1,
        disk: new SimDisk({ random: () => random.fraction() }),
        network: new SimNetwork(scheduler, random).plug(id),
        clock,
        machine: new LoadMachine(),
        random: 1,
      });
      const { state } = replica.status();
      await replica.close();
      return state;
    }, hostPump);
    assert.equal(status, "running");
  }
});

test("a leader's heartbeats reach the most impatient follower in time, at any clock", () => {
  for (const plan of PLANS) {
    const drifts = plan.clocks.map(({ driftPpm }) => Math.abs(driftPpm));
    const stretch = (1 + Math.max(...drifts) / 1e6) / (1 - Math.max(...drifts) / 1e6);
    const all = idsOf(plan).map((id) => knobsOf(plan, id));
    const shortest = Math.min(...all.map(({ electionTimeoutMs = 0 }) => electionTimeoutMs));
    for (const { heartbeatMs = 0, electionTimeoutMaxMs = 0 } of all) {
      assert.ok(heartbeatMs * stretch * 2 <= shortest, `seed ${plan.seed}`);
      // All bounds of the healing count in the common timeout.
      assert.ok(electionTimeoutMaxMs <= (plan.knobs.electionTimeoutMaxMs ?? 0));
    }
  }
});

test("old packets stop coming again soon after the healing", () => {
  let replays = 0;
  for (const { weather, faults, knobs, safetyMs } of PLANS) {
    const echoMs = 2 * (knobs.electionTimeoutMaxMs ?? 0) + 1;
    assert.ok((weather.replayMs ?? 0) <= echoMs);
    for (const fault of faults) {
      if (fault.kind !== "weather" || fault.weather.replayMs === undefined) continue;
      replays++;
      const last = fault.at + fault.forMs + fault.weather.replayMs;
      assert.ok(last <= safetyMs + echoMs || fault.weather.replayMs === 1);
    }
  }
  assert.ok(replays > 100, String(replays));
});

test("a disk dies for good only where the healed core can do without it, and none lies or has two users", () => {
  let dead = 0;
  const fates = new Set<string>();
  for (const { faults, healing } of PLANS) {
    for (const fate of Object.values(healing.others)) fates.add(fate);
    for (const fault of faults) {
      assert.notEqual(fault.kind, "disk-lies");
      assert.notEqual(fault.kind, "twin");
      if (fault.kind !== "disk-dead") continue;
      dead++;
      assert.equal(healing.core.includes(fault.who), false);
    }
  }
  assert.ok(dead > SEEDS / 50, String(dead));
  assert.ok(fates.has("dead-disk"), [...fates].join());
});

test("some faults hit one or two lanes of their links, and most hit all", () => {
  const counts = { all: 0, some: 0 };
  const named = new Set<string>();
  for (const { faults } of PLANS) {
    for (const { kind, ...fault } of faults) {
      if (kind !== "clog" && kind !== "slow-link" && kind !== "break") continue;
      const { lanes } = fault as { readonly lanes?: readonly string[] };
      counts[lanes === undefined ? "all" : "some"]++;
      if (lanes === undefined) continue;
      assert.ok(lanes.length === 1 || lanes.length === 2, lanes.join());
      named.add(`${kind} ${lanes}`);
    }
  }
  assert.equal(named.size, 3 * 6, [...named].sort().join("; "));
  assert.ok(counts.some > 100 && counts.some < counts.all, JSON.stringify(counts));
});

test("pauses last up to twenty timeouts, the longest rarely, and at most a third of the phase", () => {
  let pauses = 0;
  let long = 0;
  let longest = 0;
  for (const { faults, knobs, safetyMs } of PLANS) {
    for (const fault of faults) {
      if (fault.kind !== "pause") continue;
      const timeouts = fault.forMs / (knobs.electionTimeoutMaxMs ?? 0);
      assert.ok(fault.forMs <= Math.ceil(safetyMs / 3), `${fault.forMs} ms`);
      assert.ok(timeouts < 20.1, `${timeouts} timeouts`);
      pauses++;
      if (timeouts > 10.1) long++;
      longest = Math.max(longest, timeouts);
    }
  }
  assert.ok(longest > 15, `${longest} timeouts`);
  assert.ok(long > pauses / 100 && long < pauses / 10, `${long} of ${pauses}`);
});

test("writes go astray in some plans", () => {
  const astray = PLANS.filter(({ faults }) =>
    faults.some((fault) => fault.kind === "disk-damage" && fault.damage === "misdirected-write"),
  );
  assert.ok(astray.length > SEEDS / 50, String(astray.length));
});

test("damage and loss hit a minority, by id, and never the core that is healed", () => {
  let spending = 0;
  for (const { faults, healing, nodes } of PLANS) {
    const spent = spentNodes(faults);
    if (spent.size > 0) spending++;
    assert.ok(spent.size <= nodes - majorityOf(nodes));
    for (const id of healing.core) assert.equal(spent.has(id), false);
    for (const fault of faults) {
      assert.notEqual(fault.kind, "disk-rollback");
      const { kind } = fault;
      if (kind !== "disk-damage" && kind !== "disk-loss" && kind !== "disk-clone") continue;
      assert.equal(typeof fault.who, "number");
    }
  }
  assert.ok(spending > SEEDS / 50, String(spending));
});

test("nobody is left deaf, or with a bad disk, who would unseat leaders or keep others from electing one", () => {
  const left = { deaf: 0, "hung-disk": 0, "dead-disk": 0 };
  let rude = 0;
  for (const plan of PLANS) {
    const { others, calmTimeouts } = plan.healing;
    for (const [id, fate] of Object.entries(others)) {
      if (fate !== "deaf" && fate !== "hung-disk" && fate !== "dead-disk") continue;
      left[fate]++;
      const { preVote, checkQuorum } = knobsOf(plan, Number(id));
      assert.equal(checkQuorum, true);
      if (preVote === true) continue;
      rude++;
      // What it has on disk may unseat a leader once: in the calm that is once too often.
      assert.ok(fate !== "deaf" && calmTimeouts === 0, fate);
    }
  }
  const { deaf, "hung-disk": hung, "dead-disk": dead } = left;
  assert.ok(deaf > 100 && hung > 50 && dead > 50, JSON.stringify(left));
  assert.ok(rude > 10, `${rude} without pre-vote`);
});

test("every kind of fault and every recipe occurs, and no plan is flooded", () => {
  const plansWith = new Map<string, number>();
  let faults = 0;
  for (const plan of PLANS) {
    const kinds = new Set<string>(plan.faults.map(({ kind }) => kind));
    if (plan.recipe !== undefined) kinds.add(`recipe ${plan.recipe}`);
    for (const kind of kinds) plansWith.set(kind, (plansWith.get(kind) ?? 0) + 1);
    faults += plan.faults.length;
    assert.ok(plan.faults.length <= 250, `seed ${plan.seed}: ${plan.faults.length}`);
  }
  for (const kind of FAULT_KINDS) {
    assert.ok((plansWith.get(kind) ?? 0) >= SEEDS / 100, `${kind} ${plansWith.get(kind)}`);
  }
  let recipes = 0;
  for (const name of RECIPE_NAMES) {
    const count = plansWith.get(`recipe ${name}`) ?? 0;
    assert.ok(count > 0, name);
    recipes += count;
  }
  assert.ok(recipes > SEEDS * 0.1 && recipes < SEEDS * 0.16, String(recipes));
  const mean = faults / SEEDS;
  assert.ok(mean > 10 && mean < 40, String(mean));
});

test("sizes, lengths and loads are those that a campaign can pay for", () => {
  const sizes = new Map<number, number>();
  let longMs = 0;
  let busy = 0;
  let calm = 0;
  for (const { nodes, safetyMs, load, healing } of PLANS) {
    sizes.set(nodes, (sizes.get(nodes) ?? 0) + 1);
    assert.ok(safetyMs >= 20_000 && safetyMs <= 45_000);
    longMs += safetyMs;
    const perSecond = (load.clients * 1000) / load.thinkMs;
    assert.ok(perSecond <= 260, `${perSecond} operations a second`);
    if (perSecond > 70) busy++;
    if (healing.calmTimeouts > 0) calm++;
  }
  assert.deepEqual([...sizes.keys()].sort(), [1, 2, 3, 4, 5, 7]);
  assert.ok((sizes.get(3) ?? 0) + (sizes.get(5) ?? 0) > SEEDS * 0.75);
  assert.ok(longMs / SEEDS < 25_000, String(longMs / SEEDS));
  assert.ok(busy > 0 && busy < SEEDS * 0.12, String(busy));
  assert.ok(calm > SEEDS * 0.07 && calm < SEEDS * 0.13, String(calm));
});

test("options go to their extremes", () => {
  const extremes: Readonly<Record<string, (plan: Plan) => boolean>> = {
    "one entry per message": ({ knobs }) => knobs.messageBytesMax === 1,
    "one message at a time": ({ knobs }) => knobs.windowMessages === 1,
    "a window of a few bytes": ({ knobs }) => (knobs.windowBytes ?? 0) <= 200,
    "segments of 4 KiB": ({ knobs }) => knobs.segmentBytes === 4096,
    "segments of one batch": ({ knobs }) => knobs.segmentBytes === 512,
    "a snapshot after three entries": ({ knobs }) => knobs.snapshotEveryEntries === 3,
    "no entry kept": ({ knobs }) => knobs.trailingEntries === 0,
    "pieces of a few bytes": ({ knobs }) => (knobs.snapshotChunkBytes ?? 0) < 8,
    "one proposal at a time": ({ knobs }) => knobs.proposalsMax === 1,
    "news that waits": ({ knobs }) => (knobs.coalesceMs ?? 0) > 0,
    "no pre-vote": ({ knobs }) => knobs.preVote === false,
    "no check-quorum": ({ knobs }) => knobs.checkQuorum === false,
    "no entry at the start of a term": ({ knobs }) => knobs.noop === false,
    "nodes that differ": ({ nodeKnobs }) => Object.keys(nodeKnobs).length > 0,
    "clocks off by a tenth": ({ clocks }) => clocks.some(({ driftPpm }) => driftPpm > 80_000),
  };
  for (const [name, isMet] of Object.entries(extremes)) {
    const count = PLANS.filter(isMet).length;
    assert.ok(count > SEEDS / 100 && count < SEEDS * 0.6, `${name}: ${count}`);
  }
});

test("a rare path is on in a quarter of the plans, in 5 to 25 of 100 cases", () => {
  const maybePoints = [
    { name: "late", oftenMax: 1000 },
    { name: "short", oftenMax: 60 },
  ];
  const names = maybePoints.map(({ name }) => name);
  let on = 0;
  let calm = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const { maybe, healing } = drawPlan(seed, { maybePoints });
    for (const [point, odds] of Object.entries(maybe)) {
      assert.ok(names.includes(point));
      assert.ok(odds >= 50 && odds <= (point === "short" ? 60 : 250));
      on++;
    }
    if (healing.calmTimeouts === 0) continue;
    calm++;
    assert.deepEqual(maybe, {});
  }
  assert.ok(on > 380 && on < 540, String(on));
  assert.ok(calm > 50);
});

test("a profile fixes what it names", () => {
  const sizes = new Set<number>();
  for (let seed = 0; seed < 40; seed++) {
    sizes.add(drawPlan(seed, { nodes: [2, 7] }).nodes);
    assert.equal(drawPlan(seed, { safetyMs: 1234 }).safetyMs, 1234);
    const only = drawPlan(seed, { nodes: 5, faults: ["crash", "disk-damage"] });
    assert.deepEqual([...new Set(only.faults.map(({ kind }) => kind))].sort(), [
      "crash",
      "disk-damage",
    ]);
    const all = new Set(drawPlan(seed, { nodes: 3, faults: "all" }).faults.map(({ kind }) => kind));
    assert.ok(all.size >= FAULT_KINDS.length - 4, [...all].join(" "));
    const none = drawPlan(seed, { faults: "none" });
    assert.deepEqual(none.faults, []);
    assert.equal(none.healing.core.length, none.nodes);
    assert.equal(none.weather.lost, 0);
    assert.equal(drawPlan(seed, { recipe: "none" }).recipe, undefined);
    const fixed = { electionTimeoutMs: 500, electionTimeoutMaxMs: 700, preVote: false };
    const plan = drawPlan(seed, { knobs: fixed });
    for (const id of idsOf(plan)) {
      const { electionTimeoutMs, electionTimeoutMaxMs, preVote } = knobsOf(plan, id);
      assert.deepEqual({ electionTimeoutMs, electionTimeoutMaxMs, preVote }, fixed);
    }
    assert.equal(drawPlan(seed, { knobs: { heartbeatMs: 90 } }).knobs.heartbeatMs, 90);
  }
  assert.deepEqual([...sizes].sort(), [2, 7]);
});

test("a profile that can't be met is refused by field and value", () => {
  assert.throws(() => drawPlan(1, { nodes: 0 }), isError("nodes", /1 to 9, got 0/));
  assert.throws(() => drawPlan(1, { nodes: [3, 2.5] }), isError("nodes", /got 2.5/));
  assert.throws(() => drawPlan(1, { recipe: "bog" }), isError("recipe", /figure-8.*got "bog"/));
  const small = { recipe: "majority-ring", nodes: 2 };
  assert.throws(() => drawPlan(1, small), isError("nodes", /3 or more .* majority-ring, got 2/));
  const odd = { faults: ["flood"] as never };
  assert.throws(() => drawPlan(1, odd), isError("faults", /must be all, none.*got "flood"/));
  const knobs = { electionTimeoutMs: 100, heartbeatMs: 100 };
  assert.throws(
    () => drawPlan(1, { knobs }),
    (error: unknown) => error instanceof ConfigError && error.field === "heartbeatMs",
  );
});
