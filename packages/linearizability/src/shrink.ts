/** Finds the few operations of a history that are enough to show that it is not linearizable. */

import type { Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import { makeProblem } from "./problem.ts";
import { byReturn, findRefuter, returnOf } from "./refuter.ts";
import { type Limits, Search } from "./search.ts";

/** For one attempt: an attempt that takes longer counts as failed, and keeps what it would drop. */
const ATTEMPT: Pick<Limits, "configurationsMax" | "stepsMax"> = {
  configurationsMax: 50_000,
  stepsMax: 1_000_000,
};
/** For all attempts together; each counts the operations that it looks at, too. */
const WORK_MAX = 20_000_000;
/** A reason that takes more operations than this is looked for in another way. */
const REASON_MAX = 80;

/**
 * A smallest set of operations whose results can't be explained *whatever the others did*: in every
 * attempt the outcomes of the others count as unknown, so each of them may have taken effect at any
 * time from its call on, or never. (Leaving them out instead would shrink a history to a read of a
 * value that "nobody wrote".) The set is smallest in that none of it can be given up; when the work
 * is too much it is just small.
 *
 * `operations` are those of one partition, in the order of their calls, known not to be
 * linearizable; `blocker` is the id of the operation that no order got past.
 */
export function shrink<Input, Output, State>(
  model: Model<Input, Output, State>,
  operations: readonly Operation<Input, Output>[],
  blocker: number,
  isSpent: () => boolean,
): readonly Operation<Input, Output>[] {
  const start = operations.filter(({ id }) => id === blocker);
  const end = Math.max(...start.map(returnOf));
  // What was called later can't be the reason, unless the model looked ahead.
  const prefix = new Attempts(model, operations.filter(({ call }) => call <= end), isSpent);
  const whole = new Attempts(model, operations, isSpent);
  const early = byReturn(prefix.operations).filter((operation) => returnOf(operation) <= end);
  const inPrefix = findReason(prefix, early, start);
  if (inPrefix !== undefined) return reduce(prefix, inPrefix);
  const all = byReturn(operations);
  return reduce(whole, findReason(whole, all, start) ?? all);
}

/**
 * Lets the search explain what little is kept, with the others at will; then takes in an operation
 * that refutes the explanation by what it really did, until there is none. The reason that is found
 * mostly has few operations, however long the history is.
 */
function findReason<Input, Output, State>(
  attempts: Attempts<Input, Output, State>,
  candidates: readonly Operation<Input, Output>[],
  start: readonly Operation<Input, Output>[],
): readonly Operation<Input, Output>[] | undefined {
  const kept = [...start];
  while (kept.length <= REASON_MAX) {
    const explanation = attempts.explain(kept);
    if (explanation === "impossible") return kept;
    if (explanation === "too much work") return undefined;
    const refuter = findRefuter({ model: attempts.model, explanation, kept, candidates });
    if (refuter === undefined) return undefined;
    kept.push(refuter);
  }
  return undefined;
}

/** Gives up halves, quarters, and so on down to single operations, as long as the rest suffices. */
function reduce<Input, Output, State>(
  attempts: Attempts<Input, Output, State>,
  reason: readonly Operation<Input, Output>[],
): readonly Operation<Input, Output>[] {
  let kept = reason;
  for (let size = kept.length >> 1; size >= 1; size >>= 1) {
    for (let end = kept.length; end > 0; end -= size) {
      const fewer = [...kept.slice(0, Math.max(0, end - size)), ...kept.slice(end)];
      if (attempts.explain(fewer) === "impossible") kept = fewer;
    }
  }
  return [...kept].sort((a, b) => a.call - b.call || a.id - b.id);
}

class Attempts<Input, Output, State> {
  readonly model: Model<Input, Output, State>;
  readonly operations: readonly Operation<Input, Output>[];
  readonly #isSpent: () => boolean;
  #workLeft = WORK_MAX;

  constructor(
    model: Model<Input, Output, State>,
    operations: readonly Operation<Input, Output>[],
    isSpent: () => boolean,
  ) {
    this.model = model;
    this.operations = operations;
    this.#isSpent = isSpent;
  }

  /** An order that explains what was seen of `kept`, in which the others have any part or none. */
  explain(
    kept: readonly Operation<Input, Output>[],
  ): readonly Operation<Input, Output>[] | "impossible" | "too much work" {
    if (this.#workLeft <= 0 || this.#isSpent()) return "too much work";
    const ids = new Set(kept.map(({ id }) => id));
    const options = { isOptional: ({ id }: { readonly id: number }) => !ids.has(id) };
    const search = new Search(makeProblem(this.model, this.operations, options));
    const result = search.run({ ...ATTEMPT, isSpent: this.#isSpent });
    this.#workLeft -= search.steps + this.operations.length;
    if (result === "none") return "impossible";
    if (result === "spent") return "too much work";
    const places = new Map(search.order.map((id, place) => [id, place]));
    const placeOf = ({ id }: { readonly id: number }): number => places.get(id) ?? -1;
    return this.operations
      .filter(({ id }) => places.has(id))
      .sort((a, b) => placeOf(a) - placeOf(b));
  }
}
