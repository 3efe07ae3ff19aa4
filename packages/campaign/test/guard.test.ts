/** The platform is out of reach while a run is on, and back afterwards. */

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import fs, { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hostPump } from "@holdfast/sim";
import { guarded, outsideRun } from "../src/guard.ts";

/** A run of a few events, the second of which does `work`. */
function runWith(work: () => unknown): () => Promise<number> {
  return async () => {
    let events = 0;
    await hostPump(() => {
      events++;
      if (events === 2) void work();
      return events < 50_000;
    });
    return events;
  };
}

const FORBIDDEN: readonly (readonly [name: string, call: () => unknown])[] = [
  ["Date.now", () => Date.now()],
  ["new Date", () => new Date()],
  ["Date", () => (Date as unknown as () => string)()],
  ["Math.random", () => Math.random()],
  ["performance.now", () => performance.now()],
  ["process.hrtime", () => process.hrtime()],
  ["process.hrtime.bigint", () => process.hrtime.bigint()],
  ["process.uptime", () => process.uptime()],
  ["setTimeout", () => setTimeout(() => {}, 1)],
  ["setInterval", () => setInterval(() => {}, 1)],
  ["setImmediate", () => setImmediate(() => {})],
  ["fetch", () => fetch("http://localhost")],
  ["crypto.randomUUID", () => globalThis.crypto.randomUUID()],
  ["crypto.getRandomValues", () => globalThis.crypto.getRandomValues(new Uint8Array(1))],
  ["crypto.randomInt", () => randomInt(7)],
  ["fs.readFileSync", () => fs.readFileSync("/")],
  ["fs.readFileSync", () => readFileSync("/")],
  ["fs.promises.readFile", () => fs.promises.readFile("/")],
  ["new WeakRef", () => new WeakRef({})],
];

for (const [name, call] of FORBIDDEN) {
  test(`${name} in a run fails it by name`, async () => {
    const before = call.toString();
    const result = await guarded(runWith(call));
    assert.equal(result.intrusion?.name, name, before);
    assert.match(result.intrusion?.stack ?? "", /guard\.test/);
    assert.ok("error" in result);
    const { error } = result;
    assert.ok(error instanceof Error && "code" in error && error.code === "SIM_PLATFORM");
    assert.match(error.message, /^Simulated code used /);
  });
}

test("what is caught on the way is told all the same", async () => {
  const caught = async (): Promise<void> => {
    await Promise.resolve()
      .then(() => Date.now())
      .catch(() => {});
  };
  const result = await guarded(runWith(caught));
  assert.ok("value" in result);
  assert.equal(result.intrusion?.name, "Date.now");
});

test("a resource that was made behind the stubs is told by its type", async () => {
  const timer = await guarded(runWith(() => void AbortSignal.timeout(1)));
  assert.match(timer.intrusion?.name ?? "", /^a resource of the platform \(Timeout\)$/);
  const slept = await guarded(runWith(() => void sleep(1)));
  assert.match(slept.intrusion?.name ?? "", /Timeout/);
  const held = readFile;
  let left: Promise<unknown> | undefined;
  const read = await guarded(
    runWith(() => {
      left = held("/").catch(() => {});
    }),
  );
  assert.notEqual(read.intrusion, undefined);
  await left;
});

test("promises, ticks, microtasks and the pump's own turns are no intrusion", async () => {
  const busy = async (): Promise<void> => {
    await Promise.all([1, 2, 3].map(async (value) => await value));
    queueMicrotask(() => {});
    process.nextTick(() => {});
    assert.ok(!(Object({}) instanceof Date));
  };
  const result = await guarded(runWith(busy));
  assert.deepEqual(result, { value: 50_000, intrusion: undefined });
});

test("who looks from outside may use the platform", async () => {
  const result = await guarded(runWith(() => outsideRun(() => Date.now())));
  assert.deepEqual(result, { value: 50_000, intrusion: undefined });
});

test("everything is back after a run, however it ended", async () => {
  const before = [Date, Math.random, setTimeout, fs.readFileSync, readFileSync, performance.now];
  await guarded(async () => {
    throw new RangeError("ends early");
  });
  const after = [Date, Math.random, setTimeout, fs.readFileSync, readFileSync, performance.now];
  after.forEach((value, at) => {
    assert.equal(value, before[at]);
  });
  assert.ok(Date.now() > 0 && Object.hasOwn(performance, "now") === false);
});

test("two guarded runs at a time are refused", async () => {
  const first = guarded(runWith(() => {}));
  await assert.rejects(guarded(runWith(() => {})), /one thread at a time/);
  assert.equal((await first).intrusion, undefined);
});

test("memory that nobody wrote is zero in a run", async () => {
  const result = await guarded(async () => Buffer.allocUnsafe(64).every((byte) => byte === 0));
  assert.ok("value" in result && result.value);
});
