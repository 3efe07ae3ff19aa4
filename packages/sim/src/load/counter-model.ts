/** Counters: add one, read the count. Each key is a partition. */

import { type Model, type Seen, UNKNOWN } from "@holdfast/linearizability";

export interface CounterInput {
  readonly kind: "add" | "count";
  readonly key: string;
}

/** Of both the count; of `add` the one after it. */
export type CounterOutput = number;

/** Counters that begin at 0. All adds do the same, so those of unknown outcome cost little. */
export function counter(): Model<CounterInput, CounterOutput, number> {
  return {
    name: "counter",
    init: () => 0,
    step(count: number, { kind }: CounterInput, output: Seen<CounterOutput>): number | undefined {
      const after = kind === "add" ? count + 1 : count;
      return output === UNKNOWN || output === after ? after : undefined;
    },
    key: (count) => count,
    isReadOnly: ({ kind }) => kind === "count",
    partition: ({ key }) => key,
    describe: ({ kind, key }, output) => `${kind}(${key}) -> ${output === UNKNOWN ? "?" : output}`,
    show: (count) => String(count),
  };
}
