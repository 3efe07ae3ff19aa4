/** Which keys clients use: few at a time, so that they meet, and fresh ones for those worn out. */

import { assert } from "@holdfast/raft";
import { KEYS_MAX } from "./command.ts";

export interface KeyWear {
  /** A key is left after so many operations that write it. */
  readonly writesMax: number;
  /**
   * And after so many of them whose outcome nobody knows: each may take effect at any later time,
   * which is what makes a history hard to check.
   */
  readonly unknownMax: number;
}

interface Slot {
  key: number;
  writes: number;
  unknown: number;
}

export class KeyPool {
  readonly #slots: Slot[] = [];
  readonly #wear: KeyWear;
  #next = 0;

  constructor(slots: number, wear: KeyWear) {
    this.#wear = wear;
    for (let i = 0; i < slots; i++) this.#slots.push({ key: this.#fresh(), writes: 0, unknown: 0 });
  }

  get size(): number {
    return this.#slots.length;
  }

  /** The key that stands in that slot now. */
  key(slot: number): number {
    return this.#at(slot).key;
  }

  wrote(slot: number): void {
    const one = this.#at(slot);
    if (++one.writes >= this.#wear.writesMax) this.#renew(one);
  }

  /** Nobody knows what became of a write to `key`. */
  lost(slot: number, key: number): void {
    const one = this.#at(slot);
    if (one.key === key && ++one.unknown >= this.#wear.unknownMax) this.#renew(one);
  }

  #renew(slot: Slot): void {
    slot.key = this.#fresh();
    slot.writes = 0;
    slot.unknown = 0;
  }

  #fresh(): number {
    assert(this.#next < KEYS_MAX, "load.keys: too many");
    return this.#next++;
  }

  #at(slot: number): Slot {
    const one = this.#slots[slot];
    assert(one !== undefined, "load.keys: no such slot");
    return one;
  }
}
