/** The second phase of a run: what a healed core must do, from when on, and who may take longer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePacket } from "@holdfast/replica";
import { drawPlan, type Fault, hostPump, type Outcome, type Plan } from "@holdfast/sim";
import { LOAD_SPECIMEN } from "../src/load/load-specimen.ts";
import { runSpecimen } from "../src/run.ts";
import { backlogMs } from "../src/world/backlog.ts";
import type { Specimen, Stage } from "../src/world/stage.ts";
import type { World } from "../src/world/world.ts";

const SAFETY_MS = 4000;

/** Three nodes that all heal; nothing happens to them but `faults`. */
function plan(seed: number, faults: readonly Fault[], knobs: Plan["knobs"] = {}): Plan {
  const load = { clients: 4, thinkMs: 50 };
  const profile = { nodes: 3, faults: "none", recipe: "none", safetyMs: SAFETY_MS, load } as const;
  const { shuffled: _, slowApplyMs: __, ...drawn } = drawPlan(seed, profile);
  const own = { snapshotEveryEntries: 0, snapshotEveryBytes: 0, ...knobs };
  return {
    ...drawn,
    carrying: "raw",
    knobs: { ...drawn.knobs, ...own },
    nodeKnobs: {},
    maybe: {},
    faults,
    healing: { core: [1, 2, 3], others: {}, calmTimeouts: 0 },
  };
}

/** Node 3 is cut off for most of the first phase, and lacks what is written meanwhile. */
const LEFT_BEHIND: Fault = {
  id: 1,
  at: 500,
  kind: "partition",
  shape: { kind: "isolate", who: 3 },
  forMs: 2 * SAFETY_MS,
};

/** The usual clients, and what happens when they stop and when progress is demanded. */
function specimen(change: (world: World, stage: Stage) => Partial<Stage>): Specimen {
  return {
    make: (node) => LOAD_SPECIMEN.make(node),
    stage: (world) => {
      const stage = LOAD_SPECIMEN.stage(world);
      const { stop, start, progress, audit } = stage;
      return {
        get operations() {
          return stage.operations;
        },
        stop,
        start,
        progress,
        audit,
        ...change(world, stage),
      };
    },
  };
}

function run(one: Plan, how: Specimen): Promise<Outcome> {
  return runSpecimen(one, how, { pump: hostPump });
}

test("world: a laggard that gets nothing until somebody writes is found where nobody writes", async () => {
  const forgetful = specimen((world, stage) => ({
    stop: () => {
      world.network.filter = (from, to, _lane, bytes) => {
        const packet = decodePacket(bytes, from, to);
        return !(to === 3 && packet.kind === "append-request" && packet.entries.length > 0);
      };
      return stage.stop();
    },
    progress: (bounds) => {
      world.network.filter = undefined;
      return stage.progress(bounds);
    },
  }));
  const checks: (string | undefined)[] = [];
  for (let seed = 301; seed < 313; seed++) {
    const lagging = plan(seed, [LEFT_BEHIND]);
    assert.equal((await run(lagging, LOAD_SPECIMEN)).failure, undefined, `seed ${seed}`);
    checks.push((await run(lagging, forgetful)).failure?.check);
  }
  // In the other plans an operation comes first, and heals it.
  const found = checks.filter((check) => check !== undefined);
  assert.deepEqual([...new Set(found)], ["liveness: not all catch up while nobody writes"]);
  assert.ok(found.length > 2 && found.length < 10, `${found.length} of ${checks.length}`);
});

test("world: the time for a leader runs from the healing on, however long clients take to stop", async () => {
  const deafFor = (timeouts: number): Specimen =>
    specimen((world, stage) => ({
      stop: async () => {
        world.network.filter = () => false;
        await Promise.all([stage.stop(), world.sleep(timeouts * world.timeoutMs)]);
        world.network.filter = undefined;
        await world.sleep(10 * world.timeoutMs);
      },
    }));
  // Nobody leads when the cluster heals.
  const faults: Fault[] = [
    {
      id: 1,
      at: SAFETY_MS - 1,
      kind: "outage",
      power: false,
      keep: "all",
      downMs: undefined,
    },
  ];
  const sound = await run(plan(321, faults), deafFor(12));
  assert.equal(sound.failure, undefined);
  assert.ok((sound.figures.recovery?.leader ?? 0) > 12);
  const late = await run(plan(321, faults), deafFor(21));
  assert.equal(late.failure?.check, "liveness: no leader");
  assert.ok((late.failure?.at ?? 0) > SAFETY_MS);
});

/** What each node may take longer for at the healing, and what two windows and one take. */
async function backlogs(one: Plan): Promise<{ readonly ms: number[]; readonly lacks: number }> {
  let ms: number[] = [];
  let lacks = 0;
  const measured = specimen((world, stage) => ({
    stop: () => {
      const { servers } = world;
      ms = servers.map((server) => backlogMs(world, server, servers));
      const last = Math.max(...servers.map(({ raft }) => raft?.log.lastIndex ?? 0));
      lacks = last - (servers[2]?.durable.lastIndex ?? 0);
      return stage.stop();
    },
  }));
  const { failure } = await run(one, measured);
  assert.equal(failure, undefined);
  return { ms, lacks };
}

test("world: who is behind may take a turn for each window of messages that it lacks, the others nothing", async () => {
  const disks = { syncMs: 1, syncJitterMs: 0.5, afterFailedSync: "keeps" } as const;
  const weather = { delayMs: 2, jitterMs: 1, lost: 0, repeated: 0 };
  const slow = { messageBytesMax: 1, windowMessages: 1, windowBytes: 1 << 20, coalesceMs: 0 };
  // 2 x 3 ms on the way, and two syncs of 1.5 ms for a batch that begins a segment.
  const one = await backlogs({ ...plan(331, [LEFT_BEHIND], slow), disks, weather });
  assert.ok(one.lacks > 40, `${one.lacks} entries`);
  assert.deepEqual(one.ms, [0, 0, one.lacks * 9]);

  const windows = { ...slow, windowMessages: 16, coalesceMs: 3 };
  const many = await backlogs({ ...plan(331, [LEFT_BEHIND], windows), disks, weather });
  assert.deepEqual(many.ms, [0, 0, Math.ceil(many.lacks / 16) * 15]);

  const wide = { ...windows, messageBytesMax: 1 << 20 };
  const whole = await backlogs({ ...plan(331, [LEFT_BEHIND], wide), disks, weather });
  assert.deepEqual(whole.ms, [0, 0, 15]);
});

test("world: a node that is down lacks what its disk lacks, and not the whole log", async () => {
  const slow = { messageBytesMax: 1, windowMessages: 1, coalesceMs: 0 };
  const crash: Fault = {
    id: 1,
    at: SAFETY_MS - 200,
    kind: "crash",
    who: 3,
    power: true,
    keep: "none",
    downMs: 10_000,
  };
  const { ms, lacks } = await backlogs({
    ...plan(341, [crash], slow),
    disks: { syncMs: 1, syncJitterMs: 0, afterFailedSync: "keeps" },
    weather: { delayMs: 1, jitterMs: 0, lost: 0, repeated: 0 },
  });
  assert.ok(lacks > 0 && lacks < 30, `${lacks} entries`);
  assert.deepEqual(ms, [0, 0, lacks * 4]);
});
