/** The engine of real campaigns: plans from the seed, and the production stack in its world. */

import {
  describePlan,
  drawPlan,
  hostPump,
  type Plan,
  planFromJson,
  planToJson,
  runPlan,
} from "@holdfast/sim";
import type { Engine } from "./engine.ts";

export const engine: Engine = {
  marks: [],
  plan: (seed, profile) => drawPlan(seed, profile),
  run: (plan: Plan) => runPlan(plan, { pump: hostPump }),
  describe: describePlan,
  toJson: planToJson,
  fromJson: planFromJson,
};
