/**
 * The clock port of one process: its own offset and drift, jumps, timers a little early or late,
 * nothing while the process is paused or dead (C1 to C4, C7).
 */

import { assert } from "@holdfast/raft";
import type { Clock, Timer } from "@holdfast/replica";
import type { ClockHabits } from "./plan/plan.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import { type Scheduler, TimedEvent } from "./scheduler.ts";

/** Whose clock it is and how wrong it goes. */
export interface NodeClockOptions {
  readonly scheduler: Scheduler;
  readonly process: Process;
  /** How early or late timers fire. */
  readonly random: Random;
  /** Zero each unless told. */
  readonly habits?: ClockHabits;
  /** Timers fire up to so many of the node's ms early or late: at most 1, the default. */
  readonly slackMs?: number;
}

/** Of the timers that may be early so many in 8 are. */
const EARLY = 2;
/** A shorter delay never ends early: who waits for the rest of a moment would spin. */
const EARLY_DELAY_MS_MIN = 2;
/** Times of the node are sums of fractions: so much short of a moment is at it. */
const ROUNDING_MS = 1e-6;

/** The clock of one process: offset, drift, leaps ahead, timers a little early or late. */
export class NodeClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #process: Process;
  readonly #random: Random;
  readonly #slackMs: number;
  /** The node's time at the scheduler's `#since`, and how much passes per ms of that one. */
  #base: number;
  #since: number;
  #rate = 1;
  /** All that may still fire, in no order. */
  readonly #timers: NodeTimer[] = [];
  readonly #soon: (() => void)[] = [];
  readonly #nextSoon = (): void => {
    this.#soon.shift()?.();
  };

  constructor(options: NodeClockOptions) {
    const { offsetMs, driftPpm } = options.habits ?? { offsetMs: 0, driftPpm: 0 };
    const slackMs = options.slackMs ?? 1;
    assert(slackMs >= 0 && slackMs <= 1, "nodeClock: slack");
    this.#scheduler = options.scheduler;
    this.#process = options.process;
    this.#random = options.random;
    this.#slackMs = slackMs;
    this.#since = options.scheduler.now;
    this.#base = this.#since + offsetMs;
    this.drift(driftPpm);
  }

  now(): number {
    return this.#base + (this.#scheduler.now - this.#since) * this.#rate;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const fireAt = this.now() + Math.max(0, delayMs) + this.#slack(delayMs);
    const timer = new NodeTimer(this, fireAt, run, this.#timers.length);
    this.#timers.push(timer);
    this.#scheduler.schedule(timer, this.#until(fireAt));
    return timer;
  }

  soon(run: () => void): void {
    this.#soon.push(run);
    this.#scheduler.schedule(new Soon(this.#process, this.#nextSoon), 0);
  }

  /** Timers that may still fire. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Leaps ahead; timers that it passes fire now. */
  jump(aheadMs: number): void {
    assert(aheadMs >= 0, "nodeClock.jump: back");
    this.#rebase();
    this.#base += aheadMs;
    this.#wake();
  }

  /** Runs at so many parts of a million too fast from now on; negative is too slow. */
  drift(ppm: number): void {
    assert(ppm > -1e6, "nodeClock.drift: stands still");
    this.#rebase();
    this.#rate = 1 + ppm / 1e6;
    this.#wake();
  }

  /** The event of this timer has come: fires it, waits for the rest, or for the end of a pause. */
  due(timer: NodeTimer): void {
    if (!this.#process.isAlive || !timer.isSet) return;
    const restMs = timer.fireAt - this.now();
    if (restMs > ROUNDING_MS) {
      if (timer.queue === undefined) this.#scheduler.schedule(timer, this.#until(timer.fireAt));
    } else if (this.#process.isHolding) {
      this.#process.deliver("timer", () => timer.fire());
    } else {
      timer.fire();
    }
  }

  /** It will not fire any more. */
  forget(timer: NodeTimer): void {
    const last = this.#timers.pop();
    if (last === undefined || last === timer) return;
    this.#timers[timer.place] = last;
    last.place = timer.place;
  }

  #rebase(): void {
    const { now } = this.#scheduler;
    this.#base += (now - this.#since) * this.#rate;
    this.#since = now;
  }

  /** Timers look again when they are due now; those that look too early wait for the rest. */
  #wake(): void {
    for (const timer of this.#timers) {
      if (timer.fireAt === Number.POSITIVE_INFINITY) continue;
      const delayMs = this.#until(timer.fireAt);
      if (this.#scheduler.now + delayMs < timer.time) {
        this.#scheduler.after(delayMs, () => this.due(timer));
      }
    }
  }

  #until(fireAt: number): number {
    return Math.max(0, (fireAt - this.now()) / this.#rate);
  }

  #slack(delayMs: number): number {
    if (this.#slackMs === 0) return 0;
    const word = this.#random.word();
    const slackMs = (this.#slackMs * (word >>> 3)) / 2 ** 29;
    return (word & 7) < EARLY && delayMs >= EARLY_DELAY_MS_MIN ? -slackMs : slackMs;
  }
}

class NodeTimer extends TimedEvent {
  /** In the node's time. */
  readonly fireAt: number;
  /** Where the clock keeps it. */
  place: number;
  readonly #clock: NodeClock;
  #call: (() => void) | undefined;

  constructor(clock: NodeClock, fireAt: number, call: () => void, place: number) {
    super();
    this.#clock = clock;
    this.fireAt = fireAt;
    this.#call = call;
    this.place = place;
  }

  /** Neither fired nor cancelled yet. */
  get isSet(): boolean {
    return this.#call !== undefined;
  }

  override run(): void {
    this.#clock.due(this);
  }

  fire(): void {
    const call = this.#end();
    call?.();
  }

  override cancel(): void {
    this.#end();
  }

  #end(): (() => void) | undefined {
    const call = this.#call;
    if (call === undefined) return undefined;
    this.#call = undefined;
    this.#clock.forget(this);
    super.cancel();
    return call;
  }
}

/** One turn's end: takes the first that was asked for, so that their order holds. */
class Soon extends TimedEvent {
  readonly #process: Process;
  readonly #next: () => void;

  constructor(owner: Process, next: () => void) {
    super();
    this.#process = owner;
    this.#next = next;
  }

  override run(): void {
    this.#process.deliver("soon", this.#next);
  }
}
