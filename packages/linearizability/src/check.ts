/** The checker's front: cuts a history into partitions, searches each, and says what it found. */

import { type Counterexample, makeCounterexample } from "./counterexample.ts";
import type { Model } from "./model.ts";
import type { Operation, Recorded } from "./operation.ts";
import { makeProblem } from "./problem.ts";
import { type Limits, Search } from "./search.ts";

/** How much a check may do, over all partitions. What is left out has a default. */
export interface Budget {
  /** Configurations to remember in one partition, 50 to 100 bytes each. Default 10 million. */
  readonly configurationsMax?: number;
  /** Steps of the model in one partition. Default: no bound. */
  readonly stepsMax?: number;
  /** Asked now and then; `true` ends the check. The place for a clock. Default: never. */
  readonly isSpent?: () => boolean;
}

/** Options of {@link check}. */
export interface CheckOptions {
  readonly budget?: Budget;
}

/** What a check looked at: a verdict on nothing is no verdict. */
export interface CheckStats {
  /** Without those that failed for certain. */
  readonly operations: number;
  readonly partitions: number;
  readonly configurations: number;
  readonly steps: number;
}

/**
 * `linearizable`: `order` has the ids of the operations in an order that explains all results;
 * those of unknown outcome that are not in it need not have happened. `undecided`: the budget was
 * spent; `partitions` are those without an answer, and none of the others is at fault.
 */
export type CheckResult<Input, Output> =
  | {
      readonly verdict: "linearizable";
      readonly order: readonly number[];
      readonly stats: CheckStats;
    }
  | {
      readonly verdict: "not-linearizable";
      readonly counterexample: Counterexample<Input, Output>;
      readonly stats: CheckStats;
    }
  | {
      readonly verdict: "undecided";
      readonly partitions: readonly string[];
      readonly stats: CheckStats;
    };

const CONFIGURATIONS_MAX = 10_000_000;

/** Looks for an order of the operations that explains all their results and keeps to real time. */
export function check<Input, Output, State>(
  model: Model<Input, Output, State>,
  history: Recorded<Input, Output>,
  options: CheckOptions = {},
): CheckResult<Input, Output> {
  const limits = limitsOf(options.budget);
  const partitions = cut(model, history.operations);
  const stats = { operations: 0, partitions: partitions.size, configurations: 0, steps: 0 };
  for (const operations of partitions.values()) stats.operations += operations.length;
  const points: Point[] = [];
  const undecided: string[] = [];
  for (const [partition, operations] of partitions) {
    const search = new Search(makeProblem(model, operations));
    const result = search.run(limits);
    stats.configurations += search.configurations;
    stats.steps += search.steps;
    if (result === "none") {
      const blocker = search.blocker?.id ?? -1;
      const failed = { model, operations, blocker, isSpent: limits.isSpent };
      const counterexample = makeCounterexample(partition, failed);
      return { verdict: "not-linearizable", counterexample, stats };
    }
    if (result === "spent") undecided.push(partition);
    else addPoints(points, search.order, operations);
  }
  if (undecided.length > 0) return { verdict: "undecided", partitions: undecided, stats };
  points.sort((a, b) => a.at - b.at);
  return { verdict: "linearizable", order: points.map(({ id }) => id), stats };
}

function limitsOf(budget: Budget = {}): Limits {
  return {
    configurationsMax: budget.configurationsMax ?? CONFIGURATIONS_MAX,
    stepsMax: budget.stepsMax ?? Number.POSITIVE_INFINITY,
    isSpent: budget.isSpent ?? (() => false),
  };
}

/** Each partition's operations in the order of their calls, without those that failed. */
function cut<Input, Output, State>(
  model: Model<Input, Output, State>,
  operations: readonly Operation<Input, Output>[],
): ReadonlyMap<string, readonly Operation<Input, Output>[]> {
  const partitions = new Map<string, Operation<Input, Output>[]>();
  for (const operation of operations) {
    if (operation.outcome.kind === "failed") continue;
    const name = model.partition?.(operation.input) ?? "";
    const partition = partitions.get(name);
    if (partition === undefined) partitions.set(name, [operation]);
    else partition.push(operation);
  }
  for (const partition of partitions.values()) partition.sort((a, b) => a.call - b.call);
  return partitions;
}

/** The moment at which an operation took effect, in the order that was found. */
interface Point {
  readonly id: number;
  readonly at: number;
}

/**
 * As early as its call and its predecessors allow. That is before its return, so that partitions
 * can be merged by these moments and the result keeps to real time (Herlihy and Wing: locality).
 */
function addPoints(
  points: Point[],
  order: readonly number[],
  operations: readonly Operation<unknown, unknown>[],
): void {
  const calls = new Map(operations.map(({ id, call }) => [id, call]));
  let at = Number.NEGATIVE_INFINITY;
  for (const id of order) {
    at = Math.max(at, calls.get(id) ?? at);
    points.push({ id, at });
  }
}
