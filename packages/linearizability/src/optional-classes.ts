/** Operations that an explanation may use or leave out, in classes of interchangeable ones. */

import type { Foresight, Model } from "./model.ts";
import { type KnownOperation, type Operation, UNKNOWN } from "./operation.ts";
import { isSameData } from "./same-data.ts";

/** Operations that do the same, so that only the number and the time of their uses count. */
export interface OptionalClass<Input> {
  readonly input: Input;
  /** In the order of the calls. */
  readonly ids: readonly number[];
  /** For each the place in `Problem.events` before which it was called; ascending. */
  readonly calls: readonly number[];
  /** The latest place before which one of those up to here returned. Unknown is after all. */
  readonly returns: readonly number[];
}

interface GrowingClass<Input> extends OptionalClass<Input> {
  readonly ids: number[];
  readonly calls: number[];
  readonly returns: number[];
}

interface KnownEvents {
  readonly known: readonly KnownOperation<unknown, unknown>[];
  readonly events: Int32Array;
}

/** To be given the operations in the order of their calls. */
export class OptionalClasses<Input, Output, State> {
  /** In the order of their first calls. */
  readonly classes: GrowingClass<Input>[] = [];
  readonly #model: Model<Input, Output, State>;
  readonly #foresight: Foresight<Input, State>;
  readonly #known: KnownEvents;
  readonly #byDescription = new Map<string, GrowingClass<Input>[]>();
  #alike: GrowingClass<Input> | undefined;

  constructor(
    model: Model<Input, Output, State>,
    foresight: Foresight<Input, State>,
    known: KnownEvents,
  ) {
    this.#model = model;
    this.#foresight = foresight;
    this.#known = known;
  }

  add({ id, input, call, outcome }: Operation<Input, Output>): void {
    const bearing = this.#foresight.bearing?.(input) ?? "own";
    if (bearing === "none") return;
    const same = bearing === "alike" ? this.#classOfAlike(input) : this.#classOf(input);
    const end = outcome.kind === "ok" ? this.#placeOf(outcome.at) : this.#known.events.length + 1;
    same.ids.push(id);
    same.calls.push(this.#placeOf(call));
    same.returns.push(Math.max(end, same.returns.at(-1) ?? 0));
  }

  #classOfAlike(input: Input): GrowingClass<Input> {
    this.#alike ??= this.#newClass(input);
    return this.#alike;
  }

  /** The description only finds the place to look: inputs are compared themselves. */
  #classOf(input: Input): GrowingClass<Input> {
    const description = this.#model.describe(input, UNKNOWN);
    const described = this.#byDescription.get(description) ?? [];
    const same = described.find((one) => isSameData(one.input, input));
    if (same !== undefined) return same;
    const made = this.#newClass(input);
    this.#byDescription.set(description, [...described, made]);
    return made;
  }

  #newClass(input: Input): GrowingClass<Input> {
    const made = { input, ids: [], calls: [], returns: [] };
    this.classes.push(made);
    return made;
  }

  /** The first known event that comes after a call, or before a return, of that time. */
  #placeOf(time: number): number {
    const { events } = this.#known;
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isAfter(events[middle] ?? 0, time)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Calls before returns at the same time; intervals are closed. */
  #isAfter(event: number, time: number): boolean {
    const operation = this.#known.known[event >> 1];
    if (operation === undefined) return true;
    return event % 2 === 0 ? operation.call > time : operation.return >= time;
  }
}
