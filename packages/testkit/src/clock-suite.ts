/** What every Clock must do, in tests that run on real and on simulated time alike. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Clock } from "@holdfast/replica";

export interface ClockWorld {
  readonly clock: Clock;
  /** Lets at least this much of the clock's time pass, with everything that falls due in it. */
  advance(ms: number): Promise<void>;
}

/** Registers the suite with node:test, for the clock that `open` makes anew for each test. */
export function clockSuite(name: string, open: () => ClockWorld | Promise<ClockWorld>): void {
  const test = (title: string, body: (world: ClockWorld) => Promise<void>): void => {
    it(title, async () => body(await open()));
  };
  describe(`${name} keeps the promises of the Clock port`, () => {
    passing(test);
    cancelling(test);
    turns(test);
  });
}

type Test = (title: string, body: (world: ClockWorld) => Promise<void>) => void;

function passing(test: Test): void {
  test("now never goes back and passes with time", async ({ clock, advance }) => {
    const readings = [clock.now()];
    for (let i = 0; i < 5; i++) {
      await advance(4);
      readings.push(clock.now());
    }
    const sorted = readings.toSorted((a, b) => a - b);
    assert.deepEqual(readings, sorted);
    assert.ok((readings[5] ?? 0) - (readings[0] ?? 0) >= 19, `${readings}`);
  });

  test("a timer fires once, when its delay has passed", async ({ clock, advance }) => {
    const begun = clock.now();
    const fired: number[] = [];
    clock.setTimer(30, () => fired.push(clock.now() - begun));
    assert.deepEqual(fired, [], "not at once");
    await advance(10);
    await advance(100);
    assert.equal(fired.length, 1);
    assert.ok((fired[0] ?? 0) >= 29, `after ${fired[0]} ms`);
  });

  test("a fraction of a millisecond is not cut off", async ({ clock, advance }) => {
    const begun = clock.now();
    const fired: number[] = [];
    clock.setTimer(5.9, () => fired.push(clock.now() - begun));
    await advance(50);
    assert.equal(fired.length, 1);
    assert.ok((fired[0] ?? 0) >= 4.9, `after ${fired[0]} ms`);
  });

  test("timers fire in the order of their times", async ({ clock, advance }) => {
    const fired: string[] = [];
    clock.setTimer(40, () => fired.push("third"));
    clock.setTimer(20, () => fired.push("second"));
    clock.setTimer(0, () => fired.push("first"));
    assert.deepEqual(fired, [], "not at once, even without delay");
    await advance(100);
    assert.deepEqual(fired, ["first", "second", "third"]);
  });
}

function cancelling(test: Test): void {
  test("a cancelled timer never fires, and cancelling again is no error", async ({
    clock,
    advance,
  }) => {
    const fired: string[] = [];
    const cancelled = clock.setTimer(10, () => fired.push("cancelled"));
    const kept = clock.setTimer(10, () => fired.push("kept"));
    cancelled.cancel();
    cancelled.cancel();
    await advance(60);
    kept.cancel();
    assert.deepEqual(fired, ["kept"]);
  });

  test("a timer can be set and cancelled by another timer", async ({ clock, advance }) => {
    const fired: string[] = [];
    const victim = clock.setTimer(40, () => fired.push("victim"));
    clock.setTimer(5, () => {
      victim.cancel();
      clock.setTimer(5, () => fired.push("second"));
    });
    await advance(120);
    assert.deepEqual(fired, ["second"]);
  });

  test("a delay longer than 2^31 ms, or endless, doesn't fire early", async ({
    clock,
    advance,
  }) => {
    const fired: number[] = [];
    const delays = [2 ** 31, 2 ** 33, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY];
    const timers = delays.map((delay) => clock.setTimer(delay, () => fired.push(delay)));
    await advance(30);
    for (const timer of timers) timer.cancel();
    assert.deepEqual(fired, []);
  });
}

function turns(test: Test): void {
  test("soon runs after the caller, in order, before time passes", async ({ clock, advance }) => {
    const ran: string[] = [];
    clock.setTimer(20, () => ran.push("timer"));
    clock.soon(() => {
      ran.push("first");
      clock.soon(() => ran.push("third"));
    });
    clock.soon(() => ran.push("second"));
    assert.deepEqual(ran, []);
    await advance(60);
    assert.deepEqual(ran, ["first", "second", "third", "timer"]);
  });
}
