/** Why a history is not linearizable: few operations, and the order that comes nearest. */

import type { Operation } from "./operation.ts";
import { renderCounterexample } from "./render.ts";
import { type Failed, type Reason, shrink } from "./shrink.ts";

/** Operations that can't be explained, whatever the others of their partition did. */
export interface Counterexample<Input, Output> extends Reason<Input, Output> {
  /** The name that the model gives; empty if it has no partitions. */
  readonly partition: string;
  /** In the order of their calls, as they are in the history. By themselves a failing history. */
  readonly operations: readonly Operation<Input, Output>[];
  /** How many operations the partition has besides. */
  readonly others: number;
  /** All this for people, in lines. */
  readonly text: string;
}

/** Of a partition that is known not to be linearizable. */
export function makeCounterexample<Input, Output, State>(
  partition: string,
  failed: Failed<Input, Output, State>,
): Counterexample<Input, Output> {
  const reason = shrink(failed);
  const others = failed.operations.length - reason.operations.length;
  const counterexample = { ...reason, partition, others };
  return { ...counterexample, text: renderCounterexample(failed.model, counterexample) };
}
