/**
 * The rare paths that only a simulation takes: each keeps every promise, alone and with all others.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { hearMarks, RAFT_MARKS } from "@holdfast/raft";
import { decideMaybe, MAYBE_POINTS, REPLICA_MARKS } from "@holdfast/replica";
import { Random } from "@holdfast/sim";
import { chaos } from "./chaos.ts";

/**
 * Runs `scene` while each point is taken `often(point)` of 1000 times. Returns how often it was.
 */
async function deciding(
  seed: number,
  often: (point: string) => number,
  scene: () => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  const streams = new Map<string, Random>();
  const taken = new Map<string, number>();
  decideMaybe((point) => {
    const random = streams.get(point) ?? new Random(seed).fork(point);
    streams.set(point, random);
    const isTaken = random.chance(often(point), 1000);
    taken.set(point, (taken.get(point) ?? 0) + Number(isTaken));
    return isTaken;
  });
  try {
    await scene();
  } finally {
    decideMaybe(undefined);
  }
  return taken;
}

const SEEDS_MAX = 8;
const oftenMax = new Map(MAYBE_POINTS.map((point) => [point.name, point.oftenMax]));

test("maybe: with all rare paths on, every acknowledged command is kept once and in one order", async () => {
  const sum = new Map<string, number>();
  for (const seed of [1, 2, 3, 4]) {
    // All at their most, and all at a tenth of it.
    const part = seed % 2 === 0 ? 1 : 10;
    const often = (point: string): number => Math.ceil((oftenMax.get(point) ?? 0) / part);
    const replica = { preallocate: true, segmentBytes: 2048 };
    const taken = await deciding(seed, often, () => chaos(seed, { replica }));
    for (const [point, count] of taken) sum.set(point, (sum.get(point) ?? 0) + count);
  }

  for (const point of sum.keys()) assert(oftenMax.has(point), `${point} is not in the table`);
  const taken = [...sum.values()].filter((count) => count > 0);
  assert(taken.length > 12, `${taken.length} of them were taken`);
});

for (const [at, { name }] of MAYBE_POINTS.entries()) {
  test(`maybe, ${name}: taken as often as it may, nothing is lost`, async () => {
    const replica = { preallocate: true, segmentBytes: 2048, snapshotEveryEntries: 15 };
    const often = (point: string): number => (point === name ? (oftenMax.get(name) ?? 0) : 0);
    let taken = 0;
    // Not every storm makes a snapshot travel.
    for (let seed = 101 + at; taken === 0 && seed < 101 + at + SEEDS_MAX; seed++) {
      const counts = await deciding(seed, often, () => chaos(seed, { replica }));
      taken += counts.get(name) ?? 0;
    }

    assert(taken > 0, "it was never taken");
  });
}

test("marks: a chaotic run hears many of them, and none that the tables don't know", async () => {
  const known = new Set([...RAFT_MARKS, ...REPLICA_MARKS].map(({ name }) => name));
  const heard = new Set<string>();
  hearMarks((mark) => heard.add(mark));
  try {
    await chaos(2, { replica: { preallocate: true, segmentBytes: 2048 } });
  } finally {
    hearMarks(undefined);
  }

  assert.deepEqual(
    [...heard].filter((mark) => !known.has(mark)),
    [],
  );
  assert(heard.size > 20, `${heard.size} marks`);
});
