/** The slow and simple judge: tries every order of every choice of operations. */

import {
  type Model,
  type Operation,
  type Outcome,
  type Recorded,
  UNKNOWN,
} from "@holdfast/linearizability";

/** Knows nothing of partitions, foresight, keys or memory. For a few operations only. */
export function isLinearizableByForce<Input, Output, State>(
  model: Model<Input, Output, State>,
  history: Recorded<Input, Output>,
): boolean {
  const operations = history.operations.filter(({ outcome }) => outcome.kind !== "failed");
  const names = new Set(operations.map(({ input }) => model.partition?.(input) ?? ""));
  const start = new Map([...names].map((name) => [name, model.init()]));
  return canFinish(model, operations, start);
}

function canFinish<Input, Output, State>(
  model: Model<Input, Output, State>,
  left: readonly Operation<Input, Output>[],
  states: ReadonlyMap<string, State>,
): boolean {
  if (left.every(({ outcome }) => outcome.kind === "unknown")) return true;
  return left.some((operation) => {
    const others = left.filter((other) => other !== operation);
    if (others.some((other) => precedes(other, operation))) return false;
    const name = model.partition?.(operation.input) ?? "";
    const next = model.step(states.get(name) as State, operation.input, seen(operation.outcome));
    return next !== undefined && canFinish(model, others, new Map(states).set(name, next));
  });
}

/**
 * Whether what was seen of some operations has an explanation in which each of the others takes
 * effect in its time with any output, or never.
 */
export function isExplainedByForce<Input, Output, State>(
  model: Model<Input, Output, State>,
  history: Recorded<Input, Output>,
  kept: readonly Operation<Input, Output>[],
): boolean {
  const [name] = kept.map(({ input }) => model.partition?.(input) ?? "");
  const ids = new Set(kept.map(({ id }) => id));
  const isSeen = ({ id }: Operation<Input, Output>): boolean => ids.has(id);
  const search = (left: readonly Operation<Input, Output>[], state: State): boolean => {
    if (!left.some(isSeen)) return true;
    return left.some((operation) => {
      const others = left.filter((other) => other !== operation);
      const missed = others.filter((other) => precedes(other, operation));
      if (missed.some(isSeen)) return false;
      const output = isSeen(operation) ? seen(operation.outcome) : UNKNOWN;
      const next = model.step(state, operation.input, output);
      const rest = others.filter((other) => !missed.includes(other));
      return next !== undefined && search(rest, next);
    });
  };
  const ofPartition = history.operations.filter(({ input, outcome }) => {
    return outcome.kind !== "failed" && (model.partition?.(input) ?? "") === name;
  });
  return search(ofPartition, model.init());
}

/**
 * What is wrong with an order as a proof that a history is linearizable; `undefined` if nothing
 * is.
 */
export function faultOf<Input, Output, State>(
  model: Model<Input, Output, State>,
  history: Recorded<Input, Output>,
  order: readonly number[],
): string | undefined {
  const byId = new Map(history.operations.map((operation) => [operation.id, operation]));
  if (new Set(order).size !== order.length) return "an operation is in the order twice";
  for (const { id, outcome } of history.operations) {
    if (outcome.kind === "ok" && !order.includes(id)) return `operation ${id} is missing`;
    if (outcome.kind === "failed" && order.includes(id)) return `operation ${id} has failed`;
  }
  const states = new Map<string, State>();
  let latestCall = Number.NEGATIVE_INFINITY;
  for (const id of order) {
    const operation = byId.get(id);
    if (operation === undefined) return `there is no operation ${id}`;
    const { input, outcome, call } = operation;
    latestCall = Math.max(latestCall, call);
    if (outcome.kind === "ok" && outcome.at < latestCall) {
      return `operation ${id} had returned before an earlier one in the order was called`;
    }
    const name = model.partition?.(input) ?? "";
    const state = model.step(states.get(name) ?? model.init(), input, seen(outcome));
    if (state === undefined) return `operation ${id} can't have this output there`;
    states.set(name, state);
  }
  return undefined;
}

function precedes(a: Operation<unknown, unknown>, b: Operation<unknown, unknown>): boolean {
  return a.outcome.kind === "ok" && a.outcome.at < b.call;
}

function seen<Output>(outcome: Outcome<Output>): Output | typeof UNKNOWN {
  return outcome.kind === "ok" ? outcome.output : UNKNOWN;
}
