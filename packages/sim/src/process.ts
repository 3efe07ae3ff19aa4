/**
 * One life of a node's process: what reaches it, and when. A paused process gets everything later;
 * a dead one nothing, ever: its promises stay pending and its timers never fire.
 */

import { assert } from "@holdfast/raft";
import type { Scheduler } from "./scheduler.ts";

/**
 * What calls into a process. After a pause Node runs timers that are due first, then what the
 * system reports, then what was asked to run soon.
 */
export type Caller = "timer" | "io" | "soon";

interface Held {
  readonly caller: Caller;
  readonly run: () => void;
}

const ORDER: readonly Caller[] = ["timer", "io", "soon"];

export class Process {
  readonly #scheduler: Scheduler;
  #isAlive = true;
  #isPaused = false;
  #held: Held[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** What waits for the end of the pause. */
  get held(): number {
    return this.#held.length;
  }

  /** Runs `run` in this process: at once, after its pause, or never when it is dead by then. */
  deliver(caller: Caller, run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused) this.#held.push({ caller, run });
    else run();
  }

  pause(): void {
    assert(this.#isAlive, "process: paused when dead");
    this.#isPaused = true;
  }

  /** What was held runs now, one event each. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const held = this.#held;
    this.#held = [];
    for (const caller of ORDER) {
      for (const one of held) {
        if (one.caller === caller) this.#scheduler.after(0, () => this.deliver(caller, one.run));
      }
    }
  }

  kill(): void {
    this.#isAlive = false;
    this.#isPaused = false;
    this.#held = [];
  }
}
