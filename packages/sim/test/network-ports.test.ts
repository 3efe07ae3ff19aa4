/** Ports of the simulated network: processes that pause, die, and come again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkOptions, Weather } from "@holdfast/sim";
import { Scene } from "./network-scene.ts";

const STILL: Weather = { delayMs: 1, jitterMs: 0, lost: 0, repeated: 0 };
const TO_2 = [{ from: 1, to: 2 }];
const CARRYING: readonly NetworkOptions[] = [{ carrying: "raw" }, { carrying: "connections" }];

function overflows(scene: Scene): number {
  return scene.losses().filter((one) => one === "overflow").length;
}

for (const options of CARRYING) {
  const { carrying } = options;

  test(`${carrying}: a paused process reads in order after the pause; a dead one never`, async () => {
    const scene = new Scene(options);
    scene.network.weather = STILL;
    scene.send(1, 2, 1);
    await scene.advance(10);
    scene.life(2).process.pause();
    for (let n = 2; n <= 6; n++) {
      scene.send(1, 2, n);
      await scene.advance(5);
    }
    assert.deepEqual(scene.numbers(2), [1]);
    scene.life(2).process.resume();
    await scene.advance(1);
    assert.deepEqual(scene.numbers(2), [1, 2, 3, 4, 5, 6]);

    scene.life(2).process.pause();
    scene.send(1, 2, 7);
    await scene.advance(5);
    scene.life(2).process.kill();
    scene.send(1, 2, 8);
    await scene.advance(1000);
    scene.start(2);
    scene.send(1, 2, 9);
    await scene.advance(1000);
    scene.send(1, 2, 10);
    await scene.advance(10);
    assert.ok(!scene.numbers(2).includes(7) && !scene.numbers(2).includes(8));
    assert.ok(scene.numbers(2).includes(10), "its next life is reached");
    assert.ok(scene.reports.some(({ by, about }) => by === 1 && about === 2));
  });

  test(`${carrying}: sockets of a paused process are bounded, the oldest connection breaks`, async () => {
    const scene = new Scene({ ...options, socketBytesMax: 1000 });
    scene.network.weather = STILL;
    scene.life(2).process.pause();
    for (const [from, lane] of [
      [1, "append"],
      [3, "append"],
      [3, "vote"],
    ] as const) {
      if (carrying === "connections") {
        // A paused process accepts no connection: make them while it runs.
        scene.life(2).process.resume();
        scene.send(from, 2, 0, lane);
        await scene.advance(1100);
        scene.send(from, 2, 0, lane);
        await scene.advance(10);
        scene.life(2).process.pause();
      }
    }
    const before = scene.arrivals.length;
    for (let n = 0; n < 3; n++) scene.send(1, 2, new Uint8Array(200));
    await scene.advance(2);
    scene.send(3, 2, new Uint8Array(300));
    await scene.advance(2);
    assert.equal(overflows(scene), 0);
    scene.send(3, 2, new Uint8Array(300), "vote");
    await scene.advance(2);
    assert.equal(overflows(scene), 3, "what 1 sent is gone");
    scene.life(2).process.resume();
    await scene.advance(1);
    const read = scene.arrivals.slice(before).map(({ from, lane }) => `${from} ${lane}`);
    assert.deepEqual(read, ["3 append", "3 vote"]);
    await scene.advance(100);
    assert.ok(scene.reports.some(({ by, about }) => by === 1 && about === 2));
  });

  test(`${carrying}: a plug of an earlier life gets nothing, sends nothing, and its last words arrive`, async () => {
    const scene = new Scene(options);
    scene.network.weather = { ...STILL, delayMs: 10 };
    const old = scene.life(1);
    scene.send(1, 2, 1);
    scene.send(2, 1, 2);
    await scene.advance(5);
    old.process.kill();
    scene.start(1);
    old.network.send(2, "append", Uint8Array.of(0, 3));
    await scene.advance(20);
    assert.deepEqual(scene.numbers(2), [1]);
    assert.deepEqual(scene.numbers(1), [], "it was for the one before");
  });

  test(`P8 ${carrying}: whose address another took over hears nothing, and is heard while it lives`, async () => {
    const scene = new Scene(options);
    const old = scene.life(1);
    scene.start(1);
    old.network.send(2, "append", Uint8Array.of(0, 1));
    scene.send(2, 1, 2);
    await scene.advance(20);
    assert.deepEqual(scene.numbers(2), [1]);
    assert.deepEqual(scene.numbers(1), [2], "only the new one");
    old.process.kill();
    old.network.send(2, "append", Uint8Array.of(0, 3));
    await scene.advance(20);
    assert.deepEqual(scene.numbers(2), [1]);
  });

  test(`${carrying}: a port takes the place of the one before only when it starts`, async () => {
    const scene = new Scene(options);
    const twin = scene.network.plug(2);
    scene.send(1, 2, 1);
    await scene.advance(10);
    await twin.close();
    scene.send(1, 2, 2);
    await scene.advance(10);
    assert.deepEqual(scene.numbers(2), [1, 2]);
    scene.network.unplug(2);
    scene.send(1, 2, 3);
    await scene.advance(10);
    assert.deepEqual(scene.numbers(2), [1, 2]);
  });

  test(`${carrying}: ids beyond the first eight are nodes once they are plugged`, async () => {
    const scene = new Scene({ ...options, nodes: 3 });
    scene.network.cut(TO_2);
    scene.send(1, 20, 1);
    scene.start(20);
    scene.send(1, 20, 2);
    scene.send(20, 1, 3);
    scene.send(1, 2, 4);
    await scene.advance(10);
    assert.deepEqual(scene.numbers(20), [2]);
    assert.deepEqual(scene.numbers(1), [3]);
    assert.deepEqual(scene.numbers(2), [], "the cut is still there");
  });
}
