/** Events in order of time: a heap with four branches, which forgets what was cancelled. */

import { assert } from "@holdfast/raft";
import type { Timer } from "@holdfast/replica";

/**
 * Something that happens at its time. A subclass that is the thing itself (a packet, a timer) saves
 * a closure for each. Once it runs it may be scheduled again.
 */
export abstract class TimedEvent implements Timer {
  /** Virtual ms; set when it is scheduled. */
  time = 0;
  /** Of events of equal time the one with the smaller number runs first. */
  order = 0;
  /** Where it waits, while it does; a cancelled one until it is forgotten. */
  queue: EventQueue | undefined = undefined;
  isCancelled = false;

  abstract run(): void;

  cancel(): void {
    if (this.queue === undefined || this.isCancelled) return;
    this.isCancelled = true;
    this.queue.cancelled();
  }
}

/** So many cancelled events are not worth looking for. */
const FORGOTTEN_MIN = 256;

export class EventQueue {
  readonly #heap: TimedEvent[] = [];
  /** So many in the heap are cancelled. */
  #cancelled = 0;

  /** Events that will run. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Places in memory, cancelled events included: never more than about twice `size`. */
  get places(): number {
    return this.#heap.length;
  }

  add(event: TimedEvent, time: number, order: number): void {
    assert(event.queue === undefined, "events.add: already scheduled");
    event.queue = this;
    event.time = time;
    event.order = order;
    this.#heap.push(event);
    this.#rise(event, this.#heap.length - 1);
  }

  /** The first event that was not cancelled; undefined when there is none. */
  take(): TimedEvent | undefined {
    const heap = this.#heap;
    for (;;) {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (first !== last) this.#sink(last, 0);
      first.queue = undefined;
      if (!first.isCancelled) return first;
      first.isCancelled = false;
      this.#cancelled--;
    }
  }

  /** One of the events says that it will not run. */
  cancelled(): void {
    this.#cancelled++;
    const heap = this.#heap;
    if (this.#cancelled < FORGOTTEN_MIN || this.#cancelled * 2 < heap.length) return;
    let kept = 0;
    for (const event of heap) {
      if (event.isCancelled) {
        event.isCancelled = false;
        event.queue = undefined;
      } else {
        heap[kept++] = event;
      }
    }
    heap.length = kept;
    this.#cancelled = 0;
    for (let at = (kept - 2) >> 2; at >= 0; at--) {
      const event = heap[at];
      if (event !== undefined) this.#sink(event, at);
    }
  }

  /** Puts `event` at `from`, which is free, or above it. */
  #rise(event: TimedEvent, from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const aboveAt = (at - 1) >> 2;
      const above = heap[aboveAt];
      if (above === undefined || !isBefore(event, above)) break;
      heap[at] = above;
      at = aboveAt;
    }
    heap[at] = event;
  }

  /** Puts `event` at `from`, which is free, or below it. */
  #sink(event: TimedEvent, from: number): void {
    const heap = this.#heap;
    let at = from;
    for (;;) {
      const first = at * 4 + 1;
      let best = heap[first];
      if (best === undefined) break;
      let bestAt = first;
      const end = Math.min(first + 4, heap.length);
      for (let i = first + 1; i < end; i++) {
        const one = heap[i];
        if (one !== undefined && isBefore(one, best)) {
          best = one;
          bestAt = i;
        }
      }
      if (!isBefore(best, event)) break;
      heap[at] = best;
      at = bestAt;
    }
    heap[at] = event;
  }
}

function isBefore(one: TimedEvent, other: TimedEvent): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}
