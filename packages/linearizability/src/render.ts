/** A counterexample as lines of text: a bar of time for each operation, and what doesn't fit. */

import type { Counterexample } from "./counterexample.ts";
import type { Model } from "./model.ts";
import { type Operation, seenOutput, UNKNOWN } from "./operation.ts";

const LINES_MAX = 60;
const COLUMNS_MAX = 60;

/** The lines, joined. Bars show the order of calls and returns, not how long things took. */
export function renderCounterexample<Input, Output, State>(
  model: Model<Input, Output, State>,
  shown: Omit<Counterexample<Input, Output>, "text">,
): string {
  const { operations, nearest, context } = shown;
  const ids = new Set(operations.map(({ id }) => id));
  const describe = ({ id, input, outcome }: Operation<Input, Output>): string =>
    model.describe(input, ids.has(id) ? seenOutput(outcome) : UNKNOWN);
  const come = new Set(nearest.order.map(({ id }) => id));
  const left = operations.filter(({ id }) => !come.has(id)).map(describe);
  const order = nearest.order.map(describe);
  return [
    title(model.name, shown),
    "",
    ...timeline(byCall([...operations, ...context]), ids, describe),
    "",
    `The longest order that works: ${order.length === 0 ? "none" : shorten(order)}`,
    `It leads to: ${nearest.state}`,
    `What doesn't fit: ${shorten(left)}`,
  ].join("\n");
}

function title<Input, Output>(
  name: string,
  { partition, operations, others }: Omit<Counterexample<Input, Output>, "text">,
): string {
  const where = partition === "" ? "" : ` ${JSON.stringify(partition)}`;
  const count = operations.length === 1 ? "1 operation" : `${operations.length} operations`;
  const rest = others === 0 ? "" : `, whatever the other ${others} did`;
  return `Not linearizable: ${name}${where}, no order explains ${count}${rest}`;
}

function byCall<Input, Output>(
  operations: readonly Operation<Input, Output>[],
): readonly Operation<Input, Output>[] {
  return [...operations].sort((a, b) => a.call - b.call || a.id - b.id);
}

function timeline<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  reason: ReadonlySet<number>,
  describe: (operation: Operation<Input, Output>) => string,
): readonly string[] {
  const columnOf = columns(operations);
  const shown = operations.slice(0, LINES_MAX);
  const lanes = shown.map(({ client }) => `client ${client}`);
  const laneWidth = Math.max(...lanes.map(({ length }) => length));
  const bars = shown.map((operation) => bar(operation, columnOf, reason.has(operation.id)));
  const barWidth = Math.max(...bars.map(({ length }) => length));
  const lines = shown.map((operation, i) => {
    const lane = (lanes[i] ?? "").padEnd(laneWidth);
    return `  ${lane}  ${(bars[i] ?? "").padEnd(barWidth)}  ${describe(operation)}`;
  });
  const left = operations.length - shown.length;
  return left > 0 ? [...lines, `  and ${left} more`] : lines;
}

/** A column for each moment at which something is called or returns, if there are not too many. */
function columns(operations: readonly Operation<unknown, unknown>[]): (time: number) => number {
  const times = new Set<number>();
  for (const { call, outcome } of operations) {
    times.add(call);
    if (outcome.kind === "ok") times.add(outcome.at);
  }
  const sorted = [...times].sort((a, b) => a - b);
  const scale = Math.min(2, COLUMNS_MAX / sorted.length);
  const byTime = new Map(sorted.map((time, i) => [time, Math.round(i * scale)]));
  return (time) => byTime.get(time) ?? COLUMNS_MAX;
}

/** `|----|`; one that has no known end goes on: `|---->`; one that is context is dotted. */
function bar(
  { call, outcome }: Operation<unknown, unknown>,
  columnOf: (time: number) => number,
  isReason: boolean,
): string {
  const from = columnOf(call);
  const line = isReason ? "-" : ".";
  if (outcome.kind !== "ok") return `${" ".repeat(from)}|${line.repeat(4)}>`;
  const to = Math.max(columnOf(outcome.at), from + 1);
  return `${" ".repeat(from)}|${line.repeat(to - from - 1)}|`;
}

const LISTED_MAX = 8;

/** Of a long list the end: there it went wrong. */
function shorten(items: readonly string[]): string {
  const left = items.length - LISTED_MAX;
  const end = items.slice(-LISTED_MAX).join(", ");
  return left > 0 ? `${left} operations, ${end}` : end;
}
