/** Why a history is not linearizable: few operations, and the order that comes nearest. */

import type { Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import { makeProblem } from "./problem.ts";
import { renderCounterexample } from "./render.ts";
import { Search } from "./search.ts";
import { type Failed, shrink } from "./shrink.ts";

/** Operations that can't be explained, whatever the others of their partition did. */
export interface Counterexample<Input, Output> {
  /** The name that the model gives; empty if it has no partitions. */
  readonly partition: string;
  /** In the order of their calls, as they are in the history. By themselves a failing history. */
  readonly operations: readonly Operation<Input, Output>[];
  /** How many operations the partition has besides. */
  readonly others: number;
  /** The longest order of `operations` that works, by id, and the state that it leads to. */
  readonly longest: { readonly order: readonly number[]; readonly state: string };
  /** All this for people, in lines. */
  readonly text: string;
}

/** Of a partition that is known not to be linearizable. */
export function makeCounterexample<Input, Output, State>(
  partition: string,
  failed: Failed<Input, Output, State>,
): Counterexample<Input, Output> {
  const { model } = failed;
  const operations = shrink(failed);
  const others = failed.operations.length - operations.length;
  const longest = longestOrder(model, operations);
  const text = renderCounterexample({ model, partition, operations, others, longest });
  return { partition, operations, others, longest, text };
}

const LIMITS = { configurationsMax: 100_000, stepsMax: 2_000_000, isSpent: () => false };

function longestOrder<Input, Output, State>(
  model: Model<Input, Output, State>,
  operations: readonly Operation<Input, Output>[],
): Counterexample<Input, Output>["longest"] {
  // Without looking ahead: a search that sees trouble coming would stop short of it.
  const search = new Search(makeProblem(model, operations, { hasForesight: false }));
  search.run(LIMITS, { noteDeepest: true });
  return search.deepest;
}
