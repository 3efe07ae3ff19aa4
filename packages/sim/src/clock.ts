/** The clock port on virtual time. */

import type { Clock, Timer } from "@holdfast/replica";
import type { Scheduler } from "./scheduler.ts";

/** A clock that a workload can wait on, too. */
export interface SleepingClock extends Clock {
  /** Resolves `ms` from now. */
  sleep(ms: number): Promise<void>;
}

/** Time stands still while code runs and jumps to the next event when nothing is left to do. */
export class VirtualClock implements SleepingClock {
  readonly #scheduler: Scheduler;
  readonly #soon: (() => void)[] = [];
  readonly #nextSoon = (): void => {
    this.#soon.shift()?.();
  };

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  now(): number {
    return this.#scheduler.now;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    return this.#scheduler.after(Math.max(0, delayMs), run);
  }

  /** In order, however events of equal time are shuffled. */
  soon(run: () => void): void {
    this.#soon.push(run);
    this.#scheduler.after(0, this.#nextSoon);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.after(ms, resolve);
    });
  }
}
