/** Disks that die, lie, have two users or get writes meant for elsewhere, in whole runs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TraceEvent } from "@holdfast/replica";
import { drawPlan, type Fault, hostPump, type Outcome, type Plan, runPlan } from "@holdfast/sim";

interface Traced {
  readonly outcome: Outcome;
  readonly events: readonly TraceEvent[];
}

async function traced(plan: Plan): Promise<Traced> {
  const events: TraceEvent[] = [];
  const trace = (event: TraceEvent): void => void events.push(event);
  return { outcome: await runPlan(plan, { pump: hostPump, trace }), events };
}

/** Three nodes to which nothing happens but this. */
function quiet(seed: number, faults: readonly Fault[], change: Partial<Plan> = {}): Plan {
  const load = { clients: 4, thinkMs: 50 };
  const plan = drawPlan(seed, { nodes: 3, faults: "none", recipe: "none", safetyMs: 6000, load });
  return { ...plan, faults, ...change };
}

const WITHOUT_THREE = { core: [1, 2], others: { 3: "cut" }, calmTimeouts: 0 } as const;

test("a dead disk ends its process with DISK_FAILED, every start after it is in vain, and the rest goes on", async () => {
  for (const seed of [101, 102, 103]) {
    const dead: Fault = { id: 1, at: 2000, kind: "disk-dead", who: 3 };
    const plan = quiet(seed, [dead], { healing: WITHOUT_THREE, supervisorMs: 500 });
    const { outcome, events } = await traced(plan);

    assert.equal(outcome.failure, undefined, `seed ${seed}`);
    assert.ok(outcome.figures.recovery !== undefined);
    const own = events.filter(({ node, at }) => node === 3 && at >= 2000);
    const failures = own.filter((event) => event.kind === "failed");
    assert.deepEqual(
      failures.map(({ code }) => code),
      ["DISK_FAILED"],
      `seed ${seed}`,
    );
    assert.equal(own.filter(({ kind }) => kind === "opened").length, 0);
    const starts = own.filter((event) => event.kind === "crashed").length;
    assert.ok(starts > 5, `seed ${seed}: started ${starts} times`);
  }
});

test("an outsider whose disk dies at the healing is in nobody's way, as a leader neither", async () => {
  let led = 0;
  for (let seed = 110; seed < 122; seed++) {
    const others = { 3: "dead-disk" } as const;
    const plan = quiet(seed, [], { healing: { core: [1, 2], others, calmTimeouts: 0 } });
    const { outcome, events } = await traced(plan);

    assert.equal(outcome.failure, undefined, `seed ${seed}`);
    const failed = events.find(({ node, kind }) => node === 3 && kind === "failed");
    assert.ok(failed !== undefined && failed.at >= plan.safetyMs, `seed ${seed}`);
    if ((outcome.figures.recovery?.leader ?? 0) === 0 && outcome.figures.elections > 1) led++;
  }
  assert.ok(led > 0, `${led} times the outsider led`);
});

test("a disk that lies is caught when the first acknowledgement leaves", async () => {
  for (let seed = 130; seed < 136; seed++) {
    const lies: Fault = { id: 1, at: 2000, kind: "disk-lies", who: "follower", forMs: 2000 };
    const { failure } = (await traced(quiet(seed, [lies]))).outcome;

    assert.equal(failure?.check, "cluster: acknowledged before it was on disk", `seed ${seed}`);
    assert.ok(failure.at < 2500, `seed ${seed}: at ${failure.at}`);
  }
});

test("a lie that a true sync makes good before the power goes hurts nobody", async () => {
  // No client writes: nothing is promised while the disk lies.
  const lies: Fault = { id: 1, at: 3000, kind: "disk-lies", who: 2, forMs: 1 };
  const plan = quiet(140, [lies]);
  const { failure, figures } = (await traced({ ...plan, load: { ...plan.load, clients: 0 } }))
    .outcome;
  assert.equal(failure, undefined);
  assert.equal(figures.faults["disk-lies"], 1);
});

/** Without these the first process keeps quiet as soon as it hears nobody any more. */
const UNQUIET = { preVote: false, checkQuorum: false, segmentBytes: 4096 };

test("P8: two processes on one directory are seen by the checks, or a server refuses", async () => {
  const seen = /^(cluster: (acknowledged|a term left|a candidate's own vote|a vote left)|server: )/;
  let took = 0;
  for (let seed = 200; seed < 212; seed++) {
    const twin: Fault = { id: 1, at: 2000, kind: "twin", who: "follower", forMs: 2000 };
    const plan = quiet(seed, [twin]);
    const { outcome, events } = await traced({ ...plan, knobs: { ...plan.knobs, ...UNQUIET } });

    assert.equal(outcome.figures.faults.twin, 1, `seed ${seed}`);
    assert.match(outcome.failure?.check ?? "nothing was seen", seen, `seed ${seed}`);
    if (events.some(({ kind, life }) => kind === "opened" && life === 2)) took++;
    assert.ok(!events.some(({ kind, at }) => kind === "crashed" && at < 4000), `seed ${seed}`);
  }
  // A run may fail while the second one still reads the directory.
  assert.ok(took >= 10, `${took} of 12 second processes took part`);
});

test("P8: without a running process on its directory there is no second one", async () => {
  const faults: readonly Fault[] = [
    { id: 1, at: 2000, kind: "crash", who: 3, power: false, keep: "all", downMs: 1000 },
    { id: 2, at: 2500, kind: "twin", who: 3, forMs: 2000 },
  ];
  const { failure, figures } = (await traced(quiet(212, faults))).outcome;
  assert.equal(failure, undefined);
  assert.deepEqual(figures.faults, { crash: 1 });
});

test("writes that went astray on a minority are refused by name, and the others lose nothing", async () => {
  let refused = 0;
  for (let seed = 150; seed < 170; seed++) {
    const faults = [1500, 3000, 4500].map(
      (at, nth): Fault => ({
        id: nth + 1,
        at,
        kind: "disk-damage",
        who: 3,
        area: nth === 1 ? "snapshot" : "wal",
        place: nth === 0 ? "middle" : "tail",
        damage: "misdirected-write",
        downMs: 50,
      }),
    );
    const plan = quiet(seed, faults, { healing: WITHOUT_THREE });
    const { outcome, events } = await traced({
      ...plan,
      knobs: { ...plan.knobs, snapshotEveryEntries: 10, segmentBytes: 4096 },
    });
    assert.equal(outcome.failure, undefined, `seed ${seed}: ${outcome.failure?.message}`);
    const struck = outcome.figures.faults["disk-damage"] ?? 0;
    assert.ok(struck > 0, `seed ${seed}`);
    if (!events.some(({ node, at, kind }) => node === 3 && at > 5000 && kind === "opened")) {
      refused++;
    }
  }
  assert.ok(refused > 10, `${refused} of 20`);
});
