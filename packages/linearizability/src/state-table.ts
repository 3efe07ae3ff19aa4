/** The states that a search meets, each under a small number. */

import type { Foresight, Model } from "./model.ts";
import type { Seen } from "./operation.ts";

/** No state: the operation can't happen here, or leads nowhere. */
export const REFUSED = -1;

/** Numbers from 0 in the order in which states are met; 0 is the start. */
export class StateTable<Input, Output, State> {
  readonly #model: Model<Input, Output, State>;
  readonly #foresight: Foresight<Input, State>;
  readonly #states: State[] = [];
  readonly #numbers = new Map<unknown, number>();

  constructor(model: Model<Input, Output, State>, foresight: Foresight<Input, State>) {
    this.#model = model;
    this.#foresight = foresight;
    this.#numberOf(model.init());
  }

  /** The number after `input` gave `output` in state `from`, or `REFUSED`. */
  step(from: number, input: Input, output: Seen<Output>): number {
    const state = this.#states[from] as State; // `from` came out of this table
    const next = this.#model.step(state, input, output);
    if (next === undefined) return REFUSED;
    return next === state ? from : this.#numberOf(next);
  }

  show(number: number): string {
    return this.#model.show(this.#states[number] as State);
  }

  #numberOf(state: State): number {
    const key = this.#model.key(state);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const isFirst = this.#states.length === 0;
    const isHopeless = !isFirst && this.#foresight.isHopeless?.(state) === true;
    const number = isHopeless ? REFUSED : this.#states.length;
    this.#numbers.set(key, number);
    if (!isHopeless) this.#states.push(state);
    return number;
  }
}
