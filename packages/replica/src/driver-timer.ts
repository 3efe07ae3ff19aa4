/**
 * One timer for the core's one deadline, which doesn't trust itself when it comes late (C4, C19).
 */

import { sometimes } from "@holdfast/raft";
import type { Clock, Timer } from "./ports.ts";

/**
 * Less than this to go is now: sums of fractions may fall short of the deadline by a rounding error
 * for ever.
 */
const EARLY_MS = 0.001;

/** Runs `due` once `deadline` has passed, with a time that is not before it. */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #lateMs: number;
  readonly #due: (now: number) => void;
  #timer: Timer | undefined;
  /** When the timer fires; Infinity without one. */
  #armedFor: number = Number.POSITIVE_INFINITY;
  #deadline: number = Number.POSITIVE_INFINITY;
  #isStopped = false;

  constructor(clock: Clock, lateMs: number, due: (now: number) => void) {
    this.#clock = clock;
    this.#lateMs = lateMs;
    this.#due = due;
  }

  /** The new deadline. A later one leaves the timer alone: it looks again when it fires. */
  arm(deadline: number): void {
    this.#deadline = deadline;
    if (deadline < this.#armedFor && !this.#isStopped) this.#set();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #set(): void {
    this.#timer?.cancel();
    this.#armedFor = this.#deadline;
    const delayMs = Math.max(0, this.#deadline - this.#clock.now());
    this.#timer = this.#clock.setTimer(delayMs, () => this.#fired());
  }

  #fired(): void {
    this.#timer = undefined;
    const lateMs = this.#clock.now() - this.#armedFor;
    if (lateMs <= this.#lateMs) {
      this.#look();
      return;
    }
    sometimes("driver: the timer is late, and what was received goes first");
    // The process stood still. What was received meanwhile may say that the leader lives: hear it
    // first. One round lets the platform look at its sockets, the second one lets what it found
    // there be delivered.
    this.#clock.soon(() => this.#clock.soon(() => this.#look()));
  }

  #look(): void {
    if (this.#isStopped || this.#timer !== undefined) return;
    this.#armedFor = Number.POSITIVE_INFINITY;
    if (this.#deadline === Number.POSITIVE_INFINITY) return;
    const now = this.#clock.now();
    if (now < this.#deadline - EARLY_MS) this.#set();
    else this.#due(Math.max(now, this.#deadline));
  }
}
