/** Faults of the simulated network, one by one (N1 to N18). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePacket, FRAME_HEADER_BYTES } from "@holdfast/replica";
import {
  allLinks,
  FAIR,
  type Loss,
  linksOf,
  type NetworkOptions,
  type Weather,
} from "@holdfast/sim";
import { Scene } from "./network-scene.ts";

const STILL: Weather = { delayMs: 1, jitterMs: 0, lost: 0, repeated: 0 };
const TO_2 = [{ from: 1, to: 2 }];
const CARRYING: readonly NetworkOptions[] = [{ carrying: "raw" }, { carrying: "connections" }];

const REQUEST = encodePacket({
  kind: "vote-request",
  from: 1,
  to: 2,
  term: 1,
  preVote: false,
  electionTerm: 1,
  lastIndex: 0,
  lastTerm: 0,
});
const RESPONSE = encodePacket({
  kind: "vote-response",
  from: 1,
  to: 2,
  term: 1,
  preVote: false,
  electionTerm: 1,
  granted: true,
});

function count(scene: Scene, why: Loss): number {
  return scene.losses().filter((one) => one === why).length;
}

for (const options of CARRYING) {
  const { carrying } = options;

  test(`${carrying}: faults that overlap on a link hold until the last is lifted`, async () => {
    const scene = new Scene(options);
    const first = scene.network.cut(TO_2);
    const second = scene.network.cut(linksOf({ kind: "isolate", who: 2 }, () => 2, scene.nodes));
    const sendAll = (number: number): void => {
      scene.send(1, 2, number);
      scene.send(2, 1, number);
    };

    first.lift();
    first.lift();
    assert.ok(scene.network.isCut(1, 2));
    sendAll(1);
    await scene.advance(3000);
    assert.deepEqual(scene.numbers(1), []);
    assert.deepEqual(scene.numbers(2), []);

    second.lift();
    assert.ok(!scene.network.isCut(1, 2));
    await scene.advance(2000);
    sendAll(2);
    await scene.advance(100);
    assert.deepEqual([scene.numbers(1), scene.numbers(2)], [[2], [2]]);
    assert.ok(scene.reports.some(({ by, about }) => by === 1 && about === 2));
  });

  test(`${carrying}: one direction can be cut alone`, async () => {
    const scene = new Scene(options);
    scene.network.cut(TO_2);
    for (let n = 1; n <= 5; n++) {
      scene.send(1, 2, n);
      scene.send(2, 1, n);
    }
    await scene.advance(100);
    assert.deepEqual(scene.numbers(2), []);
    assert.equal(scene.numbers(1).length, 5);
  });

  test(`${carrying}: a clogged link holds all and lets it go in one burst`, async () => {
    const scene = new Scene(options);
    const clog = scene.network.clog(TO_2);
    for (let n = 1; n <= 50; n++) {
      scene.send(1, 2, n);
      scene.send(1, 3, n);
      await scene.advance(10);
    }
    assert.deepEqual(scene.numbers(2), []);
    assert.equal(scene.numbers(3).length, 50, "other links are free");

    clog.lift();
    await scene.advance(5);
    assert.deepEqual(
      scene.numbers(2),
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
    const times = scene.arrivals.filter(({ to }) => to === 2).map(({ at }) => at);
    assert.equal(new Set(times).size, 1, "all at once");
  });

  test(`${carrying}: what waits on a clogged link is bounded, the newest goes`, async () => {
    const scene = new Scene({ ...options, queueBytesMax: 100 * (FRAME_HEADER_BYTES + 2) });
    const clog = scene.network.clog(TO_2);
    for (let n = 1; n <= 300; n++) scene.send(1, 2, n);
    scene.send(1, 2, new Uint8Array(500), "snapshot");
    assert.equal(count(scene, "overflow"), 200);
    clog.lift();
    await scene.advance(10);
    assert.deepEqual(
      scene.numbers(2),
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    assert.equal(scene.numbers(2, "snapshot").length, 1, "each lane has room of its own");
  });

  test(`${carrying}: a slow link passes its bytes per second, each lane for itself`, async () => {
    const scene = new Scene(options);
    scene.network.weather = STILL;
    const slow = scene.network.slow(TO_2, 10_000);
    for (let n = 0; n < 20; n++)
      scene.send(1, 2, new Uint8Array(1000 - FRAME_HEADER_BYTES), "snapshot");
    scene.send(1, 2, 7, "append");
    await scene.advance(1002);
    assert.equal(scene.numbers(2, "snapshot").length, 10);
    assert.deepEqual(scene.numbers(2), [7], "a snapshot doesn't hold up the log");

    slow.lift();
    await scene.advance(2);
    assert.equal(scene.numbers(2, "snapshot").length, 20, "what waits needn't any more");
  });

  test(`${carrying}: what waits for a slow link is bounded`, async () => {
    const scene = new Scene({ ...options, queueBytesMax: 5000 });
    scene.network.slow(TO_2, 1000);
    for (let n = 0; n < 20; n++) scene.send(1, 2, new Uint8Array(1000 - FRAME_HEADER_BYTES));
    assert.equal(count(scene, "overflow"), 15);
    await scene.advance(6000);
    assert.equal(scene.numbers(2).length, 5);
  });

  test(`${carrying}: connections break as a whole, both ends are told, and later packets pass`, async () => {
    const scene = new Scene(options);
    scene.network.weather = { ...STILL, delayMs: 20 };
    for (let n = 1; n <= 5; n++) scene.send(1, 2, n);
    scene.send(1, 3, 6);
    await scene.advance(10);
    scene.network.breakConnections(TO_2);
    await scene.advance(200);

    assert.deepEqual(scene.numbers(2), []);
    assert.deepEqual(scene.numbers(3), [6]);
    assert.equal(count(scene, "break"), 5);
    const told = scene.reports.map(({ by, about }) => `${by}-${about}`).sort();
    assert.deepEqual(told, ["1-2", "2-1"]);
    scene.send(1, 2, 9);
    await scene.advance(30);
    assert.deepEqual(scene.numbers(2), [9]);
  });

  test(`${carrying}: packets of chosen kinds and lanes are lost, in so many of 1000 cases`, async () => {
    const scene = new Scene(options);
    const drop = scene.network.drop(TO_2, { messages: ["vote-response"], lost: 1000 });
    const half = scene.network.drop(TO_2, { lanes: ["snapshot"], lost: 500 });
    for (let n = 0; n < 200; n++) {
      scene.send(1, 2, REQUEST, "vote");
      scene.send(1, 2, RESPONSE, "vote");
      scene.send(1, 2, n, "append");
      scene.send(1, 2, n, "snapshot");
      scene.send(2, 1, RESPONSE, "vote");
    }
    await scene.advance(300);
    assert.equal(scene.numbers(2, "vote").length, 200);
    assert.equal(scene.numbers(2, "append").length, 200);
    assert.equal(scene.numbers(1, "vote").length, 200, "the way back is another link");
    const snapshots = scene.numbers(2, "snapshot").length;
    assert.ok(snapshots > 60 && snapshots < 140, `${snapshots} of 200`);

    drop.lift();
    half.lift();
    scene.send(1, 2, RESPONSE, "vote");
    scene.send(1, 2, 1, "snapshot");
    await scene.advance(10);
    assert.equal(scene.numbers(2, "vote").length, 201);
    assert.equal(scene.numbers(2, "snapshot").length, snapshots + 1);
  });

  test(`${carrying}: heal among some lifts what lies between them, and nothing else`, async () => {
    const scene = new Scene({ ...options, nodes: 4 });
    const all = scene.network.cut(allLinks(scene.nodes));
    scene.network.clog(allLinks(scene.nodes));
    scene.network.slow(allLinks(scene.nodes), 1);
    scene.network.drop(allLinks(scene.nodes), { lost: 1000 });
    scene.network.heal([1, 2, 3]);
    for (const from of scene.nodes) {
      for (const to of scene.nodes) if (from !== to) scene.send(from, to, from);
    }
    await scene.advance(10);
    assert.deepEqual([...scene.numbers(1)].sort(), [2, 3]);
    assert.deepEqual([...scene.numbers(2)].sort(), [1, 3]);
    assert.deepEqual([...scene.numbers(3)].sort(), [1, 2]);
    assert.deepEqual(scene.numbers(4), []);

    all.lift();
    assert.ok(!scene.network.isCut(1, 4));
    scene.network.heal();
    scene.send(1, 4, 9);
    await scene.advance(1000);
    scene.send(1, 4, 9);
    await scene.advance(1000);
    assert.ok(scene.numbers(4).includes(9));
  });

  test(`${carrying}: figures count what was sent, by node and in sum, and what became of it`, async () => {
    const scene = new Scene(options);
    scene.send(1, 2, new Uint8Array(100));
    scene.send(1, 3, new Uint8Array(10));
    scene.send(3, 1, new Uint8Array(1));
    scene.network.drop(TO_2, { lost: 1000 });
    scene.send(1, 2, new Uint8Array(7));
    await scene.advance(10);
    assert.deepEqual(scene.network.sentBy(1), { packets: 3, bytes: 117 });
    assert.deepEqual(scene.network.sentBy(3), { packets: 1, bytes: 1 });
    assert.deepEqual(scene.network.sentBy(2), { packets: 0, bytes: 0 });
    assert.equal(scene.network.sent.get(1), 3);
    assert.deepEqual(scene.network.figures(), {
      packets: 4,
      bytes: 118,
      delivered: 3,
      lost: 1,
      repeated: 0,
    });
  });

  test(`${carrying}: without an observer nothing changes`, async () => {
    const told = new Scene(options);
    const untold = new Scene(options);
    untold.network.observer = undefined;
    for (const scene of [told, untold]) {
      scene.network.weather = { delayMs: 1, jitterMs: 20, lost: 100, repeated: 100 };
      for (let n = 0; n < 100; n++) scene.send(1, 2, n);
      await scene.advance(1000);
    }
    assert.deepEqual(untold.arrivals, told.arrivals);
    assert.equal(untold.scheduler.trace.digest(), told.scheduler.trace.digest());
  });
}

test("raw: replies are late now and then, by 200 to 2400 ms, and requests are not", async () => {
  const scene = new Scene();
  scene.network.weather = { ...FAIR, lateReplies: 300 };
  for (let n = 0; n < 500; n++) {
    scene.send(1, 2, REQUEST, "vote");
    scene.send(2, 1, RESPONSE, "vote");
  }
  await scene.advance(2500);
  const late = scene.arrivals.filter(({ at }) => at > 3);
  assert.ok(late.every(({ to, at }) => to === 1 && at > 200 && at <= 2403));
  assert.ok(late.length > 110 && late.length < 190, `${late.length} of 500`);
  assert.equal(scene.arrivals.length, 1000);
});

test("raw: old packets come again much later, to the node's next life too", async () => {
  const scene = new Scene();
  scene.network.weather = { ...FAIR, replayed: 500, replayMs: 60_000 };
  for (let n = 0; n < 100; n++) scene.send(1, 2, n);
  await scene.advance(10);
  const { length } = scene.arrivals;
  scene.life(2).process.kill();
  scene.start(2);
  await scene.advance(60_000);
  const again = scene.arrivals.slice(length);
  assert.ok(again.length > 30 && again.length < 70, `${again.length} of 100`);
  assert.ok(again.every(({ packet }) => packet.length === 2));
  assert.ok(again.some(({ at }) => at > 30_000));
  assert.equal(scene.network.figures().repeated, scene.fates.length - 101);
});

test("raw: old packets don't come again once all is healed", async () => {
  const scene = new Scene();
  scene.network.weather = { ...FAIR, replayed: 1000 };
  for (let n = 0; n < 20; n++) scene.send(1, 2, n);
  scene.network.weather = FAIR;
  await scene.advance(10);
  const { length } = scene.arrivals;
  scene.network.heal();
  await scene.advance(130_000);
  assert.equal(scene.arrivals.length, length);
  assert.ok(scene.fates.every((fate) => fate === undefined || fate.end !== undefined));
});

test("raw: a copy shares no memory with the packet", async () => {
  const scene = new Scene();
  scene.network.weather = { ...FAIR, repeated: 1000, replayed: 1000, replayMs: 5 };
  scene.send(1, 2, 77);
  await scene.advance(20);
  assert.deepEqual(scene.numbers(2), [77, 77, 77]);
  for (const { packet } of scene.arrivals) packet.fill(1);
  assert.equal(new Set(scene.arrivals.map(({ packet }) => packet.buffer)).size, 3);
});

test("a long tail has the mean it is told and goes far beyond it", async () => {
  const scene = new Scene();
  scene.network.weather = { delayMs: 5, jitterMs: 10, lost: 0, repeated: 0, tail: "long" };
  for (let n = 0; n < 4000; n++) scene.send(1, 2, n);
  await scene.advance(1000);
  const delays = scene.arrivals.map(({ at }) => at);
  assert.equal(delays.length, 4000);
  const mean = delays.reduce((sum, one) => sum + one, 0) / delays.length;
  assert.ok(mean > 14.3 && mean < 15.7, `${mean} ms`);
  assert.ok(Math.min(...delays) >= 5);
  assert.ok(Math.max(...delays) > 60, `${Math.max(...delays)} ms`);
  assert.ok(
    delays.every((one) => Number.isInteger(one * 1024)),
    "whole parts of a ms",
  );
});

test("storms come over each other, and the weather is what it was after the last", () => {
  const { network } = new Scene();
  const [base, one, other] = [STILL, { ...STILL, lost: 1 }, { ...STILL, lost: 2 }];
  network.weather = base;
  const first = network.storm(one);
  const second = network.storm(other);
  assert.equal(network.weather, other);
  first.lift();
  assert.equal(network.weather, other);
  second.lift();
  second.lift();
  assert.equal(network.weather, base);

  network.storm(one);
  network.storm(other).lift();
  assert.equal(network.weather, one);
  network.heal([1, 2]);
  assert.equal(network.weather, one);
  network.heal();
  assert.equal(network.weather, base);
});

test("unreachable peers are reported now and then, not for each packet", async () => {
  for (const options of CARRYING) {
    const scene = new Scene(options);
    scene.life(2).process.kill();
    for (let n = 0; n < 1000; n++) {
      scene.send(1, 2, n);
      await scene.advance(1);
    }
    const { length } = scene.reports;
    assert.ok(length >= 2 && length <= 21, `${options.carrying}: ${length} in a second`);
    assert.equal(count(scene, "down") + count(scene, "break"), 1000);
  }
});
