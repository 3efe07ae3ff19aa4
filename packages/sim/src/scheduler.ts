/**
 * Virtual time: a queue of events in order of time, one run of which is a function of its inputs
 * alone.
 */

import { assert } from "@holdfast/raft";
import type { Timer } from "@holdfast/replica";
import { EventQueue, TimedEvent } from "./event-queue.ts";
import type { Random } from "./random.ts";
import { TraceHash } from "./trace-hash.ts";

export { TimedEvent } from "./event-queue.ts";

/**
 * Calls `step` again and again until it returns false. Before each call, the first too, every
 * promise job that was ready has run to its end: that is what makes code with `async` and `await` a
 * function of the order of events. Rejects with what `step` throws. The host provides it, as only
 * the host can look behind its own job queue.
 */
export type Pump = (step: () => boolean) => Promise<void>;

/** See {@link SchedulerError}. */
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

/** Numbers of events repeat after so many; with a random word above them they fit into a double. */
const NUMBERS = 2 ** 21;

class Call extends TimedEvent {
  #call: (() => void) | undefined;

  constructor(call: () => void) {
    super();
    this.#call = call;
  }

  override run(): void {
    const call = this.#call;
    this.#call = undefined;
    call?.();
  }

  override cancel(): void {
    this.#call = undefined;
    super.cancel();
  }
}

/** How far a run may go, and in which order. */
export interface SchedulerOptions {
  /** More events than this end the run with `SIM_BUDGET`. */
  readonly eventsMax: number;
  /** Events of equal time run in an order that this draws. */
  readonly shuffle?: Random;
  /** Called before each event: several runs may take turns in one thread. */
  readonly enter?: () => void;
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Events of equal time run in the order in which they were inserted, unless it is shuffled. */
export class Scheduler {
  /** Of everything that was noted so far, and of the time of each event. */
  readonly trace: TraceHash = new TraceHash();
  readonly #eventsMax: number;
  readonly #shuffle: Random | undefined;
  readonly #enter: (() => void) | undefined;
  readonly #queue = new EventQueue();
  #now = 0;
  #inserted = 0;
  #ran = 0;

  constructor(options: SchedulerOptions) {
    this.#eventsMax = options.eventsMax;
    this.#shuffle = options.shuffle;
    this.#enter = options.enter;
  }

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#now;
  }

  /** Events that have run. */
  get ran(): number {
    return this.#ran;
  }

  /** Events that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  after(delayMs: number, run: () => void): Timer {
    const call = new Call(run);
    this.schedule(call, delayMs);
    return call;
  }

  /** Runs `event` so long from now; never after an endless delay. It must not be waiting. */
  schedule(event: TimedEvent, delayMs: number): void {
    assert(delayMs >= 0, "scheduler.schedule: negative delay");
    if (delayMs === Number.POSITIVE_INFINITY) return;
    const time = Math.ceil((this.#now + delayMs) / GRAIN_MS) * GRAIN_MS;
    const number = this.#inserted++;
    const shuffle = this.#shuffle;
    const order = shuffle === undefined ? number : shuffle.word() * NUMBERS + (number % NUMBERS);
    this.#queue.add(event, time, order);
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
    const event = this.#queue.take();
    if (event === undefined) {
      throw new SchedulerError(
        "SIM_STALLED",
        `No event left at ${this.#now} ms, but the run has not ended`,
      );
    }
    if (++this.#ran > this.#eventsMax) {
      throw new SchedulerError(
        "SIM_BUDGET",
        `More than ${this.#eventsMax} events by ${this.#now} ms`,
      );
    }
    assert(event.time >= this.#now, "scheduler: time goes back");
    this.#now = event.time;
    this.trace.note(event.time);
    this.#enter?.();
    event.run();
    return true;
  }
}
