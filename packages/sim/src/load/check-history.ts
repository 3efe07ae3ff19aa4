/** Linearizability of what clients saw, with the counterexample as the message. */

import { check, type Model, type Recorded } from "@holdfast/linearizability";
import type { Broken } from "./broken.ts";

/** How much the check of a history may take. */
export interface HistoryBudget {
  /** Configurations to remember per key, 50 to 100 bytes each. */
  readonly configurationsMax: number;
}

const BUDGET: HistoryBudget = { configurationsMax: 2_000_000 };

/** A history that can't be decided is broken, too: nobody knows that it is right. */
export function checkHistory<Input, Output, State>(
  model: Model<Input, Output, State>,
  history: Recorded<Input, Output>,
  budget: HistoryBudget = BUDGET,
): Broken | undefined {
  const result = check(model, history, { budget });
  switch (result.verdict) {
    case "linearizable":
      return undefined;
    case "not-linearizable":
      return {
        check: "load: not linearizable",
        message: result.counterexample.text,
        node: 0,
      };
    case "undecided":
      return {
        check: "load: linearizability undecided",
        message:
          `${result.stats.operations} operations of model ${model.name}, ` +
          `${result.stats.configurations} configurations, no answer for ` +
          result.partitions.map((name) => JSON.stringify(name)).join(", "),
        node: 0,
      };
  }
}
