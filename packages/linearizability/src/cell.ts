/** One place that holds one value: what the register and each key of the key-value model share. */

import type { Foresight } from "./model.ts";
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
 * Collects what is seen of a cell, and says which writes of unknown outcome can matter to it: those
 * of a value that somebody mentions, and a few more. Values that nobody mentions are alike; they
 * can do nothing but be different, which helps at most once for each operation that saw a
 * difference. A write that was called earlier can stand in for a later one.
 */
export class CellSightings {
  readonly #mentioned = new Set<Scalar>();
  #differences = 0;

  /** Somebody saw this value, or would act on it. */
  mention(value: Scalar): void {
    this.#mentioned.add(value);
  }

  /** Somebody saw that the value was another one. */
  mentionDifference(value: Scalar): void {
    this.#mentioned.add(value);
    this.#differences += 1;
  }

  mentionSwap(swap: Swap, output: Seen<Scalar>): void {
    if (output === false) this.mentionDifference(swap.from);
    else this.mention(swap.from);
  }

  /** `writeOf` gives the value that an input writes, the swap that it is, or neither. */
  foresight<Input>(
    writeOf: (input: Input) => Scalar | Swap | undefined,
  ): Required<Pick<Foresight<Input, Scalar>, "mayMatter">> {
    let left = this.#differences;
    return {
      mayMatter: (input) => {
        const write = writeOf(input);
        if (write === undefined) return false;
        if (typeof write === "object" && write !== null) {
          return this.#differences > 0 || this.#mentioned.has(write.to);
        }
        if (this.#mentioned.has(write)) return true;
        left -= 1;
        return left >= 0;
      },
    };
  }
}
