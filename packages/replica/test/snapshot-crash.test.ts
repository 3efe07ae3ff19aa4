/** The snapshot store after a crash, or with a failure, at every disk operation. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SnapshotStore } from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { allOutcomes, crashingDisk, failingDisk, fewOutcomes } from "./crashes.ts";
import { collect, imageOf, open, text } from "./snapshot-scenes.ts";
import { snapshotMeta } from "./writes.ts";

const PAYLOADS: ReadonlyMap<number, Uint8Array> = new Map([
  [10, text(700)],
  [25, text(150)],
  [30, text(900)],
  [40, text(5)],
]);
/** In the order in which they are put in force; nothing at first. */
const ORDER: readonly number[] = [0, ...PAYLOADS.keys()];

function payloadOf(index: number): Uint8Array {
  return PAYLOADS.get(index) ?? text(0);
}

/**
 * Saves, receives and saves again; returns how many of the snapshots were reported to be in force.
 */
async function run(disk: SimDisk): Promise<number> {
  let done = 0;
  try {
    const store = await open(disk);
    for (const index of PAYLOADS.keys()) {
      if (index === 25) await receive(store);
      else await store.save(snapshotMeta(index, 1), [payloadOf(index)]);
      done += 1;
    }
  } catch {
    // The caller looks at what was promised until then.
  }
  return done;
}

async function receive(store: SnapshotStore): Promise<void> {
  const { pieces, meta } = await imageOf(payloadOf(25).length, snapshotMeta(25, 1));
  for (const piece of pieces) await store.receive(piece);
  assert.equal(await store.check(meta), true);
  await store.install(meta);
}

/**
 * What was in force is there, whole; at most the one under way came in addition; nothing half-done
 * is left.
 */
async function inspect(left: SimDisk, done: number, context: string): Promise<void> {
  const store = await open(left);
  const place = ORDER.indexOf(store.newest()?.index ?? 0);
  assert.ok(place === done || place === done + 1, `${context}: ${place} after ${done}`);
  assert.deepEqual(store.damaged, [], context);
  for (const [index, payload] of PAYLOADS) {
    if (store.bytesOf(index) === 0) continue;
    assert.deepEqual(await collect(store.stream(index)), payload, context);
  }
  const second = ORDER[place - 1] ?? 0;
  assert.ok(second === 0 || store.bytesOf(second) > 0, `${context}: the second-newest is kept`);
  const names = await left.list();
  assert.ok(
    names.every((name) => name.endsWith(".snap")),
    `${context}: ${names.join()}`,
  );
  const again = await open(left.crash({ keep: "none" }));
  assert.deepEqual(again.newest(), store.newest(), `${context}: what a start has found is durable`);
}

describe("snapshots on a disk that crashes or fails", () => {
  it("H3 after a crash at any operation: what was in force is there, nothing half-done is", async (t) => {
    let cases = 0;
    for (let crashAt = 1; ; crashAt += 1) {
      const disk = crashingDisk(crashAt);
      const done = await run(disk);
      if (disk.operations < crashAt) break;
      for (const left of allOutcomes(disk, `${crashAt}`, 10)) {
        await inspect(left, done, `crash at ${crashAt}`);
        cases += 1;
      }
    }
    t.diagnostic(`${cases} crashes`);
    assert.ok(cases > 1000, `only ${cases} crashes`);
  });

  it("H11 after a failure of any operation the same holds", async (t) => {
    let cases = 0;
    for (const code of ["io", "no-space"] as const) {
      for (let failAt = 1; ; failAt += 1) {
        let hit = false;
        const disk = failingDisk(
          failAt,
          () => true,
          () => {
            hit = true;
            return code;
          },
        );
        const done = await run(disk);
        if (!hit) break;
        for (const left of fewOutcomes(disk, `${code}/${failAt}`, 10)) {
          await inspect(left, done, `${code} at ${failAt}`);
          cases += 1;
        }
      }
    }
    t.diagnostic(`${cases} failures`);
    assert.ok(cases > 500, `only ${cases} failures`);
  });
});
