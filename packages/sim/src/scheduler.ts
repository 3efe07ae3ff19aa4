/**
 * Virtual time: a queue of events in order of time, one run of which is a function of its inputs
 * alone.
 */

import { assert } from "@holdfast/raft";
import type { Timer } from "@holdfast/replica";
import { TraceHash } from "./trace-hash.ts";

/**
 * Calls `step` again and again until it returns false. Before each call, the first too, every
 * promise job that was ready has run to its end: that is what makes code with `async` and `await` a
 * function of the order of events. Rejects with what `step` throws. The host provides it, as only
 * the host can look behind its own job queue.
 */
export type Pump = (step: () => boolean) => Promise<void>;

export type SchedulerErrorCode = "SIM_STALLED" | "SIM_BUDGET";

/**
 * - `SIM_STALLED`: the run waits for something, but no event is left that could bring it.
 * - `SIM_BUDGET`: more events than the run may have; something spins.
 */
export class SchedulerError extends Error {
  readonly code: SchedulerErrorCode;

  constructor(code: SchedulerErrorCode, message: string) {
    super(message);
    this.name = "SchedulerError";
    this.code = code;
  }
}

/**
 * Times are whole multiples of this, in ms (about a microsecond, and exact in binary): who waits
 * for the rest until a moment always gets beyond it. Rounding would let a timer fire just before,
 * and again, for ever.
 */
const GRAIN_MS = 1 / 1024;

interface Event {
  readonly time: number;
  readonly order: number;
  /** Gone once it has run or was cancelled. */
  run: (() => void) | undefined;
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Events of equal time run in the order in which they were inserted. */
export class Scheduler {
  /** Of everything that was noted so far, and of the time of each event. */
  readonly trace: TraceHash = new TraceHash();
  readonly #eventsMax: number;
  readonly #heap: Event[] = [];
  #now = 0;
  #inserted = 0;
  #ran = 0;

  constructor(options: { readonly eventsMax: number }) {
    this.#eventsMax = options.eventsMax;
  }

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#now;
  }

  /** Events that have run. */
  get ran(): number {
    return this.#ran;
  }

  after(delayMs: number, run: () => void): Timer {
    assert(delayMs >= 0, "scheduler.after: negative delay");
    const time = Math.ceil((this.#now + delayMs) / GRAIN_MS) * GRAIN_MS;
    const event: Event = { time, order: this.#inserted++, run };
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return {
      cancel: (): void => {
        event.run = undefined;
      },
    };
  }

  /** Starts `main` and runs events until it settles; what is still queued then never runs. */
  async run<T>(main: () => Promise<T>, pump: Pump): Promise<T> {
    const held: { outcome?: Outcome<T> } = {};
    main().then(
      (value) => {
        held.outcome = { value };
      },
      (error: unknown) => {
        held.outcome = { error };
      },
    );
    await pump(() => held.outcome === undefined && this.#runNext());
    assert(held.outcome !== undefined, "scheduler.run: pump ended early");
    if ("error" in held.outcome) throw held.outcome.error;
    return held.outcome.value;
  }

  #runNext(): true {
    for (;;) {
      const event = this.#take();
      if (event === undefined) {
        throw new SchedulerError(
          "SIM_STALLED",
          `No event left at ${this.#now} ms, but the run has not ended`,
        );
      }
      const run = event.run;
      if (run === undefined) continue; // cancelled
      if (++this.#ran > this.#eventsMax) {
        throw new SchedulerError(
          "SIM_BUDGET",
          `More than ${this.#eventsMax} events by ${this.#now} ms`,
        );
      }
      assert(event.time >= this.#now, "scheduler: time goes back");
      event.run = undefined;
      this.#now = event.time;
      this.trace.note(event.time);
      run();
      return true;
    }
  }

  #take(): Event | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last === undefined || first === last) return last;
    this.#heap[0] = last;
    this.#sink();
    return first;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swapUnlessOrdered(above, at)) return;
      at = above;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      if (left === undefined) return;
      const next = right !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
      if (!this.#swapUnlessOrdered(at, next)) return;
      at = next;
    }
  }

  /** True when the two had to change places. */
  #swapUnlessOrdered(above: number, below: number): boolean {
    const upper = this.#heap[above];
    const lower = this.#heap[below];
    assert(upper !== undefined && lower !== undefined, "scheduler: heap index out of range");
    if (!isBefore(lower, upper)) return false;
    this.#heap[above] = lower;
    this.#heap[below] = upper;
    return true;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}
