/** The clock of one node: offset, drift, jumps, pauses, and timers a little early or late. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Timer } from "@holdfast/replica";
import {
  hostPump,
  NodeClock,
  type NodeClockOptions,
  Process,
  Random,
  Scheduler,
  VirtualClock,
} from "@holdfast/sim";
import { type ClockWorld, clockSuite } from "@holdfast/testkit";
import fc from "fast-check";

interface Scene extends ClockWorld {
  readonly clock: NodeClock;
  readonly process: Process;
  readonly scheduler: Scheduler;
  /** Lets this much of the true time pass. */
  sleep(ms: number): Promise<void>;
}

type Options = Partial<NodeClockOptions> & {
  readonly seed?: number;
  readonly isShuffled?: boolean;
};

function newScene({ seed = 1, isShuffled = false, ...given }: Options = {}): Scene {
  const random = new Random(seed);
  const shuffle = isShuffled ? { shuffle: random.fork("shuffle") } : {};
  const scheduler = new Scheduler({ eventsMax: 1_000_000, ...shuffle });
  const process = new Process(scheduler);
  const clock = new NodeClock({ scheduler, process, random: random.fork("clock"), ...given });
  const truth = new VirtualClock(scheduler);
  const sleep = (ms: number): Promise<void> => scheduler.run(() => truth.sleep(ms), hostPump);
  const advance = async (ms: number): Promise<void> => {
    const end = clock.now() + ms;
    while (clock.now() < end) await sleep(1);
  };
  return { clock, process, scheduler, sleep, advance };
}

clockSuite("NodeClock", () => newScene());
clockSuite("NodeClock that drifts and is off", () =>
  newScene({ habits: { offsetMs: 3_600_000, driftPpm: 100_000 }, seed: 2 }),
);
clockSuite("NodeClock that is slow and behind, in random order", () =>
  newScene({ habits: { offsetMs: -3_600_000, driftPpm: -100_000 }, seed: 3, isShuffled: true }),
);

test("now begins at the offset and runs at the drift", async () => {
  const { clock, sleep } = newScene({ habits: { offsetMs: 500, driftPpm: 20_000 } });
  assert.equal(clock.now(), 500);
  await sleep(1000);
  assert.ok(Math.abs(clock.now() - 1520) < 1e-6, `${clock.now()}`);
  clock.drift(-500_000);
  await sleep(1000);
  assert.ok(Math.abs(clock.now() - 2020) < 1e-6, `${clock.now()}`);
});

test("a clock that starts late shows the offset from the true time", async () => {
  const { scheduler, process, sleep } = newScene();
  await sleep(250);
  const clock = new NodeClock({
    scheduler,
    process,
    random: new Random(1),
    habits: { offsetMs: 10, driftPpm: 0 },
  });
  assert.equal(clock.now(), 260);
});

test("a timer fires by the node's time: early for a fast clock, late for a slow one", async () => {
  const fired = async (driftPpm: number): Promise<number> => {
    const { clock, scheduler, sleep } = newScene({
      habits: { offsetMs: 0, driftPpm },
      slackMs: 0,
    });
    let at = 0;
    clock.setTimer(1000, () => {
      at = scheduler.now;
    });
    await sleep(3000);
    return at;
  };
  assert.ok(Math.abs((await fired(0)) - 1000) < 0.01);
  assert.ok(Math.abs((await fired(1_000_000)) - 500) < 0.01);
  assert.ok(Math.abs((await fired(-500_000)) - 2000) < 0.01);
});

test("timers fire at most a millisecond early or late, some of each, by the seed", async () => {
  const delays = async (seed: number): Promise<readonly number[]> => {
    const { clock, advance } = newScene({ seed });
    const seen: number[] = [];
    for (let i = 0; i < 400; i++) {
      const begun = clock.now();
      clock.setTimer(20, () => seen.push(clock.now() - begun));
      await advance(1);
    }
    await advance(50);
    return seen;
  };
  const seen = await delays(1);
  assert.equal(seen.length, 400);
  assert.ok(seen.every((one) => one >= 19 && one <= 21.01));
  const early = seen.filter((one) => one < 20).length;
  assert.ok(early > 60 && early < 140, `${early} of 400`);
  assert.deepEqual(await delays(1), seen);
  assert.notDeepEqual(await delays(2), seen);
});

test("who waits again for what is left of a moment never spins", async () => {
  const { clock, scheduler, advance } = newScene({ seed: 5 });
  const rounds: number[] = [];
  for (let i = 0; i < 50; i++) {
    const moment = clock.now() + 10;
    let round = 0;
    const look = (): void => {
      round++;
      if (clock.now() < moment) clock.setTimer(moment - clock.now(), look);
      else rounds.push(round);
    };
    look();
    await advance(13);
  }
  assert.equal(rounds.length, 50);
  assert.ok(Math.max(...rounds) <= 3, `${rounds}`);
  assert.ok(scheduler.ran < 2000);
});

test("a jump fires the timers that it passes, at once, and leaves the others their rest", async () => {
  const { clock, scheduler, sleep } = newScene({ slackMs: 0 });
  const fired: string[] = [];
  clock.setTimer(100, () => fired.push(`passed ${clock.now()}`));
  clock.setTimer(2000, () => fired.push(`later ${clock.now()} at ${scheduler.now}`));
  await sleep(10);
  const before = clock.now();
  clock.jump(1000);
  assert.equal(clock.now(), before + 1000);
  assert.deepEqual(fired, [], "not inside of the jump");
  await sleep(0.1);
  assert.deepEqual(fired, ["passed 1010"]);
  await sleep(2000);
  assert.deepEqual(fired, ["passed 1010", "later 2000 at 1000"]);
});

test("a change of drift moves timers that are set, both ways", async () => {
  const at = async (ppm: number): Promise<number> => {
    const { clock, scheduler, sleep } = newScene({ slackMs: 0 });
    let fired = 0;
    clock.setTimer(1000, () => {
      assert.equal(fired, 0, "once");
      fired = scheduler.now;
    });
    await sleep(500);
    clock.drift(ppm);
    await sleep(5000);
    return fired;
  };
  assert.ok(Math.abs((await at(1_000_000)) - 750) < 0.01);
  assert.ok(Math.abs((await at(-500_000)) - 1500) < 0.01);
});

test("now never goes back, whatever happens to the clock", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("jump" as const), by: fc.integer({ min: 0, max: 5000 }) }),
    fc.record({ kind: fc.constant("drift" as const), by: fc.integer({ min: -999_999, max: 2e6 }) }),
    fc.record({ kind: fc.constant("sleep" as const), by: fc.integer({ min: 0, max: 500 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { clock, sleep } = newScene();
      let last = clock.now();
      for (const { kind, by } of steps) {
        if (kind === "sleep") await sleep(by);
        else clock[kind](by);
        assert.ok(clock.now() >= last, `${last} then ${clock.now()}`);
        last = clock.now();
      }
    }),
    { numRuns: 200 },
  );
});

test("timers fire once, in the order of their times, or never when cancelled", async () => {
  const plan = fc.array(
    fc.record({ delayMs: fc.nat(50), cancelAt: fc.option(fc.nat(60), { nil: undefined }) }),
    { maxLength: 40 },
  );
  const jolt = fc.record({
    at: fc.nat(60),
    jump: fc.nat(30),
    ppm: fc.integer({ min: -9e5, max: 9e5 }),
  });
  await fc.assert(
    fc.asyncProperty(
      plan,
      fc.array(jolt, { maxLength: 4 }),
      fc.nat(),
      async (timers, jolts, seed) => {
        const { clock, scheduler, sleep } = newScene({ seed, slackMs: 0 });
        const fired: number[] = [];
        const set: Timer[] = timers.map(({ delayMs }, i) =>
          clock.setTimer(delayMs, () => {
            fired.push(i);
            assert.ok(clock.now() >= delayMs - 1e-3, `${clock.now()} for ${delayMs}`);
          }),
        );
        const cancelled = new Set<number>();
        timers.forEach(({ cancelAt }, i) => {
          if (cancelAt === undefined) return;
          scheduler.after(cancelAt, () => {
            if (!fired.includes(i)) cancelled.add(i);
            set[i]?.cancel();
          });
        });
        for (const { at, jump, ppm } of jolts) {
          scheduler.after(at, () => {
            clock.jump(jump);
            clock.drift(ppm);
          });
        }
        await sleep(2000);
        assert.deepEqual(
          [...fired, ...cancelled].sort((a, b) => a - b),
          timers.map((_, i) => i),
        );
        assert.equal(clock.timers, 0);
        if (jolts.length > 0) return; // what a jump passes comes in one burst, in any order
        const times = fired.map((i) => timers[i]?.delayMs ?? 0);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test("a paused process gets its timers after the pause, unless they are cancelled before", async () => {
  const { clock, process, sleep } = newScene({ slackMs: 0 });
  const fired: string[] = [];
  const cancelled = clock.setTimer(20, () => fired.push("cancelled"));
  clock.setTimer(10, () => {
    fired.push("first");
    cancelled.cancel();
  });
  clock.setTimer(30, () => fired.push("third"));
  clock.soon(() => fired.push("soon"));
  process.pause();
  await sleep(100);
  assert.deepEqual(fired, []);
  process.resume();
  await sleep(1);
  assert.deepEqual(fired, ["first", "third", "soon"]);
});

test("timers and turns of a dead process never come", async () => {
  const { clock, process, scheduler, sleep } = newScene();
  const fired: string[] = [];
  clock.setTimer(10, () => fired.push("timer"));
  clock.soon(() => fired.push("soon"));
  process.kill();
  clock.jump(100);
  await sleep(50);
  assert.deepEqual(fired, []);
  assert.ok(scheduler.now >= 50);
});
