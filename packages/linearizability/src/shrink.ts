/** Finds the few operations of a history that are enough to show that it is not linearizable. */

import { fewest } from "./fewest.ts";
import type { Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import { makeProblem } from "./problem.ts";
import { findRefuter, returnOf } from "./refuter.ts";
import { type Limits, Search } from "./search.ts";

/** For one attempt: an attempt that takes longer counts as failed, and keeps what it would drop. */
const ATTEMPT: Pick<Limits, "configurationsMax" | "stepsMax"> = {
  configurationsMax: 50_000,
  stepsMax: 1_000_000,
};
/** For all attempts together; each counts the operations that it looks at, too. */
const WORK_MAX = 20_000_000;
/** If it takes more operations than this, the reason is not looked for in this way. */
const REASON_MAX = 60;

export interface Failed<Input, Output, State> {
  readonly model: Model<Input, Output, State>;
  /** Of one partition, in the order of their calls, known not to be linearizable. */
  readonly operations: readonly Operation<Input, Output>[];
  /** The id of the operation that no order got past. */
  readonly blocker: number;
  readonly isSpent: () => boolean;
}

/**
 * A smallest set of operations whose results can't be explained *whatever the others did*: in every
 * attempt the others are at will, so each may have taken effect between its call and its return,
 * or not, or several times. (Leaving them out instead would shrink a history to a read of a value
 * that "nobody wrote".) The set is smallest in that none of it can be given up; when the work is
 * too much it is just small, or all there is.
 */
export function shrink<Input, Output, State>(
  failed: Failed<Input, Output, State>,
): readonly Operation<Input, Output>[] {
  const { operations, blocker } = failed;
  const attempts = new Attempts(failed);
  const start = operations.filter(({ id }) => id === blocker);
  const call = start[0]?.call ?? 0;
  const end = Math.max(...start.map(returnOf));
  const all = operations
    .filter(({ outcome }) => outcome.kind === "ok")
    .sort((a, b) => returnOf(a) - returnOf(b));
  // The reason is mostly in what was over before the blocker was called.
  const before = all.filter((operation) => returnOf(operation) < call);
  const until = all.filter((operation) => returnOf(operation) <= end);
  for (const candidates of [before, until, all]) {
    const reason = findReason(attempts, start, candidates);
    if (reason !== undefined) return reduce(attempts, reason);
  }
  return reduce(attempts, all);
}

/**
 * Lets the search explain what little is kept, with the others at will; then takes in an operation
 * that refutes the explanation by what it really did, until there is none. The reason that is found
 * mostly has few operations, however long the history is.
 */
function findReason<Input, Output, State>(
  attempts: Attempts<Input, Output, State>,
  start: readonly Operation<Input, Output>[],
  candidates: readonly Operation<Input, Output>[],
): readonly Operation<Input, Output>[] | undefined {
  const operations = [...start];
  while (operations.length <= REASON_MAX) {
    const kept = new Set(operations.map(({ id }) => id));
    const explanation = attempts.explain(kept);
    if (explanation === "impossible") return operations;
    if (explanation === "too much work") return undefined;
    const left = candidates.filter(({ id }) => !kept.has(id));
    const refuter = findRefuter({ model: attempts.model, explanation, kept }, left);
    if (refuter === undefined) return undefined;
    operations.push(refuter);
  }
  return undefined;
}

function reduce<Input, Output, State>(
  attempts: Attempts<Input, Output, State>,
  reason: readonly Operation<Input, Output>[],
): readonly Operation<Input, Output>[] {
  const kept = fewest(reason, (fewer) => {
    return attempts.explain(new Set(fewer.map(({ id }) => id))) === "impossible";
  });
  return [...kept].sort((a, b) => a.call - b.call || a.id - b.id);
}

class Attempts<Input, Output, State> {
  readonly model: Model<Input, Output, State>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #byId: ReadonlyMap<number, Operation<Input, Output>>;
  readonly #isSpent: () => boolean;
  #workLeft = WORK_MAX;

  constructor({ model, operations, isSpent }: Failed<Input, Output, State>) {
    this.model = model;
    this.#operations = operations;
    this.#byId = new Map(operations.map((operation) => [operation.id, operation]));
    this.#isSpent = isSpent;
  }

  /** An order that explains what was seen of those kept, in which the others are at will. */
  explain(
    kept: ReadonlySet<number>,
  ): readonly Operation<Input, Output>[] | "impossible" | "too much work" {
    if (this.#workLeft <= 0 || this.#isSpent()) return "too much work";
    const isAtWill = ({ id }: { readonly id: number }): boolean => !kept.has(id);
    const search = new Search(makeProblem(this.model, this.#operations, { isAtWill }));
    const result = search.run({ ...ATTEMPT, isSpent: this.#isSpent });
    this.#workLeft -= search.steps + this.#operations.length;
    if (result === "none") return "impossible";
    if (result === "spent") return "too much work";
    return search.order.flatMap((id) => this.#byId.get(id) ?? []);
  }
}
