/** One place that holds one value: what the register and each key of the key-value model share. */

import type { Bearing } from "./model.ts";
import { type Seen, UNKNOWN } from "./operation.ts";
import type { Scalar } from "./scalar.ts";

/** A compare-and-set, of which `output` says whether it took place. */
export interface Swap {
  readonly from: Scalar;
  readonly to: Scalar;
}

export function stepRead(state: Scalar, output: Seen<Scalar>): Scalar | undefined {
  return output === UNKNOWN || output === state ? state : undefined;
}

export function stepSwap(state: Scalar, swap: Swap, output: Seen<Scalar>): Scalar | undefined {
  const isMet = state === swap.from;
  if (output !== UNKNOWN && output !== isMet) return undefined;
  return isMet ? swap.to : state;
}

/**
 * Collects what is seen of a cell, and says what writes and swaps of unknown outcome can do for it.
 * Values that nobody mentions are alike: they can do nothing but be different, which helps only
 * those who saw a difference.
 */
export class CellSightings {
  readonly #mentioned = new Set<Scalar>();
  /** Of swaps of unknown outcome: what each value can be made from. */
  readonly #sources = new Map<Scalar, Scalar[]>();
  #isDifferenceSeen = false;

  /** Somebody saw this value. */
  mention(value: Scalar): void {
    this.#mentioned.add(value);
  }

  /** Somebody saw that the value was another one. */
  mentionDifference(value: Scalar): void {
    this.#mentioned.add(value);
    this.#isDifferenceSeen = true;
  }

  mentionSwap({ from, to }: Swap, output: Seen<Scalar>): void {
    if (output === UNKNOWN) this.#addSource(to, from);
    else if (output === false) this.mentionDifference(from);
    else this.mention(from);
  }

  /** To be called when all is mentioned: what a mentioned value can be made from counts, too. */
  close(): void {
    // A set that grows while it is walked is walked to its new end.
    for (const value of this.#mentioned) {
      for (const from of this.#sources.get(value) ?? []) this.#mentioned.add(from);
    }
  }

  bearingOfWrite(value: Scalar): Bearing {
    if (this.#mentioned.has(value)) return "own";
    return this.#isDifferenceSeen ? "alike" : "none";
  }

  bearingOfSwap({ from, to }: Swap): Bearing {
    if (this.#mentioned.has(to)) return "own";
    return this.#isDifferenceSeen && this.#mentioned.has(from) ? "own" : "none";
  }

  #addSource(to: Scalar, from: Scalar): void {
    const sources = this.#sources.get(to);
    if (sources === undefined) this.#sources.set(to, [from]);
    else sources.push(from);
  }
}
