/** The scheduler: order, time, what a run may wait for, and sameness of equal runs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, Scheduler, SchedulerError, VirtualClock } from "@holdfast/sim";
import { pump } from "@holdfast/testkit";
import fc from "fast-check";

function world(eventsMax = 1_000_000): { scheduler: Scheduler; clock: VirtualClock } {
  const scheduler = new Scheduler({ eventsMax });
  return { scheduler, clock: new VirtualClock(scheduler) };
}

test("events run in order of time, and of insertion when times are equal", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ delayMs: fc.nat(20), isCancelled: fc.boolean() }), { maxLength: 60 }),
      async (plan) => {
        const { scheduler, clock } = world();
        const seen: number[] = [];
        const timers = plan.map(({ delayMs }, number) =>
          clock.setTimer(delayMs, () => seen.push(number)),
        );
        plan.forEach(({ isCancelled }, number) => {
          if (isCancelled) timers[number]?.cancel();
        });
        await scheduler.run(() => clock.sleep(21), pump);
        const expected = plan
          .map(({ delayMs, isCancelled }, number) => ({ delayMs, isCancelled, number }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((one, other) => one.delayMs - other.delayMs || one.number - other.number)
          .map(({ number }) => number);
        assert.deepEqual(seen, expected);
      },
    ),
    { numRuns: 200 },
  );
});

test("time jumps to the next event and no further", async () => {
  const { scheduler, clock } = world();
  const times: number[] = [];
  await scheduler.run(async () => {
    await clock.sleep(1000);
    times.push(clock.now());
    await clock.sleep(0.5);
    times.push(clock.now());
    await new Promise<void>((resolve) => clock.soon(resolve));
    times.push(clock.now());
  }, pump);
  assert.deepEqual(times, [1000, 1000.5, 1000.5]);
});

test("who waits for the rest until a moment gets there in one go or two, whatever the fractions", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1e3, noNaN: true }),
      async (startMs, moreMs) => {
        const { scheduler, clock } = world();
        const times: number[] = [];
        await scheduler.run(async () => {
          await clock.sleep(startMs);
          const moment = startMs + moreMs;
          while (clock.now() < moment) {
            await clock.sleep(moment - clock.now());
            times.push(clock.now());
          }
        }, pump);
        assert.ok(times.length <= 2, times.join(" "));
      },
    ),
    { numRuns: 500 },
  );
});

test("soon runs after what already waits at this time", async () => {
  const { scheduler, clock } = world();
  const seen: string[] = [];
  await scheduler.run(async () => {
    clock.setTimer(5, () => {
      seen.push("first");
      clock.soon(() => seen.push("soon"));
    });
    clock.setTimer(5, () => seen.push("second"));
    await clock.sleep(6);
  }, pump);
  assert.deepEqual(seen, ["first", "second", "soon"]);
});

test("promise jobs of an event end before the next event", async () => {
  const { scheduler, clock } = world();
  const seen: string[] = [];
  await scheduler.run(async () => {
    clock.setTimer(1, () => {
      void (async () => {
        for (let i = 0; i < 50; i++) await undefined;
        seen.push("jobs");
      })();
    });
    clock.setTimer(1, () => seen.push("next event"));
    await clock.sleep(2);
  }, pump);
  assert.deepEqual(seen, ["jobs", "next event"]);
});

test("a run that waits for nothing that can come is refused", async () => {
  const { scheduler } = world();
  const never = scheduler.run(() => new Promise<void>(() => {}), pump);
  await assert.rejects(
    never,
    (error) => error instanceof SchedulerError && error.code === "SIM_STALLED",
  );
});

test("a run that spins is refused", async () => {
  const { scheduler, clock } = world(1000);
  const spin = (): void => clock.soon(spin);
  spin();
  const spinning = scheduler.run(() => clock.sleep(1), pump);
  await assert.rejects(
    spinning,
    (error) => error instanceof SchedulerError && error.code === "SIM_BUDGET",
  );
});

test("what main or an event throws is what the run rejects with", async () => {
  const one = world();
  const main = one.scheduler.run(async () => {
    await one.clock.sleep(1);
    throw new RangeError("from main");
  }, pump);
  await assert.rejects(main, { name: "RangeError", message: "from main" });

  const other = world();
  other.clock.setTimer(1, () => {
    throw new RangeError("from an event");
  });
  const event = other.scheduler.run(() => other.clock.sleep(2), pump);
  await assert.rejects(event, { name: "RangeError", message: "from an event" });
});

test("equal seeds give equal hashes, other seeds and other notes don't", async () => {
  const run = async (seed: number, note: string): Promise<string> => {
    const { scheduler, clock } = world();
    const random = new Random(seed);
    await scheduler.run(async () => {
      for (let i = 0; i < 100; i++) {
        await clock.sleep(random.below(10));
        if (i === 50) scheduler.trace.note(note);
      }
    }, pump);
    return scheduler.trace.digest();
  };
  const first = await run(1, "x");
  assert.match(first, /^[0-9a-f]{16}$/);
  assert.equal(await run(1, "x"), first);
  assert.notEqual(await run(2, "x"), first);
  assert.notEqual(await run(1, "y"), first);
});
