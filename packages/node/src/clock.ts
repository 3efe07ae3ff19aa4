/** The Clock port on Node: monotonic time, one timeout per timer, setImmediate to end a turn. */

import { performance } from "node:perf_hooks";
import type { Clock, Timer } from "@holdfast/replica";

/** Node's timers fire at once when asked to wait longer than this. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** Real time. Timers keep the process alive until they fire or are cancelled. */
export function systemClock(): Clock {
  return { now: () => performance.now(), setTimer, soon };
}

/** `soon` runs behind what the event loop has already read from sockets in this round. */
function soon(run: () => void): void {
  setImmediate(run);
}

function setTimer(delayMs: number, run: () => void): Timer {
  return new SystemTimer(delayMs, run);
}

class SystemTimer implements Timer {
  private readonly run: () => void;
  private handle: NodeJS.Timeout | undefined;

  constructor(delayMs: number, run: () => void) {
    this.run = run;
    // Rounded up: Node cuts fractions off. An infinite delay waits in pieces for ever.
    this.wait(Math.max(0, Math.ceil(delayMs)));
  }

  cancel(): void {
    clearTimeout(this.handle);
    this.handle = undefined;
  }

  private wait(leftMs: number): void {
    if (leftMs > TIMEOUT_MS_MAX) {
      this.handle = setTimeout(() => this.wait(leftMs - TIMEOUT_MS_MAX), TIMEOUT_MS_MAX);
    } else {
      this.handle = setTimeout(this.run, leftMs);
    }
  }
}
