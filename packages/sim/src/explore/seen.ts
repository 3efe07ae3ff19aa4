/** The worlds that a search has met, as 64 bits each, and how it came to them. */

import { assert } from "@holdfast/raft";
import type { Key } from "./canonical.ts";

const EMPTY_SLOT = -1;

/** Numbers worlds from 0 on, in the order in which they are met. */
export class Seen {
  #slots: Int32Array = new Int32Array(1 << 12).fill(EMPTY_SLOT);
  #high: Int32Array = new Int32Array(1 << 11);
  #low: Int32Array = new Int32Array(1 << 11);
  #parents: Int32Array = new Int32Array(1 << 11);
  #moves: Int32Array = new Int32Array(1 << 11);
  readonly #whole: string[] = [];
  readonly #verifies: boolean;
  count = 0;

  /** With `verifies` whole keys are kept: two worlds with one hash then throw. */
  constructor(verifies: boolean) {
    this.#verifies = verifies;
  }

  /** Takes in a world that `move` led to from number `parent`. False when it was known. */
  add(key: Key, parent: number, move: number): boolean {
    if (this.count === this.#high.length) this.#grow();
    const { high, low } = key;
    const slot = this.#slotOf(high, low);
    const found = this.#slots[slot] ?? EMPTY_SLOT;
    if (this.#verifies) this.#compare(key, found);
    if (found !== EMPTY_SLOT) return false;
    const number = this.count++;
    this.#slots[slot] = number;
    this.#high[number] = high;
    this.#low[number] = low;
    this.#parents[number] = parent;
    this.#moves[number] = move;
    return true;
  }

  /** The moves from the first world to this one. */
  pathTo(number: number): number[] {
    const path: number[] = [];
    for (let at = number; at > 0; at = this.#parents[at] ?? 0) path.push(this.#moves[at] ?? 0);
    return path.reverse();
  }

  #compare({ numbers }: Key, found: number): void {
    const whole = numbers.join(" ");
    if (found === EMPTY_SLOT) this.#whole.push(whole);
    else assert(this.#whole[found] === whole, "explore: two worlds with one hash");
  }

  #slotOf(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    let slot = (low ^ Math.imul(high, 0x9e3779b1)) & mask;
    for (;;) {
      const number = this.#slots[slot] ?? EMPTY_SLOT;
      if (number === EMPTY_SLOT) return slot;
      if (this.#high[number] === high && this.#low[number] === low) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    this.#high = doubled(this.#high);
    this.#low = doubled(this.#low);
    this.#parents = doubled(this.#parents);
    this.#moves = doubled(this.#moves);
    this.#slots = new Int32Array(this.#slots.length * 2).fill(EMPTY_SLOT);
    for (let number = 0; number < this.count; number++) {
      this.#slots[this.#slotOf(this.#high[number] ?? 0, this.#low[number] ?? 0)] = number;
    }
  }
}

function doubled(array: Int32Array): Int32Array {
  const longer = new Int32Array(array.length * 2);
  longer.set(array);
  return longer;
}
