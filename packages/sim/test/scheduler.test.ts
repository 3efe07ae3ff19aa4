/** The scheduler: order, time, what a run may wait for, and sameness of equal runs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  hostPump,
  Random,
  Scheduler,
  SchedulerError,
  TimedEvent,
  VirtualClock,
} from "@holdfast/sim";
import fc from "fast-check";
import { EventQueue } from "../src/event-queue.ts";

function world(eventsMax = 1_000_000): { scheduler: Scheduler; clock: VirtualClock } {
  const scheduler = new Scheduler({ eventsMax });
  return { scheduler, clock: new VirtualClock(scheduler) };
}

class Nothing extends TimedEvent {
  override run(): void {}
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
        await scheduler.run(() => clock.sleep(21), hostPump);
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
  }, hostPump);
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
        }, hostPump);
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
  }, hostPump);
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
  }, hostPump);
  assert.deepEqual(seen, ["jobs", "next event"]);
});

test("with a shuffle events of equal time run in random order by its seed, others by time", async () => {
  const run = async (seed: number): Promise<readonly string[]> => {
    const scheduler = new Scheduler({ eventsMax: 1000, shuffle: new Random(seed) });
    const clock = new VirtualClock(scheduler);
    const seen: string[] = [];
    for (const delayMs of [2, 1, 0]) {
      for (let i = 0; i < 10; i++) clock.setTimer(delayMs, () => seen.push(`${delayMs} ${i}`));
    }
    await scheduler.run(() => clock.sleep(5), hostPump);
    return seen;
  };
  const orders = await Promise.all([1, 2, 3, 4].map(run));
  assert.deepEqual(await run(1), orders[0]);
  assert.equal(new Set(orders.map((seen) => seen.join())).size, 4, "each seed has its order");
  for (const seen of orders) {
    assert.deepEqual(
      seen.map((one) => one[0]).join(""),
      "0".repeat(10) + "1".repeat(10) + "2".repeat(10),
    );
    assert.equal(new Set(seen).size, 30);
  }
});

test("soon keeps its order when events are shuffled", async () => {
  const scheduler = new Scheduler({ eventsMax: 1000, shuffle: new Random(1) });
  const clock = new VirtualClock(scheduler);
  const seen: number[] = [];
  for (let i = 0; i < 50; i++) clock.soon(() => seen.push(i));
  await scheduler.run(() => clock.sleep(1), hostPump);
  assert.deepEqual(
    seen,
    Array.from({ length: 50 }, (_, i) => i),
  );
});

test("timers that were cancelled don't pile up, and the others keep their order", async () => {
  await fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 50 }), fc.nat(), (kept, seed) => {
      const random = new Random(seed);
      const queue = new EventQueue();
      for (const [i, time] of kept.entries()) queue.add(new Nothing(), time, i);
      for (let i = 0; i < 5000; i++) {
        const event = new Nothing();
        queue.add(event, random.below(2000), kept.length + i);
        event.cancel();
        event.cancel();
        assert.ok(queue.places <= 2 * queue.size + 256 + 1, `${queue.places} places`);
      }
      assert.equal(queue.size, kept.length);
      const times = kept.map(() => queue.take()?.time);
      assert.deepEqual(
        times,
        kept.toSorted((a, b) => a - b),
      );
      assert.equal(queue.take(), undefined);
      assert.equal(queue.places, 0);
    }),
    { numRuns: 20 },
  );
});

test("an event can be scheduled again once it runs, and not while it waits", async () => {
  const { scheduler, clock } = world();
  const times: number[] = [];
  class Pulse extends TimedEvent {
    override run(): void {
      times.push(scheduler.now);
      if (times.length < 3) scheduler.schedule(this, 10);
    }
  }
  const pulse = new Pulse();
  scheduler.schedule(pulse, 10);
  assert.throws(() => scheduler.schedule(pulse, 5), { message: /already scheduled/ });
  await scheduler.run(() => clock.sleep(100), hostPump);
  assert.deepEqual(times, [10, 20, 30]);
  assert.equal(scheduler.waiting, 0);
});

test("an endless delay never ends, and nothing waits for it", async () => {
  const { scheduler, clock } = world();
  const timer = clock.setTimer(Number.POSITIVE_INFINITY, () => assert.fail("the end of time"));
  assert.equal(scheduler.waiting, 0);
  timer.cancel();
  await assert.rejects(
    scheduler.run(() => new Promise<void>(() => {}), hostPump),
    { code: "SIM_STALLED" },
  );
});

test("a run that waits for nothing that can come is refused", async () => {
  const { scheduler } = world();
  const never = scheduler.run(() => new Promise<void>(() => {}), hostPump);
  await assert.rejects(
    never,
    (error) => error instanceof SchedulerError && error.code === "SIM_STALLED",
  );
});

test("a run that spins is refused", async () => {
  const { scheduler, clock } = world(1000);
  const spin = (): void => clock.soon(spin);
  spin();
  const spinning = scheduler.run(() => clock.sleep(1), hostPump);
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
  }, hostPump);
  await assert.rejects(main, { name: "RangeError", message: "from main" });

  const other = world();
  other.clock.setTimer(1, () => {
    throw new RangeError("from an event");
  });
  const event = other.scheduler.run(() => other.clock.sleep(2), hostPump);
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
    }, hostPump);
    return scheduler.trace.digest();
  };
  const first = await run(1, "x");
  assert.match(first, /^[0-9a-f]{16}$/);
  assert.equal(await run(1, "x"), first);
  assert.notEqual(await run(2, "x"), first);
  assert.notEqual(await run(1, "y"), first);
});
