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

/** Room for so many events at first. */
const PLACES = 64;

export class EventQueue {
  readonly #heap: TimedEvent[] = [];
  /**
   * Time and order of the event at each place, two by two: side by side and not in objects, as
   * comparing them is most of the work.
   */
  #keys: Float64Array = new Float64Array(2 * PLACES);
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

  /** Of events of equal time the one with the smaller `order` runs first. */
  add(event: TimedEvent, time: number, order: number): void {
    assert(event.queue === undefined, "events.add: already scheduled");
    event.queue = this;
    event.time = time;
    this.#heap.push(event);
    const places = this.#heap.length;
    if (2 * places > this.#keys.length) this.#grow();
    this.#rise(event, time, order, places - 1);
  }

  /** The first event that was not cancelled; undefined when there is none. */
  take(): TimedEvent | undefined {
    const heap = this.#heap;
    for (;;) {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (first !== last) this.#sink(last, heap.length, 0);
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
    for (const [at, event] of heap.entries()) {
      if (event.isCancelled) {
        event.isCancelled = false;
        event.queue = undefined;
      } else {
        this.#keys.copyWithin(2 * kept, 2 * at, 2 * at + 2);
        heap[kept++] = event;
      }
    }
    heap.length = kept;
    this.#cancelled = 0;
    for (let at = (kept - 2) >> 2; at >= 0; at--) {
      const event = heap[at];
      if (event !== undefined) this.#sink(event, at, at);
    }
  }

  #grow(): void {
    const keys = new Float64Array(2 * this.#keys.length);
    keys.set(this.#keys);
    this.#keys = keys;
  }

  /** Puts `event` at `from`, which is free, or above it. */
  #rise(event: TimedEvent, time: number, order: number, from: number): void {
    const heap = this.#heap;
    const keys = this.#keys;
    let at = from;
    while (at > 0) {
      const aboveAt = (at - 1) >> 2;
      const above = heap[aboveAt];
      const aboveTime = keys[2 * aboveAt] ?? 0;
      const aboveOrder = keys[2 * aboveAt + 1] ?? 0;
      if (above === undefined || time > aboveTime) break;
      if (time === aboveTime && order >= aboveOrder) break;
      heap[at] = above;
      keys[2 * at] = aboveTime;
      keys[2 * at + 1] = aboveOrder;
      at = aboveAt;
    }
    heap[at] = event;
    keys[2 * at] = time;
    keys[2 * at + 1] = order;
  }

  /** Puts `event`, whose key is at `keyAt`, at `from`, which is free, or below it. */
  #sink(event: TimedEvent, keyAt: number, from: number): void {
    const heap = this.#heap;
    const keys = this.#keys;
    const time = keys[2 * keyAt] ?? 0;
    const order = keys[2 * keyAt + 1] ?? 0;
    let at = from;
    for (;;) {
      const bestAt = this.#firstBelow(at);
      const best = heap[bestAt];
      const bestTime = keys[2 * bestAt] ?? 0;
      const bestOrder = keys[2 * bestAt + 1] ?? 0;
      if (best === undefined || bestTime > time) break;
      if (bestTime === time && bestOrder >= order) break;
      heap[at] = best;
      keys[2 * at] = bestTime;
      keys[2 * at + 1] = bestOrder;
      at = bestAt;
    }
    heap[at] = event;
    keys[2 * at] = time;
    keys[2 * at + 1] = order;
  }

  /** The place of the earliest of the up to four events below this place; none is there if none. */
  #firstBelow(at: number): number {
    const keys = this.#keys;
    let bestAt = at * 4 + 1;
    const end = Math.min(bestAt + 4, this.#heap.length);
    let bestTime = keys[2 * bestAt] ?? 0;
    for (let i = bestAt + 1; i < end; i++) {
      const time = keys[2 * i] ?? 0;
      if (time > bestTime) continue;
      if (time === bestTime && (keys[2 * i + 1] ?? 0) >= (keys[2 * bestAt + 1] ?? 0)) continue;
      bestAt = i;
      bestTime = time;
    }
    return bestAt;
  }
}
