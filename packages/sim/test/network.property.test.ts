/** Properties of the simulated network under random faults, in both ways of carrying. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lane } from "@holdfast/replica";
import type { Lift, Link, Weather } from "@holdfast/sim";
import fc from "fast-check";
import { Scene, type SceneOptions } from "./network-scene.ts";

const NODES = 3;
const LANES: readonly Lane[] = ["vote", "append", "snapshot"];

type Step =
  | { readonly kind: "send"; readonly link: Link; readonly lane: Lane; readonly times: number }
  | { readonly kind: "advance"; readonly ms: number }
  | {
      readonly kind: "cut" | "clog" | "slow" | "drop" | "break";
      readonly link: Link;
      readonly lanes: readonly Lane[];
    }
  | { readonly kind: "lift"; readonly at: number }
  | { readonly kind: "pause" | "resume" | "restart"; readonly id: number }
  | { readonly kind: "weather"; readonly weather: Weather };

const node = fc.integer({ min: 1, max: NODES });
const link: fc.Arbitrary<Link> = fc
  .record({ from: node, hop: fc.integer({ min: 1, max: NODES - 1 }) })
  .map(({ from, hop }) => ({ from, to: 1 + ((from - 1 + hop) % NODES) }));

const weather: fc.Arbitrary<Weather> = fc.record({
  delayMs: fc.constantFrom(0, 1, 20),
  jitterMs: fc.constantFrom(0, 5, 100),
  lost: fc.constantFrom(0, 200),
  repeated: fc.constantFrom(0, 300),
  replayed: fc.constantFrom(0, 200),
  replayMs: fc.constant(1500),
  tail: fc.constantFrom("even" as const, "long" as const),
});

const send = fc.record({
  kind: fc.constant("send" as const),
  link,
  lane: fc.constantFrom(...LANES),
  times: fc.integer({ min: 1, max: 5 }),
});
const advance = fc.record({
  kind: fc.constant("advance" as const),
  ms: fc.constantFrom(0, 1, 7, 60, 500, 3000),
});
const onLink = fc.record({
  kind: fc.constantFrom(
    "cut" as const,
    "clog" as const,
    "slow" as const,
    "drop" as const,
    "break" as const,
  ),
  link,
  lanes: fc.oneof(fc.constant(LANES), fc.subarray([...LANES], { minLength: 1 })),
});
const lift = fc.record({ kind: fc.constant("lift" as const), at: fc.nat(20) });
const onNode = fc.record({
  kind: fc.constantFrom("pause" as const, "resume" as const, "restart" as const),
  id: node,
});
const change = fc.record({ kind: fc.constant("weather" as const), weather });

const calm = fc.array(
  fc.oneof({ arbitrary: send, weight: 4 }, { arbitrary: advance, weight: 3 }, onLink, lift, change),
  { maxLength: 60 },
);
const wild = fc.array(
  fc.oneof(
    { arbitrary: send, weight: 5 },
    { arbitrary: advance, weight: 4 },
    onLink,
    lift,
    onNode,
    change,
  ),
  { maxLength: 60 },
);
const options: fc.Arbitrary<SceneOptions> = fc.record({
  carrying: fc.constantFrom("raw" as const, "connections" as const),
  seed: fc.nat(),
  isShuffled: fc.boolean(),
  queueBytesMax: fc.constantFrom(50, 1 << 20),
  socketBytesMax: fc.constantFrom(50, 1 << 20),
});

/** A scene, and what the test itself knows of its faults. */
interface Play {
  readonly scene: Scene;
  readonly lifts: Lift[];
  /** So many cuts lie on each lane of each link. */
  readonly cuts: Map<string, number>;
  sent: number;
}

function nameOf({ from, to }: Link, lane: Lane): string {
  return `${from}-${to} ${lane}`;
}

function newPlay(given: SceneOptions): Play {
  return { scene: new Scene({ ...given, nodes: NODES }), lifts: [], cuts: new Map(), sent: 0 };
}

/** A new scene that has been through all steps. */
async function played(given: SceneOptions, steps: readonly Step[]): Promise<Play> {
  const play = newPlay(given);
  for (const step of steps) await take(play, step);
  return play;
}

/** Nobody is paused and nothing lies on a link any more. */
function heal(scene: Scene): void {
  for (const id of scene.nodes) scene.life(id).process.resume();
  scene.network.heal();
}

async function take(play: Play, step: Step): Promise<void> {
  const { scene, lifts } = play;
  const { network } = scene;
  switch (step.kind) {
    case "send":
      for (let i = 0; i < step.times; i++) {
        const { process } = scene.life(step.link.from);
        if (process.isAlive && !process.isPaused) {
          scene.send(step.link.from, step.link.to, ++play.sent, step.lane);
        }
      }
      break;
    case "advance":
      await scene.advance(step.ms);
      break;
    case "lift":
      lifts[step.at % Math.max(1, lifts.length)]?.lift();
      break;
    case "cut":
      lifts.push(countedCut(play, step.link, step.lanes));
      break;
    case "clog":
      lifts.push(network.clog([step.link], step.lanes));
      break;
    case "slow":
      lifts.push(network.slow([step.link], 500, step.lanes));
      break;
    case "drop":
      lifts.push(network.drop([step.link], { lanes: step.lanes, lost: 500 }));
      break;
    case "break":
      network.breakConnections([step.link], step.lanes);
      break;
    case "weather":
      network.weather = step.weather;
      break;
    case "pause":
      if (scene.life(step.id).process.isAlive) scene.life(step.id).process.pause();
      break;
    case "resume":
      scene.life(step.id).process.resume();
      break;
    case "restart":
      scene.life(step.id).process.kill();
      scene.start(step.id);
      break;
  }
}

function countedCut({ scene, cuts }: Play, cutLink: Link, lanes: readonly Lane[]): Lift {
  const inner = scene.network.cut([cutLink], lanes);
  const count = (more: number): void => {
    for (const name of lanes.map((lane) => nameOf(cutLink, lane))) {
      cuts.set(name, (cuts.get(name) ?? 0) + more);
    }
  };
  count(1);
  let isLifted = false;
  return {
    lift: () => {
      inner.lift();
      if (!isLifted) count(-1);
      isLifted = true;
    },
  };
}

test("nothing is delivered across a cut lane, whatever else lies on its link", async () => {
  await fc.assert(
    fc.asyncProperty(options, calm, async (given, steps) => {
      const play = newPlay(given);
      const { scene, cuts } = play;
      const observer = scene.network.observer;
      scene.network.observer = {
        ...observer,
        delivered: (id) => {
          observer?.delivered?.(id);
          const fate = scene.fate(id);
          assert.equal(cuts.get(nameOf(fate, fate.lane)) ?? 0, 0, "delivered across a cut");
        },
      };
      for (const step of steps) await take(play, step);
      for (const { from, to, lane } of scene.fates.flatMap((fate) => fate ?? [])) {
        const isCut = (cuts.get(nameOf({ from, to }, lane)) ?? 0) > 0;
        assert.equal(scene.network.isCut(from, to, [lane]), isCut);
      }
    }),
    { numRuns: 300 },
  );
});

test("each packet ends once, arrives as it was sent, and figures agree", async () => {
  await fc.assert(
    fc.asyncProperty(options, wild, async (given, steps) => {
      const { scene, sent } = await played(given, steps);
      heal(scene);
      await scene.advance(10_000);

      const fates = scene.fates.flatMap((fate) => fate ?? []);
      const delivered = fates.filter(({ end }) => end === "delivered");
      const figures = scene.network.figures();
      assert.equal(figures.packets, sent);
      assert.equal(figures.packets + figures.repeated, fates.length);
      assert.equal(figures.delivered, delivered.length);
      assert.equal(figures.lost, scene.losses().length);
      const bytesOf = (one: { from: number; to: number; lane: Lane }, bytes: Uint8Array): string =>
        `${one.from}-${one.to} ${one.lane} ${bytes}`;
      assert.deepEqual(
        scene.arrivals.map((one) => bytesOf(one, one.packet)).sort(),
        delivered.map((one) => bytesOf(one, one.bytes)).sort(),
      );
      // Only what a dead process had not read yet has no end.
      const hasDied = steps.some(({ kind }) => kind === "restart");
      assert.ok(hasDied || fates.every(({ end }) => end !== undefined));
    }),
    { numRuns: 300 },
  );
});

test("connections deliver what one life sends to one life in order, without repeats", async () => {
  await fc.assert(
    fc.asyncProperty(options, wild, async (given, steps) => {
      // The next life's connection may overtake the last one's: one life each here.
      const inOneLife = steps.filter(({ kind }) => kind !== "restart");
      const { scene } = await played({ ...given, carrying: "connections" }, inOneLife);
      heal(scene);
      await scene.advance(10_000);
      for (const to of scene.nodes) {
        for (const from of scene.nodes) {
          for (const lane of LANES) {
            const numbers = scene.arrivals
              .filter((one) => one.to === to && one.from === from && one.lane === lane)
              .map(({ packet }) => (packet[0] ?? 0) * 256 + (packet[1] ?? 0));
            const risen = numbers.every((one, i) => i === 0 || one > (numbers[i - 1] ?? 0));
            assert.ok(risen, `${from}-${to} ${lane}: ${numbers}`);
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("after everything is healed all can talk again", async () => {
  await fc.assert(
    fc.asyncProperty(options, wild, async (given, steps) => {
      const { scene } = await played(given, steps);
      heal(scene);
      scene.network.weather = { delayMs: 1, jitterMs: 1, lost: 0, repeated: 0 };
      for (let round = 0; round < 60; round++) {
        for (const from of scene.nodes) {
          for (const to of scene.nodes) if (from !== to) scene.send(from, to, 60_000 + round);
        }
        await scene.advance(100);
      }
      const arrived = new Set(
        scene.arrivals.map(({ from, to, packet }) => `${from}-${to} ${packet}`),
      );
      for (const from of scene.nodes) {
        for (const to of scene.nodes) {
          if (from === to) continue;
          const last = Uint8Array.of((60_059 >> 8) & 255, 60_059 & 255);
          assert.ok(arrived.has(`${from}-${to} ${last}`), `${from} to ${to}`);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("the same seed and steps give the same run, another seed another", async () => {
  const hashes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(options, wild, async (given, steps) => {
      const run = async (seed: number): Promise<string> => {
        const { scene } = await played({ ...given, seed }, steps);
        await scene.advance(5000);
        const { arrivals, reports, fates } = scene;
        const hash = scene.scheduler.trace.digest();
        return JSON.stringify([hash, arrivals, reports, fates]);
      };
      const seed = given.seed ?? 1;
      const first = await run(seed);
      assert.equal(await run(seed), first);
      if (first !== (await run(seed + 1))) hashes.add(first);
    }),
    { numRuns: 60 },
  );
  assert.ok(hashes.size > 10, `seeds make a difference: ${hashes.size}`);
});
