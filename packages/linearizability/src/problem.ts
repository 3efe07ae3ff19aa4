/** The operations of one partition, put in the order that a search needs. */

import type { Foresight, Model, Observation } from "./model.ts";
import { type Operation, type Seen, seenOutput, UNKNOWN } from "./operation.ts";
import { isSameData } from "./same-data.ts";

/** An operation whose output was seen. */
export interface KnownOperation<Input, Output> {
  readonly id: number;
  readonly input: Input;
  readonly output: Seen<Output>;
  readonly call: number;
  readonly return: number;
}

/** Operations of unknown outcome with the same input: interchangeable, so the first comes first. */
export interface UnknownClass<Input> {
  readonly input: Input;
  /** In the order of the calls. */
  readonly ids: readonly number[];
  /** For each the place in `Problem.events` before which it was called; ascending. */
  readonly places: readonly number[];
}

export interface Problem<Input, Output, State> {
  readonly model: Model<Input, Output, State>;
  readonly foresight: Foresight<Input, State>;
  /** In the order of the calls. */
  readonly known: readonly KnownOperation<Input, Output>[];
  /** Calls and returns of `known` in the order of time: `2 * i` calls the i-th, `2 * i + 1` returns. */
  readonly events: Int32Array;
  /** In the order of their first calls. */
  readonly unknown: readonly UnknownClass<Input>[];
}

export interface ProblemOptions {
  /** Those of which the outcome shall count as unknown. Default: none. */
  readonly isOptional?: (operation: Operation<unknown, unknown>) => boolean;
  /** Whether to use the model's foresight. Default: yes. */
  readonly hasForesight?: boolean;
}

/** `operations` in the order of their calls; all have an outcome that is `ok` or `unknown`. */
export function makeProblem<Input, Output, State>(
  model: Model<Input, Output, State>,
  operations: readonly Operation<Input, Output>[],
  options: ProblemOptions = {},
): Problem<Input, Output, State> {
  const known: KnownOperation<Input, Output>[] = [];
  const open: Operation<Input, Output>[] = [];
  const observations: Observation<Input, Output>[] = [];
  for (const operation of operations) {
    const { id, input, call, outcome } = operation;
    const isOptional = options.isOptional?.(operation) === true;
    const output = isOptional ? UNKNOWN : seenOutput(outcome);
    observations.push({ input, output });
    if (outcome.kind !== "ok" || output === UNKNOWN) open.push(operation);
    else known.push({ id, input, output, call, return: outcome.at });
  }
  const foresight = (options.hasForesight ?? true) ? (model.foresee?.(observations) ?? {}) : {};
  const relevant = open.filter(({ input }) => foresight.mayMatter?.(input) ?? true);
  const events = orderEvents(known);
  return { model, foresight, known, events, unknown: classify(model, relevant, known, events) };
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

/** The description only finds the place to look: inputs are compared themselves. */
function classify<Input, Output, State>(
  model: Model<Input, Output, State>,
  open: readonly Operation<Input, Output>[],
  known: readonly KnownOperation<Input, Output>[],
  events: Int32Array,
): readonly UnknownClass<Input>[] {
  const classes: Growing<Input>[] = [];
  const byDescription = new Map<string, Growing<Input>[]>();
  let place = 0;
  for (const { id, input, call } of open) {
    while (place < events.length && isBefore(events[place] ?? 0, call, known)) place += 1;
    const alike = entryOf(byDescription, model.describe(input, UNKNOWN));
    let same = alike.find((one) => isSameData(one.input, input));
    if (same === undefined) {
      same = { input, ids: [], places: [] };
      alike.push(same);
      classes.push(same);
    }
    same.ids.push(id);
    same.places.push(place);
  }
  return classes;
}

interface Growing<Input> extends UnknownClass<Input> {
  readonly ids: number[];
  readonly places: number[];
}

function entryOf<T>(map: Map<string, T[]>, key: string): T[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: T[] = [];
  map.set(key, made);
  return made;
}

/** Whether the event comes before a call at that time. */
function isBefore(
  event: number,
  call: number,
  known: readonly KnownOperation<unknown, unknown>[],
): boolean {
  const operation = known[event >> 1];
  if (operation === undefined) return false;
  return event % 2 === 0 ? operation.call <= call : operation.return < call;
}
