/**
 * A state machine that takes its time now and then: heartbeats, snapshots and answers must not
 * depend on it being quick (E3, E8, G8, G10).
 */

import type { Clock, Machine, Position } from "@holdfast/replica";

/** The machine itself answers at once; the answer is held back. */
export class SlowMachine<R> implements Machine<R> {
  readonly #machine: Machine<R>;
  readonly #clock: Clock;
  readonly #nextMs: () => number;

  /** `nextMs` says how long the next command takes; 0 = no time at all. */
  constructor(machine: Machine<R>, clock: Clock, nextMs: () => number) {
    this.#machine = machine;
    this.#clock = clock;
    this.#nextMs = nextMs;
  }

  apply(command: Uint8Array, at: Position): R | Promise<R> {
    const result = this.#machine.apply(command, at);
    const forMs = this.#nextMs();
    if (forMs <= 0) return result;
    return new Promise((resolve) => {
      this.#clock.setTimer(forMs, () => resolve(result));
    });
  }

  snapshot(): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    return this.#machine.snapshot();
  }

  restore(chunks: AsyncIterable<Uint8Array>, at: Position): void | Promise<void> {
    return this.#machine.restore(chunks, at);
  }
}
