/** Choices that plans are drawn with, on top of the bare generator. No draw uses a logarithm. */

import { assert } from "@holdfast/raft";
import type { Random } from "../random.ts";

/** One stream of choices; see {@link Dice.fork}. */
export class Dice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A stream for one purpose: draws there shift nothing here. */
  fork(name: string | number): Dice {
    return new Dice(this.#random.fork(name));
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.#random.fraction() * 100 < percent;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + this.#random.below(high - low + 1);
  }

  /**
   * A number from `low` (above 0) to `high`: each doubling is as likely as the next, so that small
   * ones are as frequent as large ones. Not through logarithms: their last bit differs between
   * engines.
   */
  spread(low: number, high: number): number {
    if (high <= low) return low;
    let octaves = 1;
    for (let top = low * 2; top < high; top *= 2) octaves++;
    const from = low * 2 ** this.#random.below(octaves);
    return from + this.#random.fraction() * (Math.min(from * 2, high) - from);
  }

  /** As `spread`, a whole number. */
  spreadWhole(low: number, high: number): number {
    return Math.round(this.spread(low, high));
  }

  /** As `spread`, a time that reads well: whole ms, and hundredths below 20 ms. */
  spreadMs(low: number, high: number): number {
    return readable(this.spread(low, high));
  }

  pick<T>(list: readonly T[]): T {
    assert(list.length > 0, "dice.pick: nothing to pick from");
    return list[this.#random.below(list.length)] as T;
  }

  /** Each value as often as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let sum = 0;
    for (const [weight] of choices) sum += weight;
    let left = this.#random.fraction() * sum;
    for (const [weight, value] of choices) {
      if (left < weight) return value;
      left -= weight;
    }
    const last = choices.at(-1);
    assert(last !== undefined, "dice.weighted: nothing to choose from");
    return last[1];
  }

  shuffled<T>(list: readonly T[]): T[] {
    const left = [...list];
    const out: T[] = [];
    while (left.length > 0) out.push(...left.splice(this.#random.below(left.length), 1));
    return out;
  }

  /** `count` of them, in the order of the list. */
  some<T>(list: readonly T[], count: number): T[] {
    const places = this.shuffled([...list.keys()]).slice(0, count);
    return places.sort((a, b) => a - b).map((place) => list[place] as T);
  }
}

/** Whole ms from 20 ms on, hundredths below; never 0. */
export function readable(ms: number): number {
  return ms >= 20 ? Math.round(ms) : Math.max(0.01, Math.round(ms * 100) / 100);
}
