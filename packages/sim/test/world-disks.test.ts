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

/** The codes by which servers refused to start. */
function refusalsIn(events: readonly TraceEvent[]): readonly string[] {
  return events.flatMap((event) => {
    const text = event.kind === "note" ? event.text : "";
    return /^refuses to start: (\w+)/.exec(text)?.[1] ?? [];
  });
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

test("a disk that is slow for long stays so when it was slow for a moment in between", async () => {
  const long: Fault = { id: 1, at: 1000, kind: "disk-slow", who: 3, syncMs: 5000, forMs: 4000 };
  const brief: Fault = { id: 2, at: 1500, kind: "disk-slow", who: 3, syncMs: 400, forMs: 100 };
  const { outcome, events } = await traced(quiet(140, [long, brief]));

  assert.equal(outcome.failure, undefined);
  assert.equal(outcome.figures.faults["disk-slow"], 2);
  const syncs = events.filter((event) => event.kind === "disk" && event.operation === "sync");
  const between = (from: number, to: number): number =>
    syncs.filter(({ node, at }) => node === 3 && at > from && at < to).length;
  assert.ok(between(0, 1000) > 0);
  assert.equal(between(1600, 5000), 0, "each sync takes five seconds");
  assert.ok(between(5000, 12_000) > 0);
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
  const codes = new Set<string>();
  let refused = 0;
  for (let seed = 150; seed < 170; seed++) {
    const faults = [1500, 3000, 4500].map(
      (at, nth): Fault => ({
        id: nth + 1,
        at,
        kind: "disk-damage",
        who: 3,
        area: (seed + nth) % 2 === 0 ? "snapshot" : "wal",
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
    const first = events.findIndex((event) => event.kind === "fault" && event.phase === "begins");
    const own = events.slice(first).filter(({ node }) => node === 3);
    const said = refusalsIn(own);
    for (const code of said) codes.add(code);
    assert.ok(said.length <= 1, `seed ${seed}: never started again`);
    if (said.length === 1 && !own.some(({ kind }) => kind === "opened")) refused++;
  }
  assert.ok(refused > 5, `${refused} of 20`);
  assert.deepEqual([...codes].sort(), ["STORE_GAP", "WAL_DAMAGED"]);
});

test("P7 a copy of another node's directory is refused by name, and the others go on", async () => {
  for (let seed = 170; seed < 175; seed++) {
    const clone: Fault = { id: 1, at: 1500, kind: "disk-clone", who: 3, of: 1, downMs: 10 };
    const { outcome, events } = await traced(quiet(seed, [clone], { healing: WITHOUT_THREE }));

    assert.equal(outcome.failure, undefined, `seed ${seed}: ${outcome.failure?.message}`);
    assert.equal(outcome.figures.faults["disk-clone"], 1);
    assert.deepEqual(refusalsIn(events), ["STORE_IDENTITY"], `seed ${seed}`);
    assert.ok(!events.some(({ node, at, kind }) => node === 3 && at > 1500 && kind === "opened"));
    assert.ok(outcome.figures.recovery !== undefined);
  }
});

test("P9 a copy of a copy is not made: it could give a node an older state of its own", async () => {
  const there: Fault = { id: 1, at: 1500, kind: "disk-clone", who: 4, of: 5, downMs: 10 };
  const back: Fault = { id: 2, at: 3000, kind: "disk-clone", who: 5, of: 4, downMs: 10 };
  const load = { clients: 4, thinkMs: 50 };
  const drawn = drawPlan(176, { nodes: 5, faults: "none", recipe: "none", safetyMs: 6000, load });
  const others = { 4: "cut", 5: "cut" } as const;
  const healing = { core: [1, 2, 3], others, calmTimeouts: 0 };
  const { outcome, events } = await traced({ ...drawn, faults: [there, back], healing });

  assert.equal(outcome.failure, undefined, outcome.failure?.message);
  assert.equal(outcome.figures.faults["disk-clone"], 1);
  assert.deepEqual(refusalsIn(events), ["STORE_IDENTITY"]);
});

test("a disk that failed once is no excuse for what is missing at a later start", async () => {
  const knobs = { snapshotEveryEntries: 10 };
  const failing = { kind: "disk-error", operation: "sync", code: "io" } as const;
  const failed: Fault = { id: 1, at: 500, who: 2, ...failing, times: 3 };
  // The snapshots of two seconds are gone, and nobody has harmed the disk as far as it knows.
  const back: Fault = { id: 2, at: 3500, kind: "disk-rollback", who: 2, agoMs: 2000, downMs: 10 };
  let missed = 0;
  for (let seed = 180; seed < 190; seed++) {
    const plan = quiet(seed, [failed, back], { supervisorMs: 100 });
    const run = await traced({ ...plan, knobs: { ...plan.knobs, ...knobs } });
    const { failure } = run.outcome;

    const own = run.events.filter(({ node, at }) => node === 2 && at < 5500);
    const failedAt = own.findIndex(({ kind }) => kind === "failed");
    const isBack = own.slice(failedAt).some(({ kind }) => kind === "opened");
    assert.ok(failedAt >= 0 && isBack, `seed ${seed}`);
    if (failure?.check === "durable: a restart lacks a snapshot") missed++;
    assert.match(failure?.check ?? "", /^durable: a restart /, `seed ${seed}`);
  }
  assert.ok(missed > 0, `${missed} of 10 missed a snapshot`);
});

test("a snapshot that can't be read when a node starts is missed by the rules: tried again, or done without", async () => {
  const ending = { power: false, keep: "all", downMs: 50 } as const;
  const crash: Fault = { id: 1, at: 3000, kind: "crash", who: 2, ...ending };
  const failing = { kind: "disk-error", operation: "read", code: "io" } as const;
  const unread: Fault = { id: 2, at: 3010, who: 2, ...failing, times: 2 };
  const refusals: string[] = [];
  let withoutIt = 0;
  for (let seed = 190; seed < 200; seed++) {
    const plan = quiet(seed, [crash, unread], { supervisorMs: 100 });
    const { outcome, events } = await traced({
      ...plan,
      knobs: { ...plan.knobs, snapshotEveryEntries: 10 },
    });
    assert.equal(outcome.failure, undefined, `seed ${seed}: ${outcome.failure?.message}`);
    const said = refusalsIn(events);
    refusals.push(...said);
    if (said.length === 0) withoutIt++;
    assert.equal(outcome.figures.faults["disk-error"], 1);
  }
  assert.ok(refusals.includes("STORE_GAP"), refusals.join());
  assert.ok(withoutIt < 10, `${withoutIt} of 10 did without it`);
});
