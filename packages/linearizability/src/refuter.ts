/** Finds an operation that contradicts an explanation which has ignored it. */

import type { Model } from "./model.ts";
import { type Operation, seenOutput, UNKNOWN } from "./operation.ts";

/** Operations in an order that explains those that are kept; of the others only inputs count. */
export interface Explained<Input, Output, State> {
  readonly model: Model<Input, Output, State>;
  readonly explanation: readonly Operation<Input, Output>[];
  readonly kept: ReadonlySet<number>;
}

/**
 * The last of `candidates` that fits nowhere into the explanation; if all do, the last of them.
 * `candidates` are not kept.
 */
export function findRefuter<Input, Output, State>(
  explained: Explained<Input, Output, State>,
  candidates: readonly Operation<Input, Output>[],
): Operation<Input, Output> | undefined {
  return candidates.findLast((one) => !fits(explained, one)) ?? candidates.at(-1);
}

/** Whether the explanation remains one with this operation in it, as it was, at some place. */
function fits<Input, Output, State>(
  { model, explanation, kept }: Explained<Input, Output, State>,
  operation: Operation<Input, Output>,
): boolean {
  const others = explanation.filter(({ id }) => id !== operation.id);
  const seen = new Set(kept).add(operation.id);
  for (let place = 0; place <= others.length; place++) {
    const rest = others.slice(place);
    const isTooLate = rest.some((other) => returnOf(other) < operation.call);
    const order = [...others.slice(0, place), operation, ...rest];
    if (!isTooLate && isPossible(model, order, seen)) return true;
    const next = others[place];
    if (next !== undefined && next.call > returnOf(operation)) return false;
  }
  return false;
}

/** Whether the model agrees to this order, where only the outputs of those `seen` count. */
function isPossible<Input, Output, State>(
  model: Model<Input, Output, State>,
  order: readonly Operation<Input, Output>[],
  seen: ReadonlySet<number>,
): boolean {
  let state = model.init();
  for (const { id, input, outcome } of order) {
    const next = model.step(state, input, seen.has(id) ? seenOutput(outcome) : UNKNOWN);
    if (next === undefined) return false;
    state = next;
  }
  return true;
}

/** When it was over: never, if that is unknown. */
export function returnOf({ outcome }: Operation<unknown, unknown>): number {
  return outcome.kind === "ok" ? outcome.at : Number.POSITIVE_INFINITY;
}
