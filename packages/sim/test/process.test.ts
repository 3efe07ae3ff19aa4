/** One life of a process: paused it gets everything later and in order, dead it gets nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Caller, hostPump, Process, Random, Scheduler, VirtualClock } from "@holdfast/sim";
import fc from "fast-check";

interface Scene {
  readonly process: Process;
  readonly scheduler: Scheduler;
  readonly clock: VirtualClock;
  sleep(ms: number): Promise<void>;
}

function newScene(shuffle?: Random): Scene {
  const scheduler = new Scheduler({
    eventsMax: 100_000,
    ...(shuffle === undefined ? {} : { shuffle }),
  });
  const clock = new VirtualClock(scheduler);
  const sleep = (ms: number): Promise<void> => scheduler.run(() => clock.sleep(ms), hostPump);
  return { process: new Process(scheduler), scheduler, clock, sleep };
}

test("a running process gets at once what is delivered", () => {
  const { process } = newScene();
  const seen: string[] = [];
  process.deliver("io", () => seen.push("io"));
  process.deliver("timer", () => seen.push("timer"));
  assert.deepEqual(seen, ["io", "timer"]);
  assert.ok(process.isAlive && !process.isPaused && !process.isHolding);
});

test("after a pause come timers, then what was received, then turns, however events are shuffled", async () => {
  const caller = fc.constantFrom<Caller>("timer", "io", "soon");
  await fc.assert(
    fc.asyncProperty(fc.array(caller, { maxLength: 30 }), fc.nat(), async (callers, seed) => {
      const { process, sleep } = newScene(new Random(seed));
      const seen: string[] = [];
      process.pause();
      callers.forEach((one, i) => {
        process.deliver(one, () => seen.push(`${one} ${i}`));
      });
      assert.equal(process.held, callers.length);
      await sleep(5);
      assert.deepEqual(seen, []);
      process.resume();
      await sleep(1);
      const order: readonly Caller[] = ["timer", "io", "soon"];
      const expected = order.flatMap((phase) =>
        callers.flatMap((one, i) => (one === phase ? [`${one} ${i}`] : [])),
      );
      assert.deepEqual(seen, expected);
      assert.ok(!process.isHolding && process.held === 0);
    }),
    { numRuns: 100 },
  );
});

test("a stale timer that asks for two turns first hears all that was received (C4)", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const { process, clock, sleep } = newScene(new Random(seed));
    const seen: string[] = [];
    const soon = (run: () => void): void => clock.soon(() => process.deliver("soon", run));
    process.pause();
    process.deliver("timer", () => soon(() => soon(() => seen.push("believed"))));
    for (let i = 0; i < 5; i++) process.deliver("io", () => seen.push("heard"));
    process.resume();
    await sleep(1);
    assert.deepEqual(seen, ["heard", "heard", "heard", "heard", "heard", "believed"]);
  }
});

test("jobs of one event end before the next that was held", async () => {
  const { process, sleep } = newScene();
  const seen: string[] = [];
  process.pause();
  for (const name of ["a", "b"]) {
    process.deliver("io", () => {
      void (async () => {
        for (let i = 0; i < 10; i++) await undefined;
        seen.push(`${name} job`);
      })();
    });
  }
  process.resume();
  await sleep(1);
  assert.deepEqual(seen, ["a job", "b job"]);
});

test("what comes while a process catches up waits behind what was held", async () => {
  const { process, scheduler, sleep } = newScene();
  const seen: string[] = [];
  process.pause();
  process.deliver("io", () => {
    seen.push("first");
    process.deliver("io", () => seen.push("third"));
  });
  process.deliver("io", () => seen.push("second"));
  process.resume();
  scheduler.after(0, () => process.deliver("io", () => seen.push("fourth")));
  await sleep(1);
  assert.deepEqual(seen, ["first", "second", "third", "fourth"]);
});

test("a process that is paused again while it catches up gets the rest after that", async () => {
  const { process, sleep } = newScene();
  const seen: number[] = [];
  process.pause();
  for (let i = 0; i < 4; i++) {
    process.deliver("io", () => {
      seen.push(i);
      if (i === 1) process.pause();
    });
  }
  process.resume();
  await sleep(10);
  assert.deepEqual(seen, [0, 1]);
  assert.equal(process.held, 2);
  process.resume();
  process.pause();
  process.resume();
  await sleep(10);
  assert.deepEqual(seen, [0, 1, 2, 3]);
});

test("a dead process gets nothing, not even what was held", async () => {
  const { process, sleep } = newScene();
  const seen: string[] = [];
  process.pause();
  process.deliver("io", () => seen.push("held"));
  process.kill();
  process.deliver("io", () => seen.push("new"));
  process.resume();
  await sleep(10);
  assert.deepEqual(seen, []);
  assert.ok(!process.isAlive && !process.isPaused);
  assert.throws(() => process.pause(), { message: /paused when dead/ });
});

test("a process that dies while it catches up gets no more", async () => {
  const { process, sleep } = newScene();
  const seen: string[] = [];
  process.pause();
  process.deliver("io", () => {
    seen.push("last");
    process.kill();
  });
  process.deliver("io", () => seen.push("after"));
  process.resume();
  await sleep(10);
  assert.deepEqual(seen, ["last"]);
});
