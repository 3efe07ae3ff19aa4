/** The ten lines of the simulator's README, as they stand there. */

// README: in ten lines
import { test } from "node:test";
import { simulate } from "@holdfast/sim";
import { bindMachine } from "holdfast";
import { counter } from "./simulated-machines.ts";

test("the counter is a replicated state machine", async () => {
  for (const seed of [1, 2, 3]) {
    await simulate({
      machine: () => bindMachine(counter),
      workload: (random) => ({ add: random.below(10) }),
      seed,
    });
  }
});
// README: end
