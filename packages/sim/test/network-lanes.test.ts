/** Faults of single lanes: what they hit stalls or breaks, and the others of that link flow. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FRAME_HEADER_BYTES, type Lane } from "@holdfast/replica";
import type { Lift, NetworkOptions, SimNetwork } from "@holdfast/sim";
import { Scene } from "./network-scene.ts";

const LANES: readonly Lane[] = ["vote", "append", "snapshot"];
const TO_2 = [{ from: 1, to: 2 }];
const CARRYING: readonly NetworkOptions[] = [{ carrying: "raw" }, { carrying: "connections" }];

/** How many packets each lane has brought. */
function arrived(scene: Scene): Readonly<Record<string, number>> {
  return Object.fromEntries(LANES.map((lane) => [lane, scene.numbers(2, lane).length]));
}

function others(lanes: readonly Lane[]): readonly Lane[] {
  return LANES.filter((lane) => !lanes.includes(lane));
}

/** What is expected of these lanes, and of the rest. */
function each(
  lanes: readonly Lane[],
  { own, rest }: { readonly own: number; readonly rest: number },
): Readonly<Record<string, number>> {
  return Object.fromEntries(LANES.map((lane) => [lane, lanes.includes(lane) ? own : rest]));
}

async function sendAll(scene: Scene, count: number): Promise<void> {
  for (let n = 1; n <= count; n++) {
    for (const lane of LANES) scene.send(1, 2, n, lane);
    await scene.advance(10);
  }
}

const STALLS: Readonly<Record<string, (network: SimNetwork, lanes: readonly Lane[]) => Lift>> = {
  cut: (network, lanes) => network.cut(TO_2, lanes),
  clog: (network, lanes) => network.clog(TO_2, lanes),
  slow: (network, lanes) => network.slow(TO_2, 1, lanes),
};

for (const options of CARRYING) {
  const { carrying } = options;
  for (const [name, lay] of Object.entries(STALLS)) {
    for (const lanes of [["snapshot"], ["append"], ["vote", "snapshot"]] as const) {
      test(`${carrying}: a ${name} on ${lanes.join(" and ")} holds up nothing else`, async () => {
        const scene = new Scene(options);
        const lift = lay(scene.network, lanes);
        await sendAll(scene, 20);
        assert.deepEqual(arrived(scene), each(lanes, { own: 0, rest: 20 }));

        lift.lift();
        await scene.advance(2000);
        await sendAll(scene, 5);
        const got = arrived(scene);
        for (const lane of lanes) assert.ok((got[lane] ?? 0) >= 5, `${lane} flows: ${got[lane]}`);
        for (const lane of others(lanes)) assert.equal(got[lane], 25);
      });
    }
  }

  test(`${carrying}: a stall of all lanes by one fault outlasts a stall of some by another`, async () => {
    const scene = new Scene(options);
    const some = scene.network.clog(TO_2, ["vote", "append"]);
    const all = scene.network.clog(TO_2);
    some.lift();
    await sendAll(scene, 3);
    assert.deepEqual(arrived(scene), each(LANES, { own: 0, rest: 0 }));
    all.lift();
    await scene.advance(5);
    assert.deepEqual(arrived(scene), each(LANES, { own: 3, rest: 0 }));
  });

  test(`${carrying}: a fault on one lane doesn't set back what passes slowly on another`, async () => {
    const scene = new Scene(options);
    scene.network.slow(TO_2, 1000, ["snapshot"]);
    scene.send(1, 2, new Uint8Array(1000 - FRAME_HEADER_BYTES), "snapshot");
    for (let n = 0; n < 9; n++) {
      await scene.advance(100);
      scene.network.clog(TO_2, ["vote"]);
    }
    await scene.advance(110);
    assert.equal(scene.numbers(2, "snapshot").length, 1);
  });

  test(`${carrying}: connections of one lane break alone`, async () => {
    const scene = new Scene(options);
    scene.network.weather = { delayMs: 20, jitterMs: 0, lost: 0, repeated: 0 };
    for (const lane of LANES) scene.send(1, 2, 1, lane);
    await scene.advance(10);
    scene.network.breakConnections(TO_2, ["append"]);
    await scene.advance(200);
    assert.deepEqual(arrived(scene), each(["append"], { own: 0, rest: 1 }));
    assert.deepEqual(scene.losses(), ["break"]);
    const told = scene.reports.map(({ by, about }) => `${by}-${about}`).sort();
    assert.deepEqual(told, ["1-2", "2-1"]);
  });
}
