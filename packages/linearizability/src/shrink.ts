/** Finds the few operations of a history that are enough to show that it is not linearizable. */

import { fewest } from "./fewest.ts";
import type { Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import { makeProblem, type Problem } from "./problem.ts";
import { findRefuter, returnOf } from "./refuter.ts";
import { type Limits, Search, type SearchResult } from "./search.ts";

/** For one attempt: an attempt that takes longer counts as failed, and keeps what it would drop. */
const ATTEMPT: Pick<Limits, "configurationsMax" | "stepsMax"> = {
  configurationsMax: 50_000,
  stepsMax: 1_000_000,
};
/** For all attempts together; each counts the operations that it looks at, too. */
const WORK_MAX = 20_000_000;
/** If it takes more operations than this, the reason is not looked for in this way. */
const REASON_MAX = 60;
const CONTEXT_MAX = 6;

export interface Failed<Input, Output, State> {
  readonly model: Model<Input, Output, State>;
  /** Of one partition, in the order of their calls, known not to be linearizable. */
  readonly operations: readonly Operation<Input, Output>[];
  /** The id of the operation that no order got past. */
  readonly blocker: number;
  readonly isSpent: () => boolean;
}

/** Operations that can't be explained, and what comes nearest to an explanation. */
export interface Reason<Input, Output> {
  readonly operations: readonly Operation<Input, Output>[];
  readonly nearest: Nearest<Input, Output>;
  /**
   * Others that do something to what `operations` saw, but not enough: a put of the value that a
   * stale read returned. For reading only; empty if they are many.
   */
  readonly context: readonly Operation<Input, Output>[];
}

/** The longest order that works. Of operations that are not of the reason only the inputs count. */
export interface Nearest<Input, Output> {
  readonly order: readonly Operation<Input, Output>[];
  /** The state that it leads to, as the model shows it. */
  readonly state: string;
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
): Reason<Input, Output> {
  const attempts = new Attempts(failed);
  const operations = smallestReason(attempts, failed);
  const kept = new Set(operations.map(({ id }) => id));
  return { operations, nearest: attempts.nearest(kept), context: attempts.context(kept) };
}

function smallestReason<Input, Output, State>(
  attempts: Attempts<Input, Output, State>,
  { operations, blocker }: Failed<Input, Output, State>,
): readonly Operation<Input, Output>[] {
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
    const { search, result } = this.#search(kept);
    this.#workLeft -= search.steps + this.#operations.length;
    if (result === "none") return "impossible";
    if (result === "spent") return "too much work";
    return this.#withIds(search.order);
  }

  /** What comes nearest to an explanation of those kept, which can't be explained. */
  nearest(kept: ReadonlySet<number>): Nearest<Input, Output> {
    const { order, state } = this.#search(kept).search.deepest;
    return { order: this.#withIds(order), state };
  }

  /** The others that count for those kept, if they are few. */
  context(kept: ReadonlySet<number>): readonly Operation<Input, Output>[] {
    const { unknown, atWill } = this.#problem(kept);
    const ids = [...unknown, ...atWill].flatMap((one) => one.ids);
    return ids.length > CONTEXT_MAX ? [] : this.#withIds(ids);
  }

  #problem(kept: ReadonlySet<number>): Problem<Input, Output, State> {
    const isAtWill = ({ id }: { readonly id: number }): boolean => !kept.has(id);
    return makeProblem(this.model, this.#operations, { isAtWill });
  }

  #search(kept: ReadonlySet<number>): {
    readonly search: Search<Input, Output, State>;
    readonly result: SearchResult;
  } {
    const search = new Search(this.#problem(kept));
    return { search, result: search.run({ ...ATTEMPT, isSpent: this.#isSpent }) };
  }

  #withIds(ids: readonly number[]): readonly Operation<Input, Output>[] {
    return ids.flatMap((id) => this.#byId.get(id) ?? []);
  }
}
