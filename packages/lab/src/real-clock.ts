/** The clock port on the machine's own time, for `--real`. */

import { performance } from "node:perf_hooks";
import type { Timer } from "@holdfast/replica";
import type { SleepingClock } from "@holdfast/sim";

export class RealClock implements SleepingClock {
  now(): number {
    return performance.now();
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const timer = setTimeout(run, delayMs);
    return { cancel: (): void => clearTimeout(timer) };
  }

  /**
   * A turn of the event loop: a zero timer would cost a millisecond, which no network call of the
   * suite may.
   */
  soon(run: () => void): void {
    setImmediate(run);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
  }
}
