/** Connections keep order and leave no gap until they break, as TCP does (N13). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePacket } from "@holdfast/replica";
import { FAIR } from "@holdfast/sim";
import { Scene } from "./network-scene.ts";

const RESPONSE = encodePacket({
  kind: "vote-response",
  from: 1,
  to: 2,
  term: 1,
  preVote: false,
  electionTerm: 1,
  granted: true,
});
const TO_2 = [{ from: 1, to: 2 }];

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

test("a storm delays, but nothing is lost, repeated or overtaken", async () => {
  const scene = new Scene({ carrying: "connections", isShuffled: true });
  scene.network.weather = {
    delayMs: 1,
    jitterMs: 50,
    lost: 100,
    repeated: 300,
    replayed: 300,
    tail: "long",
  };
  for (let n = 1; n <= 500; n++) {
    scene.send(1, 2, n);
    scene.send(1, 2, n, "vote");
    if (n % 10 === 0) await scene.advance(1);
  }
  await scene.advance(2000);
  assert.deepEqual(scene.numbers(2), upTo(500));
  assert.deepEqual(scene.numbers(2, "vote"), upTo(500));
  const last = scene.arrivals.at(-1)?.at ?? 0;
  assert.ok(last > 200, `what was lost was sent again after 200 ms: ${last}`);
});

test("who comes behind a late packet waits for it", async () => {
  const scene = new Scene({ carrying: "connections" });
  scene.network.weather = { ...FAIR, lateReplies: 1000 };
  scene.send(1, 2, RESPONSE, "vote");
  scene.network.weather = FAIR;
  scene.send(1, 2, 1, "vote");
  scene.send(1, 2, 2, "append");
  await scene.advance(3000);
  const [other, first, second] = scene.arrivals;
  assert.ok(other !== undefined && other.lane === "append" && other.at < 5);
  assert.deepEqual(first?.packet, RESPONSE);
  assert.ok(first.at > 200 && second?.at === first.at);
});

test("a pause leaves no trace once all is read", async () => {
  const scene = new Scene({ carrying: "connections", peerTimeoutMs: 2000 });
  scene.send(1, 2, 1);
  await scene.advance(10);
  for (let n = 2; n <= 6; n++) {
    scene.life(2).process.pause();
    scene.send(1, 2, n);
    await scene.advance(1500);
    scene.life(2).process.resume();
    await scene.advance(1500);
  }
  scene.life(2).process.pause();
  scene.send(1, 2, 7);
  await scene.advance(10);
  scene.send(1, 2, 8);
  scene.life(2).process.resume();
  await scene.advance(10);
  assert.deepEqual(scene.numbers(2), upTo(8));
  assert.deepEqual([scene.reports, scene.losses()], [[], []]);
});

test("a short cut only stalls a connection: all arrives afterwards, in order", async () => {
  const scene = new Scene({ carrying: "connections" });
  scene.network.weather = { ...FAIR, delayMs: 20 };
  for (let n = 1; n <= 5; n++) scene.send(1, 2, n);
  await scene.advance(10);
  const cut = scene.network.cut(TO_2);
  for (let n = 6; n <= 10; n++) scene.send(1, 2, n);
  await scene.advance(1000);
  assert.deepEqual(scene.numbers(2), [], "nothing crosses a cut, not even what was under way");
  cut.lift();
  await scene.advance(50);
  assert.deepEqual(scene.numbers(2), upTo(10));
  assert.deepEqual(scene.reports, []);
});

test("a long cut breaks a connection: all is lost, the sender is told, and dials again", async () => {
  const scene = new Scene({ carrying: "connections", peerTimeoutMs: 2000 });
  scene.send(1, 2, 1);
  await scene.advance(10);
  const cut = scene.network.cut(TO_2);
  for (let n = 2; n <= 5; n++) scene.send(1, 2, n);
  await scene.advance(1990);
  assert.deepEqual(scene.losses(), []);
  await scene.advance(100);
  assert.deepEqual(scene.losses(), ["cut", "cut", "cut", "cut"]);
  assert.deepEqual(
    scene.reports.map(({ by, about }) => [by, about]),
    [[1, 2]],
  );
  cut.lift();
  for (let n = 6; n <= 30; n++) {
    scene.send(1, 2, n);
    await scene.advance(100);
  }
  const arrived = scene.numbers(2);
  assert.ok(arrived.length > 10, `${arrived}`);
  assert.deepEqual(arrived.slice(1), upTo(30).slice(-(arrived.length - 1)), "no gap afterwards");
});

test("a silent cut breaks nothing when nothing is sent", async () => {
  const scene = new Scene({ carrying: "connections" });
  scene.send(1, 2, 1);
  await scene.advance(10);
  const cut = scene.network.cut(TO_2);
  await scene.advance(10_000);
  cut.lift();
  scene.send(1, 2, 2);
  await scene.advance(10);
  assert.deepEqual(scene.numbers(2), [1, 2]);
});

test("a process that reads nothing for long is given up, and reads what had arrived", async () => {
  const scene = new Scene({ carrying: "connections", peerTimeoutMs: 2000 });
  scene.send(1, 2, 1);
  await scene.advance(10);
  scene.life(2).process.pause();
  for (let n = 2; n <= 40; n++) {
    scene.send(1, 2, n);
    await scene.advance(100);
  }
  assert.ok(scene.reports.some(({ by, about }) => by === 1 && about === 2));
  assert.ok(scene.losses().length > 10);
  scene.life(2).process.resume();
  await scene.advance(10);
  const read = scene.numbers(2);
  assert.deepEqual(read, upTo(read.length));
  assert.ok(read.length >= 20 && read.length < 30, `${read}`);
  for (let n = 41; n <= 60; n++) {
    scene.send(1, 2, n);
    await scene.advance(100);
  }
  assert.equal(scene.numbers(2).at(-1), 60, "and is reached again");
});

test("a dead peer is found by what is under way to it", async () => {
  const scene = new Scene({ carrying: "connections" });
  scene.send(1, 2, 1);
  await scene.advance(10);
  scene.send(1, 2, 2);
  scene.life(2).process.kill();
  await scene.advance(10);
  assert.deepEqual(scene.losses(), ["down"]);
  assert.deepEqual(
    scene.reports.map(({ by, about }) => [by, about]),
    [[1, 2]],
  );
});

test("pauses between attempts grow, and begin anew after a connection was made", async () => {
  const scene = new Scene({ carrying: "connections" });
  const gapsMs: number[] = [];
  scene.life(2).process.kill();
  for (let n = 1; n <= 500; n++) {
    scene.send(1, 2, n);
    await scene.advance(10);
  }
  for (const [i, { at }] of scene.reports.entries()) {
    if (i > 0) gapsMs.push(at - (scene.reports[i - 1]?.at ?? 0));
  }
  assert.ok(gapsMs.length >= 5 && gapsMs.length <= 15, `${gapsMs}`);
  assert.ok((gapsMs[0] ?? 0) < 100 && Math.max(...gapsMs) > 500, `${gapsMs}`);
  assert.ok(Math.max(...gapsMs) < 1520, `${gapsMs}`);

  scene.start(2);
  for (let n = 1; n <= 20; n++) {
    scene.send(1, 2, n);
    await scene.advance(100);
  }
  assert.equal(scene.numbers(2).at(-1), 20);
  scene.network.breakConnections(TO_2);
  await scene.advance(80);
  scene.send(1, 2, 21);
  await scene.advance(10);
  assert.equal(scene.numbers(2).at(-1), 21);
});

test("a dead sender's unsent words are lost, those under way arrive", async () => {
  const scene = new Scene({ carrying: "connections" });
  scene.network.weather = { ...FAIR, delayMs: 30 };
  scene.send(1, 2, 1);
  const clog = scene.network.clog(TO_2);
  scene.send(1, 2, 2);
  scene.life(1).process.kill();
  scene.start(1);
  scene.send(1, 2, 3);
  clog.lift();
  await scene.advance(100);
  assert.deepEqual([...scene.numbers(2)].sort(), [1, 3]);
  assert.deepEqual(scene.losses(), ["break"]);
});
