/**
 * Damaged bytes on their way (N14): a connection breaks as a whole, nothing damaged is delivered,
 * and it is dialled again.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FRAME_HEADER_BYTES, FrameReader, writeFrame } from "@holdfast/replica";
import { type DamageKind, Random } from "@holdfast/sim";
import fc from "fast-check";
import { DAMAGE_KINDS, damagedFrame } from "../src/network-damage.ts";
import { Scene } from "./network-scene.ts";

const TO_2 = [{ from: 1, to: 2 }];
const ALWAYS = 1000;
const LIMIT = 100;

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

function isIn(all: readonly number[], some: readonly number[]): boolean {
  return some.every((one) => all.includes(one));
}

function framed(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  assert.equal(writeFrame(frame, 0, payload), frame.length);
  return frame;
}

test("each way of damage changes a frame, and leaves what was sent alone", () => {
  for (const kind of DAMAGE_KINDS) {
    for (let seed = 1; seed <= 300; seed++) {
      const frame = framed(new Random(seed).bytes(seed % 50));
      const before = frame.slice();
      const damaged = damagedFrame(frame, kind, new Random(seed));
      assert.deepEqual(frame, before);
      const lengthChange = Math.sign(damaged.length - frame.length);
      assert.equal(lengthChange, { flip: 0, miss: -1, add: 1, repeat: 1 }[kind], `seed ${seed}`);
      if (kind === "flip") assert.notDeepEqual(damaged, frame, `seed ${seed}`);
    }
  }
});

test("a reader of damaged frames gives only what was sent, and holds no more than its limit", () => {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: LIMIT }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(...DAMAGE_KINDS),
      fc.nat(),
      (payloads, kind, seed) => {
        const random = new Random(seed);
        const sent = payloads.map((one) => `${one}`);
        const reader = new FrameReader(LIMIT, (payload) => {
          assert.ok(sent.includes(`${payload}`), "damaged and delivered");
        });
        try {
          for (const payload of payloads) {
            reader.push(damagedFrame(framed(payload), kind, random));
            assert.ok(reader.heldBytes < FRAME_HEADER_BYTES + LIMIT);
          }
        } catch (error) {
          assert.ok(error instanceof Error && "code" in error && error.code === "WIRE_BAD_FRAME");
          refused++;
        }
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(refused > 600, `${refused} refused`);
});

for (const kind of ["flip", "miss", "add", "repeat"] as const satisfies readonly DamageKind[]) {
  test(`${kind}: what came before arrives whole, then the connection breaks and is dialled again`, async () => {
    let broken = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const scene = new Scene({ carrying: "connections", seed });
      for (let n = 1; n <= 5; n++) scene.send(1, 2, n);
      const fault = scene.network.corrupt(TO_2, { damaged: ALWAYS, ways: [kind] });
      scene.send(1, 2, 6);
      fault.lift();
      for (let n = 7; n <= 10; n++) scene.send(1, 2, n);
      await scene.advance(400);
      for (let n = 11; n <= 15; n++) scene.send(1, 2, n);
      await scene.advance(400);

      const arrived = scene.numbers(2);
      assert.deepEqual(arrived.slice(0, 5), upTo(5), `seed ${seed}: ${arrived}`);
      assert.deepEqual(arrived.slice(-5), upTo(15).slice(10), `seed ${seed}: ${arrived}`);
      assert.ok(isIn(upTo(15), arrived), `seed ${seed}: ${arrived}`);
      if (!scene.losses().includes("damage") || scene.reports.length === 0) continue;
      broken++;
      const told = scene.reports.map(({ by, about }) => `${by} of ${about}`).sort();
      assert.deepEqual(told, ["1 of 2", "2 of 1"], `seed ${seed}`);
    }
    // All of a frame may be gone or come twice, and then nobody can know.
    assert.ok(broken >= 30, `${broken} of 40 broke`);
  });
}

test("other connections and other links are as they were", async () => {
  const scene = new Scene({ carrying: "connections" });
  for (const lane of ["vote", "append"] as const) scene.send(1, 2, 1, lane);
  const fault = scene.network.corrupt(TO_2, { damaged: ALWAYS, ways: ["flip"] });
  scene.send(1, 2, 2, "append");
  fault.lift();
  scene.send(1, 2, 2, "vote");
  scene.send(2, 1, 2, "append");
  scene.send(1, 3, 2, "append");
  await scene.advance(20);
  assert.deepEqual(scene.numbers(2, "vote"), [1, 2]);
  assert.deepEqual(scene.numbers(2, "append"), [1]);
  assert.deepEqual([scene.numbers(1), scene.numbers(3)], [[2], [2]]);
});

test("a frame that lacks bytes waits for them, and is found out by the next keep-alive", async () => {
  let waited = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const scene = new Scene({ carrying: "connections", seed });
    const fault = scene.network.corrupt(TO_2, { damaged: ALWAYS, ways: ["miss"] });
    scene.send(1, 2, 1);
    fault.lift();
    await scene.advance(1900);
    const isSilent = scene.reports.length === 0 && scene.losses().length === 0;
    await scene.advance(10_000);
    if (isSilent && scene.losses().includes("damage")) waited++;
    assert.equal(scene.fate(1).end, "damage", `seed ${seed}`);
  }
  assert.ok(waited > 5, `${waited} waited`);
});

test("a sender that dies with half a frame on the way leaves nothing behind", async () => {
  const scene = new Scene({ carrying: "connections", seed: 3 });
  scene.network.corrupt(TO_2, { damaged: ALWAYS, ways: ["miss"] });
  scene.send(1, 2, 1);
  await scene.advance(20);
  scene.life(1).process.kill();
  await scene.advance(10_000);
  assert.notEqual(scene.fate(1).end, undefined);
  assert.deepEqual(scene.numbers(2), []);
});

test("a pause in the middle of a damaged stream loses and changes nothing that was sound", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const scene = new Scene({ carrying: "connections", seed });
    const fault = scene.network.corrupt(TO_2, { damaged: ALWAYS, ways: ["repeat"] });
    scene.send(1, 2, 1);
    fault.lift();
    await scene.advance(1);
    scene.life(2).process.pause();
    for (let n = 2; n <= 4; n++) scene.send(1, 2, n);
    await scene.advance(100);
    scene.life(2).process.resume();
    await scene.advance(500);
    scene.send(1, 2, 5);
    await scene.advance(500);
    const arrived = scene.numbers(2);
    assert.ok(isIn(upTo(5), arrived), `seed ${seed}: ${arrived}`);
    assert.equal(arrived.at(-1), 5, `seed ${seed}: ${arrived}`);
    assert.ok(scene.fates.every((fate) => fate === undefined || fate.end !== undefined));
  }
});

test("a packet on its own that is damaged is lost, and nothing else", async () => {
  const scene = new Scene({ carrying: "raw" });
  const fault = scene.network.corrupt(TO_2, { damaged: ALWAYS });
  scene.send(1, 2, 1);
  fault.lift();
  scene.send(1, 2, 2);
  await scene.advance(20);
  assert.deepEqual([scene.numbers(2), scene.losses(), scene.reports], [[2], ["damage"], []]);
});

test("of a thousand packets about as many are damaged as the fault says", async () => {
  const scene = new Scene({ carrying: "raw", seed: 5 });
  scene.network.corrupt(TO_2, { damaged: 200 });
  for (let n = 1; n <= 1000; n++) scene.send(1, 2, n);
  scene.network.heal();
  scene.send(1, 2, 1001);
  await scene.advance(20);
  const damaged = scene.losses().length;
  assert.ok(damaged > 150 && damaged < 250, `${damaged}`);
  assert.equal(scene.numbers(2).length, 1001 - damaged);
});
