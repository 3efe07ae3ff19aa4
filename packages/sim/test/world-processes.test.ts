/** Processes that stop, sleep and crash, in whole runs: what counts as a fault, and when. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TraceEvent } from "@holdfast/replica";
import { drawPlan, type Fault, hostPump, type Outcome, type Plan, runPlan } from "@holdfast/sim";

interface Traced {
  readonly outcome: Outcome;
  /** Of node 3, but for its steps. */
  readonly own: readonly { readonly at: number; readonly kind: string }[];
  /** Times at which the world told of a fault, by its id. */
  readonly told: (id: number) => readonly number[];
}

const LIVES: ReadonlySet<string> = new Set(["opened", "closed", "crashed", "paused", "resumed"]);

async function traced(plan: Plan): Promise<Traced> {
  const events: TraceEvent[] = [];
  const trace = (event: TraceEvent): void => void events.push(event);
  const outcome = await runPlan(plan, { pump: hostPump, trace });
  const own = events.filter(({ node, kind }) => node === 3 && LIVES.has(kind));
  const told = (id: number): number[] =>
    events.flatMap((event) =>
      event.kind === "fault" && event.id === id && event.phase === "begins" ? [event.at] : [],
    );
  return { outcome, own, told };
}

/** Three nodes to which nothing happens but this; all of them heal. */
function quiet(seed: number, faults: readonly Fault[]): Plan {
  const load = { clients: 4, thinkMs: 50 };
  const plan = drawPlan(seed, { nodes: 3, faults: "none", recipe: "none", safetyMs: 6000, load });
  return { ...plan, faults, healing: { core: [1, 2, 3], others: {}, calmTimeouts: 0 } };
}

const SUDDEN = { power: false, keep: "all", downMs: 100 } as const;
const AT_SYNC = { on: "disk", operation: "sync", side: "after" } as const;

for (const [how, first] of [
  ["sleeps", { kind: "pause", forMs: 5000 }],
  ["waits for its disk", { kind: "disk-hang", forMs: 5000 }],
] as const) {
  test(`P12: a node that is closing at the healing because it ${how} starts again at once`, async () => {
    for (let seed = 300; seed < 306; seed++) {
      const { outcome, own } = await traced(
        quiet(seed, [
          { id: 1, at: 5000, who: 3, ...first },
          { id: 2, at: 5900, kind: "stop", who: 3, downMs: 60_000 },
        ]),
      );
      assert.equal(outcome.failure, undefined, `seed ${seed}: ${outcome.failure?.message}`);
      const late = own.filter(({ at }) => at >= 6000);
      const end = late.find(({ kind }) => kind === "crashed")?.at ?? 0;
      const back = late.find(({ kind }) => kind === "opened")?.at ?? Number.POSITIVE_INFINITY;
      assert.ok(end >= 6000 && end <= back, `seed ${seed}: ended at ${end}, back at ${back}`);
      assert.ok(back < end + 1000, `seed ${seed}: ended at ${end}, back at ${back}`);
    }
  });
}

test("P12: a process that sleeps closes when it wakes, and is back after its time", async () => {
  for (let seed = 310; seed < 314; seed++) {
    const { outcome, own } = await traced(
      quiet(seed, [
        { id: 1, at: 3000, kind: "pause", who: 3, forMs: 1000 },
        { id: 2, at: 3500, kind: "stop", who: 3, downMs: 200 },
      ]),
    );
    assert.equal(outcome.failure, undefined, `seed ${seed}`);
    const kinds = own.filter(({ at }) => at >= 3000).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["paused", "resumed", "closed", "crashed", "opened"], `seed ${seed}`);
    const at = (kind: string): number => own.findLast((event) => event.kind === kind)?.at ?? 0;
    assert.ok(at("closed") >= 4000 && at("opened") >= at("crashed") + 200, `seed ${seed}`);
  }
});

test("a crash at a moment counts when it strikes; one that waits in vain does not", async () => {
  const { outcome, own, told } = await traced(
    quiet(320, [
      { id: 1, at: 1000, kind: "crash-on", who: 3, moment: AT_SYNC, nth: 1_000_000, ...SUDDEN },
      { id: 2, at: 1000, kind: "crash-on", who: 3, moment: AT_SYNC, nth: 4, ...SUDDEN },
    ]),
  );
  assert.equal(outcome.failure, undefined);
  assert.deepEqual(outcome.figures.faults, { "crash-on": 1 });
  const crash = own.find(({ kind }) => kind === "crashed");
  assert.ok(crash !== undefined && crash.at > 1000);
  assert.deepEqual([told(1), told(2)], [[], [crash.at]]);
});

test("crashes at moments wait beside each other, and through crashes of other kinds", async () => {
  const { outcome, told } = await traced(
    quiet(321, [
      { id: 1, at: 1000, kind: "crash-on", who: 3, moment: AT_SYNC, nth: 6, ...SUDDEN },
      { id: 2, at: 1000, kind: "crash-on", who: 3, moment: AT_SYNC, nth: 12, ...SUDDEN },
      {
        id: 3,
        at: 1000,
        kind: "crash-on",
        who: 3,
        moment: { on: "send", message: "append-response" },
        nth: 20,
        ...SUDDEN,
      },
      { id: 4, at: 1001, kind: "crash", who: 3, ...SUDDEN },
    ]),
  );
  assert.equal(outcome.failure, undefined);
  assert.deepEqual(outcome.figures.faults, { "crash-on": 3, crash: 1 });
  for (const id of [1, 2, 3]) assert.ok((told(id)[0] ?? 0) > 1101, `fault ${id}: ${told(id)}`);
});

test("of pauses that overlap the latest end counts; one within another has no effect", async () => {
  const { outcome, own, told } = await traced(
    quiet(330, [
      { id: 1, at: 2000, kind: "pause", who: 3, forMs: 500 },
      { id: 2, at: 2100, kind: "pause", who: 3, forMs: 100 },
      { id: 3, at: 2200, kind: "pause", who: 3, forMs: 1000 },
    ]),
  );
  assert.equal(outcome.failure, undefined);
  assert.deepEqual(outcome.figures.faults, { pause: 2 });
  assert.deepEqual([told(1), told(2), told(3)], [[2000], [], [2200]]);
  const sleep = own.filter(({ kind }) => kind === "paused" || kind === "resumed");
  assert.deepEqual(
    sleep.map(({ at, kind }) => [at, kind]),
    [
      [2000, "paused"],
      [3200, "resumed"],
    ],
  );
});

test("what hits nobody does not count: who opens or closes, a candidate that is not there, all down", async () => {
  const { outcome } = await traced({
    ...quiet(340, [
      { id: 1, at: 2000, kind: "flap", shape: CANDIDATE, periodMs: 100, times: 3 },
      { id: 2, at: 3000, kind: "crash", who: 3, ...SUDDEN },
      // It takes at least three operations on its disk to open.
      { id: 3, at: 3120, kind: "stop", who: 3, downMs: 10 },
      { id: 4, at: 4000, kind: "disk-hang", who: 3, forMs: 300 },
      { id: 5, at: 4100, kind: "stop", who: 3, downMs: 10 },
      { id: 6, at: 4200, kind: "stop", who: 3, downMs: 10 },
      { id: 7, at: 5000, kind: "outage", ...SUDDEN },
      { id: 8, at: 5050, kind: "outage", ...SUDDEN },
      { id: 9, at: 5060, kind: "crash", who: 3, ...SUDDEN },
    ]),
    disks: { syncMs: 1, syncJitterMs: 0, otherMs: 10, afterFailedSync: "keeps" },
  });
  assert.equal(outcome.failure, undefined);
  assert.deepEqual(outcome.figures.faults, { crash: 1, "disk-hang": 1, stop: 1, outage: 1 });
});

const CANDIDATE = { kind: "isolate", who: "candidate" } as const;

test("who flaps shows anew each time, and the fault counts once there is somebody", async () => {
  const { outcome, told } = await traced(
    quiet(341, [
      { id: 1, at: 1900, kind: "outage", ...SUDDEN },
      {
        id: 2,
        at: 1950,
        kind: "flap",
        shape: { kind: "isolate", who: "leader" },
        periodMs: 200,
        times: 10,
      },
    ]),
  );
  assert.equal(outcome.failure, undefined);
  assert.deepEqual(outcome.figures.faults, { outage: 1, flap: 1 });
  assert.ok((told(2)[0] ?? 0) > 1950, `told at ${told(2)}`);
});
