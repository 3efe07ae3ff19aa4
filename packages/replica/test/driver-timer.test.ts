/** The deadline timer: one timer, lazily moved, and distrustful after a stall (C4, C19). */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock, Timer } from "@holdfast/replica";
import { DeadlineTimer } from "../src/driver-timer.ts";

/** Time that the test moves by hand; timers fire only when it says so. */
class HandClock implements Clock {
  time = 0;
  timers: { at: number; run: () => void }[] = [];
  soons: (() => void)[] = [];
  set = 0;

  now(): number {
    return this.time;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    this.set++;
    const timer = { at: this.time + delayMs, run };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((one) => one !== timer);
      },
    };
  }

  soon(run: () => void): void {
    this.soons.push(run);
  }

  /** Fires what is due at `time`. */
  moveTo(time: number): void {
    this.time = time;
    for (const timer of this.timers.filter((one) => one.at <= time)) {
      this.timers = this.timers.filter((one) => one !== timer);
      timer.run();
    }
  }

  turn(): void {
    for (const run of this.soons.splice(0)) run();
  }
}

function scene() {
  const clock = new HandClock();
  const fired: number[] = [];
  const timer = new DeadlineTimer(clock, 50, (now) => fired.push(now));
  return { clock, fired, timer };
}

test("DeadlineTimer: fires at the deadline", () => {
  const { clock, fired, timer } = scene();
  timer.arm(100);
  clock.moveTo(99);
  assert.deepEqual(fired, []);
  clock.moveTo(100);
  assert.deepEqual(fired, [100]);
});

test("DeadlineTimer: a deadline that moves away costs no new timer until the old one fires", () => {
  const { clock, fired, timer } = scene();
  for (let at = 100; at <= 190; at += 10) timer.arm(at);
  assert.equal(clock.set, 1);
  clock.moveTo(100);
  assert.equal(clock.set, 2);
  assert.deepEqual(fired, []);
  clock.moveTo(190);
  assert.deepEqual(fired, [190]);
});

test("DeadlineTimer: a nearer deadline replaces the timer", () => {
  const { clock, fired, timer } = scene();
  timer.arm(100);
  timer.arm(30);
  assert.equal(clock.timers.length, 1);
  clock.moveTo(30);
  assert.deepEqual(fired, [30]);
});

test("DeadlineTimer: an early timer is set again, for less than a rounding error it is not", () => {
  const { clock, fired, timer } = scene();
  timer.arm(100);
  clock.timers[0]?.run();
  assert.deepEqual(fired, []);
  clock.timers.splice(0, 1);
  clock.moveTo(100 - 1e-9);
  clock.timers[0]?.run();
  assert.deepEqual(fired, [100]);
});

test("C19 DeadlineTimer: when it comes late, what was received meanwhile is heard first", () => {
  const { clock, fired, timer } = scene();
  timer.arm(100);
  clock.moveTo(1000);
  assert.deepEqual(fired, []);
  clock.turn();
  // A heartbeat was waiting in a socket: it moves the deadline.
  timer.arm(1100);
  clock.turn();
  assert.deepEqual(fired, []);
  clock.moveTo(1100);
  assert.deepEqual(fired, [1100]);
});

test("C19 DeadlineTimer: when it comes late and nothing was received, it is believed after two turns", () => {
  const { clock, fired, timer } = scene();
  timer.arm(100);
  clock.moveTo(1000);
  clock.turn();
  clock.turn();
  assert.deepEqual(fired, [1000]);
});

test("DeadlineTimer: after stop nothing fires", () => {
  const { clock, fired, timer } = scene();
  timer.arm(100);
  timer.stop();
  timer.arm(50);
  clock.moveTo(1000);
  clock.turn();
  clock.turn();
  assert.deepEqual(fired, []);
});

test("DeadlineTimer: an infinite deadline sets no timer", () => {
  const { clock, timer } = scene();
  timer.arm(Number.POSITIVE_INFINITY);
  assert.equal(clock.set, 0);
});
