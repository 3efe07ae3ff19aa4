/** The operations of one partition, put in the order that a search needs. */

import type { Foresight, Model, Observation } from "./model.ts";
import { type KnownOperation, type Operation, seenOutput, UNKNOWN } from "./operation.ts";
import { type OptionalClass, OptionalClasses } from "./optional-classes.ts";

export interface Problem<Input, Output, State> {
  readonly model: Model<Input, Output, State>;
  readonly foresight: Foresight<Input, State>;
  /** In the order of the calls. */
  readonly known: readonly KnownOperation<Input, Output>[];
  /** Calls (`2 * i` for the i-th of `known`) and returns (`2 * i + 1`) in the order of time. */
  readonly events: Int32Array;
  /** Operations of unknown outcome: each may come once, at any time after its call. */
  readonly unknown: readonly OptionalClass<Input>[];
  /** Each may come any number of times between its call and its return. */
  readonly atWill: readonly OptionalClass<Input>[];
}

export interface ProblemOptions {
  /** Those of which only the input and the times shall count. Default: none. */
  readonly isAtWill?: (operation: Operation<unknown, unknown>) => boolean;
}

/** `operations` in the order of their calls; all have an outcome that is `ok` or `unknown`. */
export function makeProblem<Input, Output, State>(
  model: Model<Input, Output, State>,
  operations: readonly Operation<Input, Output>[],
  options: ProblemOptions = {},
): Problem<Input, Output, State> {
  const { isAtWill = () => false } = options;
  const observations: Observation<Input, Output>[] = operations.map((operation) => {
    const { input, outcome } = operation;
    return { input, output: isAtWill(operation) ? UNKNOWN : seenOutput(outcome) };
  });
  const foresight = model.foresee?.(observations) ?? {};
  const known = operations.flatMap((operation) => {
    const { id, input, call, outcome } = operation;
    if (outcome.kind !== "ok" || isAtWill(operation)) return [];
    const { output, at } = outcome;
    const isReadOnly = model.isReadOnly?.(input, output) ?? false;
    return { id, input, output, call, return: at, isReadOnly };
  });
  const events = orderEvents(known);
  const unknown = new OptionalClasses(model, foresight, { known, events });
  const atWill = new OptionalClasses(model, foresight, { known, events });
  for (const operation of operations) {
    if (operation.outcome.kind !== "ok") unknown.add(operation);
    else if (isAtWill(operation)) atWill.add(operation);
  }
  return { model, foresight, known, events, unknown: unknown.classes, atWill: atWill.classes };
}

/** Calls before returns of the same time: intervals are closed, these two overlap. */
function orderEvents(known: readonly KnownOperation<unknown, unknown>[]): Int32Array {
  const byReturn = Int32Array.from(known.keys());
  const returnOf = (i: number): number => known[i]?.return ?? 0;
  byReturn.sort((a, b) => returnOf(a) - returnOf(b) || a - b);
  const events = new Int32Array(2 * known.length);
  let place = 0;
  let returned = 0;
  for (const [i, { call }] of known.entries()) {
    for (let next = byReturn[returned]; next !== undefined && returnOf(next) < call; ) {
      events[place++] = 2 * next + 1;
      next = byReturn[++returned];
    }
    events[place++] = 2 * i;
  }
  for (const i of byReturn.subarray(returned)) events[place++] = 2 * i + 1;
  return events;
}
