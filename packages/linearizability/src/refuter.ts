/** Finds an operation that contradicts an explanation which has ignored it. */

import type { Model } from "./model.ts";
import { type Operation, seenOutput, UNKNOWN } from "./operation.ts";

/** An order of operations, in which of those that are not `kept` only the input counted. */
export interface Explained<Input, Output, State> {
  readonly model: Model<Input, Output, State>;
  readonly explanation: readonly Operation<Input, Output>[];
  readonly kept: readonly Operation<Input, Output>[];
  /** Those with a known outcome, in the order of their returns. */
  readonly candidates: readonly Operation<Input, Output>[];
}

/**
 * One of `candidates` that is not kept: best one that the explanation uses after it had returned,
 * or one that fits in nowhere (the latest: it is likely near the reason); else any.
 */
export function findRefuter<Input, Output, State>(
  explained: Explained<Input, Output, State>,
): Operation<Input, Output> | undefined {
  const ids = new Set(explained.kept.map(({ id }) => id));
  const candidates = explained.candidates.filter(({ id }) => !ids.has(id));
  const late = usedTooLate(explained.explanation, new Set(candidates.map(({ id }) => id)));
  if (late !== undefined) return late;
  return candidates.findLast((one) => !fits(explained, ids, one)) ?? candidates.at(-1);
}

function usedTooLate<Input, Output>(
  explanation: readonly Operation<Input, Output>[],
  candidates: ReadonlySet<number>,
): Operation<Input, Output> | undefined {
  let now = Number.NEGATIVE_INFINITY;
  return explanation.find((operation) => {
    now = Math.max(now, operation.call);
    return candidates.has(operation.id) && returnOf(operation) < now;
  });
}

/** Whether the explanation remains one with this operation in it, as it was, at some place. */
function fits<Input, Output, State>(
  { model, explanation }: Explained<Input, Output, State>,
  kept: ReadonlySet<number>,
  operation: Operation<Input, Output>,
): boolean {
  const others = explanation.filter(({ id }) => id !== operation.id);
  let state: State | undefined = model.init();
  for (let place = 0; place <= others.length; place++) {
    const rest = others.slice(place);
    const isTooLate = rest.some((other) => kept.has(other.id) && returnOf(other) < operation.call);
    if (!isTooLate && canGoOn(model, state, operation, rest, kept)) return true;
    const next = others[place];
    if (next === undefined || next.call > returnOf(operation)) return false;
    const output = kept.has(next.id) ? seenOutput(next.outcome) : UNKNOWN;
    state = model.step(state, next.input, output);
    if (state === undefined) return false;
  }
  return false;
}

function canGoOn<Input, Output, State>(
  model: Model<Input, Output, State>,
  before: State,
  operation: Operation<Input, Output>,
  rest: readonly Operation<Input, Output>[],
  kept: ReadonlySet<number>,
): boolean {
  let state = model.step(before, operation.input, seenOutput(operation.outcome));
  for (const { id, input, outcome } of rest) {
    if (state === undefined) return false;
    state = model.step(state, input, kept.has(id) ? seenOutput(outcome) : UNKNOWN);
  }
  return state !== undefined;
}

/** Those of which the outcome is known, by their returns. */
export function byReturn<Input, Output>(
  operations: readonly Operation<Input, Output>[],
): readonly Operation<Input, Output>[] {
  return operations
    .filter(({ outcome }) => outcome.kind === "ok")
    .sort((a, b) => returnOf(a) - returnOf(b));
}

/** When it was over: never, if that is unknown. */
export function returnOf({ outcome }: Operation<unknown, unknown>): number {
  return outcome.kind === "ok" ? outcome.at : Number.POSITIVE_INFINITY;
}
