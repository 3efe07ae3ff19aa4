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

type Held = Record<Caller, (() => void)[]>;

/** One life of a node: paused it gets everything later and in order, dead it gets nothing. */
export class Process {
  readonly #scheduler: Scheduler;
  #isAlive = true;
  #isPaused = false;
  #isCatchingUp = false;
  #held: Held = noneHeld();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** What comes now has to wait: paused, or not yet through with what came in the pause. */
  get isHolding(): boolean {
    return this.#isPaused || this.#isCatchingUp;
  }

  /** What waits for the end of the pause. */
  get held(): number {
    return this.#held.timer.length + this.#held.io.length + this.#held.soon.length;
  }

  /** Runs `run` in this process: at once, after its pause, or never when it is dead by then. */
  deliver(caller: Caller, run: () => void): void {
    if (!this.#isAlive) return;
    if (this.isHolding) this.#held[caller].push(run);
    else run();
  }

  pause(): void {
    assert(this.#isAlive, "process: paused when dead");
    this.#isPaused = true;
  }

  /** What was held runs now, one event each, before anything that comes meanwhile. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.held === 0 || this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    this.#scheduler.after(0, () => this.#catchUp());
  }

  /** Each event asks for the next: their order holds, however events of equal time are shuffled. */
  #catchUp(): void {
    if (this.#isPaused) {
      this.#isCatchingUp = false;
      return;
    }
    const { timer, io, soon } = this.#held;
    const run = timer.shift() ?? io.shift() ?? soon.shift();
    if (this.held === 0) this.#isCatchingUp = false;
    else this.#scheduler.after(0, () => this.#catchUp());
    run?.();
  }

  kill(): void {
    this.#isAlive = false;
    this.#isPaused = false;
    this.#held = noneHeld();
  }
}

function noneHeld(): Held {
  return { timer: [], io: [], soon: [] };
}
