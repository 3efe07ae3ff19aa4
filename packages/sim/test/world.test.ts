/** Whole runs: the same plan gives the same run, whatever else happens; what breaks is named. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { hearMarks } from "@holdfast/raft";
import { maybe } from "@holdfast/replica";
import { drawPlan, hostPump, type Outcome, type Plan, runPlan } from "@holdfast/sim";

const PROFILE = { safetyMs: 4000 } as const;

function run(plan: Plan): Promise<Outcome> {
  return runPlan(plan, { pump: hostPump });
}

test("world: the same plan gives the same outcome, and another seed another one", async () => {
  const hashes = new Set<string>();
  for (let seed = 1; seed <= 5; seed++) {
    const first = await run(drawPlan(seed, PROFILE));
    const second = await run(drawPlan(seed, PROFILE));
    assert.deepEqual(second, first);
    assert.equal(first.failure, undefined);
    assert.ok(first.figures.committed > 0);
    hashes.add(first.hash);
  }
  assert.equal(hashes.size, 5);
});

test("world: runs that take turns in one thread are what each is alone, rare paths and marks included", async () => {
  const plans = [11, 12, 13, 14].map((seed) => drawPlan(seed, PROFILE));
  assert.ok(plans.some((plan) => Object.keys(plan.maybe).length > 0));
  const alone: Outcome[] = [];
  for (const plan of plans) alone.push(await run(plan));
  assert.deepEqual(await Promise.all(plans.map(run)), alone);
});

test("world: after a run production code takes no rare path and tells of no mark", async () => {
  let heard = 0;
  await run(drawPlan(21, PROFILE));
  hearMarks(() => heard++);
  hearMarks(undefined);
  assert.equal(maybe("driver: lose a packet"), false);
  assert.equal(heard, 0);
});

test("world: a run that is watched is the same run, also when events of equal time are shuffled", async () => {
  let shuffled = 0;
  for (let seed = 101; seed < 109; seed++) {
    const plan = drawPlan(seed, { ...PROFILE, faults: "all" });
    if (plan.shuffled === true) shuffled++;
    let events = 0;
    let syncs = 0;
    const watched = await runPlan(plan, {
      pump: hostPump,
      trace: (event) => {
        events++;
        if (event.kind === "disk" && event.operation.startsWith("sync")) syncs++;
      },
    });
    // Over all lives of all servers.
    assert.equal(watched.figures.syncs, syncs);
    assert.deepEqual(watched, await run(plan), `seed ${seed}`);
    assert.ok(events > 100, `${events} events`);
  }
  assert.ok(shuffled > 0);
});

test("world: one bit of the plan changes the run", async () => {
  const plan = drawPlan(31, PROFILE);
  const { hash } = await run(plan);
  const { disks } = plan;
  const slower = await run({ ...plan, disks: { ...disks, syncMs: disks.syncMs + 0.01 } });
  assert.notEqual(slower.hash, hash);
});

test("world: a run that spins ends as a failure with its time, not as a hang", async () => {
  const { failure } = await runPlan(drawPlan(41, PROFILE), { pump: hostPump, eventsMax: 500 });
  assert.match(failure?.check ?? "", /More than 500 events/);
  assert.ok((failure?.at ?? 0) > 0);
});

test("world: every node of the core makes progress after the healing, within the stated timeouts", async () => {
  for (let seed = 51; seed < 71; seed++) {
    const { failure, figures } = await run(drawPlan(seed, PROFILE));
    assert.equal(failure, undefined);
    const { recovery } = figures;
    assert.ok(recovery !== undefined);
    assert.ok(recovery.leader <= 20 && recovery.leader <= recovery.commit);
    assert.ok(recovery.commit <= recovery.caughtUp);
  }
});

test("world: a core that isn't whole is a failure, and no run that passes for want of demands", async () => {
  const plan: Plan = {
    ...drawPlan(61, { nodes: 1, faults: "none", safetyMs: 3000 }),
    faults: [
      {
        id: 1,
        at: 2000,
        kind: "disk-damage",
        who: 1,
        area: "wal",
        place: "head",
        damage: "noise-sector",
        downMs: 10,
      },
    ],
  };
  const { failure, figures } = await run(plan);
  assert.equal(failure?.check, "liveness: the core is not whole");
  assert.match(failure.message, /Refused to start, for a damaged disk: 1$/);
  assert.equal(figures.faults["disk-damage"], 1);
  assert.equal(figures.recovery, undefined);
});

test("thesis §6.3 world: counters count every operation once, however often it was sent", async () => {
  let operations = 0;
  for (let seed = 81; seed < 86; seed++) {
    const { failure, figures } = await run(
      drawPlan(seed, { ...PROFILE, load: { model: "counter", reads: 200 } }),
    );
    assert.equal(failure, undefined);
    operations += figures.operations.ok;
  }
  assert.ok(operations > 100, `${operations} operations`);
});

test("N14 world: with every tenth packet damaged on all links nothing wrong is read, and work goes on", async () => {
  let committed = 0;
  let damaged = 0;
  for (let seed = 85; seed < 90; seed++) {
    const plan: Plan = {
      ...drawPlan(seed, { nodes: 3, faults: "none", recipe: "none", safetyMs: 8000 }),
      carrying: "connections",
      faults: [{ id: 1, at: 500, kind: "corrupt", shape: "all", damaged: 100, forMs: 7000 }],
    };
    const { failure, figures } = await runPlan(plan, {
      pump: hostPump,
      trace: (event) => {
        if (event.kind === "lost" && event.why === "damage") damaged++;
      },
    });
    assert.equal(failure, undefined, `seed ${seed}`);
    assert.ok(figures.recovery !== undefined, `seed ${seed}`);
    committed += figures.committed;
  }
  assert.ok(committed > 100, `${committed} committed`);
  assert.ok(damaged > 100, `${damaged} damaged`);
});

test("N17 world: a follower whose snapshots stall goes on to follow, and takes one in when they flow", async () => {
  const base = drawPlan(95, { nodes: 3, faults: "none", recipe: "none", safetyMs: 6000 });
  const isolate = { kind: "isolate", who: 3 } as const;
  const knobs = { snapshotEveryEntries: 5, trailingEntries: 0, preVote: true, checkQuorum: true };
  const got = { heartbeats: 0, early: 0, late: 0 };
  const plan: Plan = {
    ...base,
    knobs: { electionTimeoutMs: 200, electionTimeoutMaxMs: 400, heartbeatMs: 50, ...knobs },
    nodeKnobs: {},
    load: { ...base.load, clients: 4, thinkMs: 40 },
    faults: [
      { id: 1, at: 1000, kind: "crash", who: 3, power: false, keep: "all", downMs: 1000 },
      { id: 2, at: 1500, kind: "clog", shape: isolate, forMs: 3000, lanes: ["snapshot"] },
    ],
    healing: { core: [1, 2, 3], others: {}, calmTimeouts: 0 },
  };
  const { failure } = await runPlan(plan, {
    pump: hostPump,
    trace: (event) => {
      if (event.kind === "became-candidate") assert.ok(event.at < 2000, `election at ${event.at}`);
      if (event.kind !== "received" || event.node !== 3) return;
      const isStalled = event.at > 2600 && event.at < 4500;
      const { kind } = event.message;
      if (kind === "append-request" && isStalled) got.heartbeats++;
      if (kind === "snapshot-request") got[event.at < 4500 ? "early" : "late"]++;
    },
  });
  assert.equal(failure, undefined);
  assert.ok(got.heartbeats > 10 && got.early === 0 && got.late > 0, JSON.stringify(got));
});

test("N17 world: a leader whose appends stall is replaced by votes that flow", async () => {
  const base = drawPlan(96, { nodes: 3, faults: "none", recipe: "none", safetyMs: 6000 });
  const shape = { kind: "isolate", who: "leader" } as const;
  const got = { appends: 0, votes: 0 };
  let leader = 0;
  const plan: Plan = {
    ...base,
    knobs: { electionTimeoutMs: 200, electionTimeoutMaxMs: 400, heartbeatMs: 50 },
    nodeKnobs: {},
    faults: [{ id: 1, at: 2000, kind: "clog", shape, forMs: 3000, lanes: ["append"] }],
  };
  const { failure } = await runPlan(plan, {
    pump: hostPump,
    trace: (event) => {
      if (event.kind === "became-leader" && event.at < 2000) leader = event.node;
      if (event.kind !== "received" || event.at < 2200 || event.at > 4990) return;
      const { kind, from } = event.message;
      if (event.node !== leader && from !== leader) return;
      if (kind.startsWith("append")) got.appends++;
      if (kind.startsWith("vote")) got.votes++;
    },
  });
  assert.equal(failure, undefined);
  assert.ok(got.appends === 0 && got.votes > 2, JSON.stringify(got));
});

test("P9 world: an older copy of a directory can't be survived for certain, and the checks see it", async () => {
  const plan: Plan = {
    ...drawPlan(92, { nodes: 3, faults: "none", recipe: "none", safetyMs: 6000 }),
    faults: [{ id: 1, at: 2000, kind: "disk-rollback", who: 2, agoMs: 2000, downMs: 10 }],
  };
  const { failure } = await run(plan);
  assert.match(failure?.check ?? "", /^durable: a restart /);
  assert.equal(failure?.node, 2);
});
